"""The cycles of a year that are played: the series, who sits on each side, and what each side brings."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import Enum, auto
from typing import Final

from services.cli.clients.rest import Document
from services.cli.thread.stage import Stage
from services.kernel.series import ItemKind


@dataclass(frozen=True, slots=True)
class Side:
    """One party at the table. `person` sits at its head: name, organisation, nationality. `adviser` says what
    its law allows, where the series asks for that.
    """

    party: str
    secretariat: str
    chairs: tuple[str, ...]
    person: Mapping[str, str]
    proposal: Mapping[str, object]
    adviser: str = ""


class Course(Enum):
    """What becomes of an action before the next edition."""

    COMPLETED = auto()
    SLIPPING = auto()
    """Its due date is moved, and it is still open then."""
    REVIEWED = auto()
    """Lasting work: it has a day of review and none to be due."""


@dataclass(frozen=True, slots=True)
class Undertaking:
    """An action that follows from the item of that title, and how it goes on.

    It is due, or reviewed, `days` after the meeting. The accounts: `owner` works on it, `other` answers
    for the other party.
    """

    item: str
    action: Mapping[str, object]
    days: int
    course: Course
    owner: str
    other: str

    def dated(self, day: date) -> dict[str, object]:
        """The action with the day on which it is due, or reviewed."""
        when = "review_date" if self.course is Course.REVIEWED else "due_date"
        return {**self.action, when: day.isoformat()}


@dataclass(frozen=True, slots=True)
class Cycle:
    """One series; the first side drafts and tables, the second answers.

    `hosts` names each party's venue, that of even years first; `hours` is how long the meeting lasts.
    """

    series: str
    marking: str
    month: int
    hours: float
    hosts: Mapping[str, str]
    sides: tuple[Side, Side]
    undertakings: tuple[Undertaking, ...]
    guidance: tuple[Mapping[str, str], ...] = ()

    @property
    def drafting(self) -> Side:
        return self.sides[0]

    @property
    def answering(self) -> Side:
        return self.sides[1]

    @property
    def advisers(self) -> tuple[str, ...]:
        return tuple(side.adviser for side in self.sides if side.adviser)

    @property
    def chairs(self) -> tuple[str, ...]:
        return tuple(chair for side in self.sides for chair in side.chairs)


@dataclass(slots=True)
class Year:
    """How far one cycle has come."""

    stage: Stage
    cycle: Cycle
    edition: int = 0
    meeting: Document = field(default_factory=dict)
    draft: Document = field(default_factory=dict)
    agenda: Document = field(default_factory=dict)
    proposals: dict[str, Document] = field(default_factory=dict)
    deferred: str = ""
    actions: list[tuple[Undertaking, Document]] = field(default_factory=list)
    """Each action as it was last answered."""
    concluded: Document = field(default_factory=dict)
    """The meeting that was held, once the next edition has begun."""

    def host(self) -> tuple[str, str]:
        """The party whose turn it is, and where it receives."""
        return list(self.cycle.hosts.items())[self.edition % 2]

    @property
    def path(self) -> str:
        return f"/v1/meetings/{self.meeting['id']}"

    @property
    def items(self) -> list[Document]:
        """The lines of the agenda on the table, as they were signed."""
        found: list[Document] = self.agenda["document"]["items"]
        return found

    def say(self, text: str) -> None:
        self.stage.say(f"{self.cycle.series} {self.edition}: {text}")


def _proposal(title: str, minutes: int, marking: str, **members: object) -> dict[str, object]:
    return {
        "title": title,
        "kind": ItemKind.SUBSTANTIVE.value,
        "purpose": "DECIDE",
        "minutes": minutes,
        "marking": marking,
        **members,
    }


_CONSOLES: Final = "Remote support consoles: one minimum for operators on both sides"
_TRAINING: Final = "Placeholder: combined training places"

UK_EU: Final = Cycle(
    series="uk-eu",
    marking="TLP:GREEN//UK OFFICIAL REL EU",
    month=12,
    hours=7.5,
    hosts={"UK": "London", "EU": "Brussels"},
    sides=(
        Side(
            "UK",
            "fcdo-secretariat",
            ("fcdo-chair", "dsit-chair"),
            {"name": "Cyber Director", "organisation": "FCDO", "nationality": "GBR"},
            _proposal(
                _CONSOLES,
                30,
                "TLP:GREEN//UK OFFICIAL REL EU",
                commitments=["C3"],
                theme="CNI_PRIVATE_SECTOR",
                leads={"UK": "DSIT", "EU": "CNECT"},
                rationale="Industry asks for one list and not two.",
            ),
        ),
        Side(
            "EU",
            "eeas-secretariat",
            ("eeas-chair", "cnect-chair"),
            {
                "name": "Director for Security and Defence",
                "organisation": "EEAS",
                "nationality": "FRA",
            },
            _proposal(
                "Recovery of hospitals after ransomware",
                25,
                "TLP:GREEN",
                commitments=["C6"],
                theme="CYBERCRIME_RANSOMWARE",
                leads={"UK": "HOME-OFFICE", "EU": "EUROPOL"},
                rationale="The presidency has announced it.",
            ),
        ),
    ),
    undertakings=(
        Undertaking(
            item=_CONSOLES,
            action={
                "text": "Exercise together the loss of a managed service provider that administers "
                "hospitals.",
                "guidance": "One scenario for both sides; the report names what each side would ask of "
                "the other.",
                "owners": [
                    {"party": "UK", "organisation": "DSIT", "accountable": True},
                    {"party": "EU", "organisation": "CNECT", "accountable": True},
                ],
                "commitment": "C3",
            },
            days=200,
            course=Course.COMPLETED,
            owner="dsit-owner",
            other="cnect-owner",
        ),
        Undertaking(
            item="Cybercrime and ransomware",
            action={
                "text": "Name on each side one contact, by day and by night, for hospitals under ransomware.",
                "guidance": "Functions and numbers, no people; both lists are tried out once a quarter.",
                "owners": [
                    {"party": "UK", "organisation": "HOME-OFFICE", "accountable": True},
                    {"party": "EU", "organisation": "EUROPOL", "accountable": True},
                ],
            },
            days=120,
            course=Course.SLIPPING,
            owner="home-office-owner",
            other="europol-owner",
        ),
    ),
)

UK_US_CMR: Final = Cycle(
    series="uk-us-cmr",
    marking="TLP:GREEN",
    month=11,
    hours=7.0,
    hosts={"UK": "Northwood", "US": "Fort Meade"},
    sides=(
        Side(
            "UK",
            "stratcom-secretariat",
            ("stratcom-chair", "gchq-chair"),
            {"name": "Deputy Commander", "organisation": "STRATCOM", "nationality": "GBR"},
            _proposal(
                _TRAINING,
                30,
                "TLP:GREEN",
                commitments=["S2"],
                leads={"UK": "STRATCOM", "US": "USCYBERCOM"},
            ),
            adviser="stratcom-release-officer",
        ),
        Side(
            "US",
            "nsa-secretariat",
            ("nsa-chair", "uscybercom-chair"),
            {"name": "Director of Partnerships", "organisation": "NSA", "nationality": "USA"},
            _proposal(
                "Placeholder: common vocabulary for public statements",
                20,
                "TLP:GREEN",
                commitments=["S4"],
                leads={"UK": "GCHQ", "US": "NSA"},
            ),
            adviser="uscybercom-release-officer",
        ),
    ),
    undertakings=(
        Undertaking(
            item=_TRAINING,
            action={
                "text": "Agree one vocabulary for public statements of the review.",
                "guidance": "Terms that both publish already come first.",
                "owners": [
                    {"party": "UK", "organisation": "STRATCOM", "accountable": True},
                    {"party": "US", "organisation": "NSA", "accountable": True},
                ],
                "commitment": "S4",
            },
            days=30,
            course=Course.REVIEWED,
            owner="stratcom-owner",
            other="nsa-owner",
        ),
    ),
    guidance=(
        {"party": "UK", "organisation": "STRATCOM"},
        {"party": "US", "organisation": "USCYBERCOM"},
    ),
)

CYCLES: Final = (UK_US_CMR, UK_EU)
"""In the order of their meetings in a year."""
