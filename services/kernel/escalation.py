"""Ladders of escalation, as configuration: who is told that an action is not carried out, and when."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from services.kernel.parties import Entitlement, Role
from services.kernel.sections import Section
from services.kernel.series import by_party

MOST_DAYS = 120
"""Working days from the start of a ladder to its last step."""
_DAY = 24
MOST_REMINDERS = 10


class Trigger(StrEnum):
    """What is wrong with an action."""

    OVERDUE = "OVERDUE"
    """Its due date, or that of its yearly review, has passed."""
    SILENT = "SILENT"
    """Its owner has not reported within the interval of the series."""
    BLOCKED = "BLOCKED"
    """It has been held up for long."""
    NOT_TAKEN_ON = "NOT_TAKEN_ON"
    """No owner has taken it on."""
    MISSED_REPORT = "MISSED_REPORT"
    """The party let a reporting round pass, and has not been heard since."""
    DORMANT = "DORMANT"
    """Nothing at all of it has changed for longer than the series allows."""


class LadderStep(StrEnum):
    """Who is told, in the order in which a ladder is climbed."""

    OWNER = "OWNER"
    DEPUTY = "DEPUTY"
    DIRECTOR = "DIRECTOR"
    MINISTER = "MINISTER"


ADDRESSABLE = frozenset({Role.OWNER, Role.SECRETARIAT, Role.CHAIR, Role.LEADERSHIP})
"""Roles in which somebody can be told."""
ALWAYS_CLIMBED = (Trigger.OVERDUE, Trigger.SILENT)
"""What every series has a ladder for."""


@dataclass(frozen=True, slots=True)
class Addressee:
    """Who a step is addressed to: a role at organisations of each party.

    `bodies` is empty where it is the accountable organisation of the action.
    """

    role: Role
    bodies: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Escalation:
    """The ladders of one series.

    `ladders` holds, for each trigger, the working days of the party addressed that pass from the last
    day on which all was well until a step is due. A notice is sent from `from_hour` on, by the clock of
    the party addressed. `remind_before` and `remind_after` are the working days before and after the due date
    on which an owner is reminded.
    """

    series: str
    from_hour: int
    addressees: Mapping[LadderStep, Addressee]
    ladders: Mapping[Trigger, Mapping[LadderStep, int]]
    remind_before: tuple[int, ...] = ()
    remind_after: tuple[int, ...] = ()

    @property
    def longest(self) -> int:
        """The working days that the longest ladder takes."""
        return max(max(days.values()) for days in self.ladders.values())


def read_escalation(
    content: object,
    where: str,
    parties: Mapping[str, tuple[str, ...]],
    entitlements: Collection[Entitlement],
) -> Escalation:
    """Reads one document of `escalation/`; `parties` are those of each series. Raises `PolicyMalformed`,
    also where nobody could read what is addressed to a body.
    """
    section = Section(content, where)
    series = section.text("series")
    if series not in parties:
        raise section.wrong(f"there is no series '{series}'")
    from_hour = section.whole("from_hour")
    if from_hour >= _DAY:
        raise section.wrong("'from_hour' is an hour of the day")
    addressees: dict[LadderStep, Addressee] = {}
    for entry in section.sections("steps"):
        step = entry.member("step", LadderStep)
        if step in addressees:
            raise entry.wrong(f"{step} stands there twice")
        addressees[step] = addressee = _read_addressee(entry, parties[series])
        for party, body in ((party, body) for party, bodies in addressee.bodies.items() for body in bodies):
            if Entitlement(series, party, body, addressee.role) not in entitlements:
                raise entry.wrong(f"nobody at '{body}' of {party} has the role {addressee.role} in {series}")
    ladders = section.section("ladders")
    escalation = Escalation(
        series,
        from_hour,
        addressees,
        _read_ladders(ladders, addressees),
        _read_days(section, "remind_before"),
        _read_days(section, "remind_after"),
    )
    section.end()
    return escalation


def _read_addressee(section: Section, parties: tuple[str, ...]) -> Addressee:
    role = section.member("role", Role)
    if role not in ADDRESSABLE:
        raise section.wrong(f"'{role}' is none of {', '.join(sorted(ADDRESSABLE))}")
    bodies = by_party(section.section("bodies"), parties) if section.holds("bodies") else {}
    section.end()
    return Addressee(role, bodies)


def _read_ladders(
    section: Section, addressees: Mapping[LadderStep, Addressee]
) -> dict[Trigger, dict[LadderStep, int]]:
    found: dict[Trigger, dict[LadderStep, int]] = {}
    for name in section.names():
        if name not in set(Trigger):
            raise section.wrong(f"'{name}' is none of {', '.join(Trigger)}")
        found[Trigger(name)] = _read_ladder(section.section(name), addressees)
    for trigger in ALWAYS_CLIMBED:
        if trigger not in found:
            raise section.wrong(f"{trigger} has no ladder")
    return found


def _read_ladder(section: Section, addressees: Mapping[LadderStep, Addressee]) -> dict[LadderStep, int]:
    for name in section.names():
        if name not in addressees:
            raise section.wrong(f"'{name}' is addressed to nobody")
    days = {step: section.whole(step) for step in LadderStep if step in section.names()}
    if LadderStep.OWNER not in days:
        raise section.wrong("a ladder begins with the owner")
    if any(one >= other for one, other in pairwise(days.values())):
        raise section.wrong("each step is later than the one below it")
    if max(days.values()) > MOST_DAYS:
        raise section.wrong(f"a ladder takes at most {MOST_DAYS} working days")
    return days


def _read_days(section: Section, name: str) -> tuple[int, ...]:
    """Numbers of working days, each once, in the order in which they are written."""
    if not section.holds(name):
        return ()
    days = section.wholes(name)
    if len(days) > MOST_REMINDERS or len(set(days)) != len(days):
        raise section.wrong(f"'{name}' holds at most {MOST_REMINDERS} numbers of days, each once")
    if not all(0 < count <= MOST_DAYS for count in days):
        raise section.wrong(f"'{name}' are 1 to {MOST_DAYS} working days")
    return days
