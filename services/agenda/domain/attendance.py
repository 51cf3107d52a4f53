"""Who is in the room: a security fact, kept by each side for its own people and seen by all sides."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from services.agenda.domain.items import TabledItem
from services.agenda.domain.meeting import Meeting, MeetingState
from services.agenda.domain.meeting_refusals import MeetingNotBegun
from services.agenda.domain.refusals import NotAParty, ReferenceNotReleasable, UnknownParty
from services.agenda.domain.transitions import Table, step
from services.kernel.markings.banner import parse
from services.kernel.markings.marking import Marking
from services.kernel.parties import Authorship
from services.kernel.policy import Policy
from services.kernel.refusals import Refusal, RefusalKind
from services.kernel.releasability import decide
from services.kernel.release_terms import Mode, Occasion, Rendition, RevisionState, TextUnderDecision
from services.kernel.series import Series


class NationalityUnknown(Refusal):
    """No party of the policy has the nationality, so nothing can be decided for who holds it."""

    kind = RefusalKind.INVALID
    reason = "NATIONALITY_UNKNOWN"


class NotOwnSide(Refusal):
    """Each side keeps the register of its own people."""

    kind = RefusalKind.FORBIDDEN
    reason = "NOT_OWN_SIDE"


class RegisterOpen(Refusal):
    """Who was in the room is settled by every side before anything is concluded."""

    kind = RefusalKind.CONFLICT
    reason = "REGISTER_OPEN"


class RegisterClosed(Refusal):
    """The side has closed its register."""

    kind = RefusalKind.CONFLICT
    reason = "REGISTER_CLOSED"


class RegisterNotClosed(Refusal):
    """The side has not closed its register, so there is nothing to reopen."""

    kind = RefusalKind.CONFLICT
    reason = "REGISTER_NOT_CLOSED"


class RegisterFinal(Refusal):
    """The parties have agreed on the conclusions of the meeting: who was in the room stands."""

    kind = RefusalKind.CONFLICT
    reason = "REGISTER_FINAL"


class AttendanceOpen(Refusal):
    """Of somebody on the register it is not said whether they were there, or nobody was."""

    kind = RefusalKind.CONFLICT
    reason = "ATTENDANCE_OPEN"


class ParticipantRole(StrEnum):
    CO_CHAIR = "CO_CHAIR"
    DELEGATE = "DELEGATE"
    SPEAKER = "SPEAKER"
    SECRETARY = "SECRETARY"
    INTERPRETER = "INTERPRETER"
    OBSERVER = "OBSERVER"


class Presence(StrEnum):
    INVITED = "INVITED"
    ACCEPTED = "ACCEPTED"
    DECLINED = "DECLINED"
    ATTENDED = "ATTENDED"
    ABSENT = "ABSENT"


class PresenceCommand(StrEnum):
    ACCEPT = "ACCEPT"
    DECLINE = "DECLINE"
    ATTEND = "ATTEND"
    MISS = "MISS"


PRESENCE_TRANSITIONS: Table[Presence, PresenceCommand] = {
    Presence.INVITED: {
        PresenceCommand.ACCEPT: Presence.ACCEPTED,
        PresenceCommand.DECLINE: Presence.DECLINED,
        PresenceCommand.ATTEND: Presence.ATTENDED,
        PresenceCommand.MISS: Presence.ABSENT,
    },
    Presence.ACCEPTED: {
        PresenceCommand.ACCEPT: None,
        PresenceCommand.DECLINE: Presence.DECLINED,
        PresenceCommand.ATTEND: Presence.ATTENDED,
        PresenceCommand.MISS: Presence.ABSENT,
    },
    Presence.DECLINED: {
        PresenceCommand.ACCEPT: Presence.ACCEPTED,
        PresenceCommand.DECLINE: None,
        PresenceCommand.ATTEND: Presence.ATTENDED,
        PresenceCommand.MISS: None,
    },
    Presence.ATTENDED: {
        PresenceCommand.ACCEPT: None,
        PresenceCommand.DECLINE: None,
        PresenceCommand.ATTEND: None,
        PresenceCommand.MISS: Presence.ABSENT,
    },
    Presence.ABSENT: {
        PresenceCommand.ACCEPT: None,
        PresenceCommand.DECLINE: None,
        PresenceCommand.ATTEND: Presence.ATTENDED,
        PresenceCommand.MISS: None,
    },
}

_FINAL = frozenset({MeetingState.CONCLUDED, MeetingState.PUBLISHED})
_SETTLED = frozenset({Presence.DECLINED, Presence.ATTENDED, Presence.ABSENT})
_AWAY = frozenset({Presence.DECLINED, Presence.ABSENT})
_IN_THE_ROOM = frozenset({PresenceCommand.ATTEND, PresenceCommand.MISS})


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody as a side puts them on its register.

    `nationality` is a GENC trigraph. `represents` is the party that an observer comes for where it is
    none of the series, else empty.
    """

    name: str
    role: ParticipantRole
    organisation: str
    nationality: str
    represents: str = ""


@dataclass(frozen=True, slots=True)
class Participant:
    """A person on the register of one side."""

    id: UUID
    meeting_id: UUID
    side: str
    person: Person
    presence: Presence
    version: int

    def after(self, command: PresenceCommand, meeting: Meeting, now: datetime) -> "Participant":
        """Raises `IllegalTransition` or `MeetingNotBegun`."""
        presence = step(PRESENCE_TRANSITIONS, self.presence, command)
        if command in _IN_THE_ROOM and now < meeting.starts_at:
            raise MeetingNotBegun("the meeting has not begun")
        return replace(self, presence=presence, version=self.version + 1)

    @property
    def expected(self) -> bool:
        """Whether what is shown in the room is shown to them."""
        return self.presence not in _AWAY


@dataclass(frozen=True, slots=True)
class Register:
    """The register of a meeting: all sides' participants, and which sides have closed theirs."""

    participants: tuple[Participant, ...]
    closed: frozenset[str]

    def numbered(self) -> list[tuple[tuple[str, int], Participant]]:
        """Side by side, each with its side and its number there, which it keeps: nobody is taken off."""
        counts: Counter[str] = Counter()
        found = []
        for one in self.participants:
            counts[one.side] += 1
            found.append(((one.side, counts[one.side]), one))
        return sorted(found, key=lambda entry: entry[0])

    def require_open(self, side: str) -> None:
        """Raises `RegisterClosed`."""
        if side in self.closed:
            raise RegisterClosed("the side has closed its register")

    def require_closable(self, side: str) -> None:
        """Raises `RegisterClosed` or `AttendanceOpen`."""
        self.require_open(side)
        own = [one for one in self.participants if one.side == side]
        unsettled = [one for one in own if one.presence not in _SETTLED]
        if unsettled:
            raise AttendanceOpen(
                "it is not said of everybody whether they were there",
                participant_ids=",".join(str(one.id) for one in unsettled),
            )
        if not any(one.presence is Presence.ATTENDED for one in own):
            raise AttendanceOpen("the register says that nobody of the side was there")

    def require_reopenable(self, side: str, meeting: Meeting) -> None:
        """Raises `RegisterNotClosed` or `RegisterFinal`."""
        if side not in self.closed:
            raise RegisterNotClosed("the side has not closed its register")
        if meeting.state in _FINAL:
            raise RegisterFinal("the meeting is concluded")

    def require_closed(self, sides: Sequence[str]) -> None:
        """Raises `RegisterOpen`."""
        missing = [side for side in sides if side not in self.closed]
        if missing:
            raise RegisterOpen("the attendance register is not closed", parties=",".join(missing))


def check_person(person: Person, policy: Policy) -> None:
    """Raises `NationalityUnknown` or `UnknownParty`."""
    if not any(person.nationality in party.nations for party in policy.parties.values()):
        raise NationalityUnknown("no party has this nationality", pointer="/nationality")
    if person.represents and person.represents not in policy.parties:
        raise UnknownParty("there is no such party", pointer="/represents")


def require_side(participant: Participant, side: str) -> None:
    """Raises `NotOwnSide`."""
    if participant.side != side:
        raise NotOwnSide("the participant is on another side's register")


def side_of(party: str, series: Series) -> str:
    """Raises `NotAParty`."""
    if party not in series.parties:
        raise NotAParty("only parties of the series keep a register")
    return party


def guests(people: Iterable[Person], series: Series, policy: Policy) -> tuple[str, ...]:
    """The parties in the room that are none of the series: those represented, and those whose nationals
    sit there, whoever sent them.
    """
    found = set()
    for person in people:
        if person.represents:
            found.add(person.represents)
        found |= {party.id for party in policy.parties.values() if person.nationality in party.nations}
    return tuple(sorted(found - set(series.parties)))


@dataclass(frozen=True, slots=True)
class ShownText:
    """What an item shows in the room: its own line, or a text that it rests on."""

    item_id: UUID
    marking: Marking
    assessment_id: UUID | None = None
    mode: Mode = Mode.DISCLOSE


@dataclass(frozen=True, slots=True)
class Exposure:
    """A party in the room may not have what an item shows."""

    item_id: UUID
    assessment_id: UUID | None
    party: str
    rule_id: str
    explanation: str


def shown_lines(items: Iterable[TabledItem]) -> tuple[ShownText, ...]:
    """The lines of the agenda itself."""
    return tuple(ShownText(item.id, parse(item.marking)) for item in items)


def exposures(
    texts: Iterable[ShownText],
    present: Collection[str],
    *,
    series: Series,
    policy: Policy,
    meeting: Meeting,
    now: datetime,
) -> tuple[Exposure, ...]:
    """What cannot be shown to guests. No consent of an originator is known to cover a guest: deny."""
    found = []
    occasion = Occasion((*series.parties, *present), series.ceiling, meeting.starts_at, meeting.id)
    for text in texts:
        for party in sorted(present):
            decision = decide(
                _under_decision(text, series, policy),
                party,
                occasion,
                text.mode,
                policy=policy,
                consents=(),
                now=now,
            )
            if not decision.allowed:
                found.append(
                    Exposure(
                        text.item_id, text.assessment_id, party, decision.rule_id.value, decision.explanation
                    )
                )
    return tuple(found)


def require_no_exposure(found: Sequence[Exposure]) -> None:
    """Raises `ReferenceNotReleasable` for the first."""
    if not found:
        return
    first = found[0]
    named = {"item_id": str(first.item_id), "party": first.party, "rule_id": first.rule_id}
    if first.assessment_id is not None:
        named["assessment_id"] = str(first.assessment_id)
    raise ReferenceNotReleasable(f"{first.party} would be in the room: {first.explanation}", **named)


def _under_decision(text: ShownText, series: Series, policy: Policy) -> TextUnderDecision:
    """As written by the owner of its national marking, and by the first party where it has none."""
    owners = [policy.owners[entry.system] for entry in text.marking.national if entry.system in policy.owners]
    author = next((owner for owner in owners if owner in series.quorum), series.parties[0])
    return TextUnderDecision(
        assessment_id=text.assessment_id or text.item_id,
        revision=1,
        rendition=Rendition.FULL,
        marking=text.marking,
        originator_party=author,
        originator_organisation=series.quorum[author][0],
        state=RevisionState.CURRENT,
        authorship=Authorship.SECRETARIAT,
        derived_from=(),
    )
