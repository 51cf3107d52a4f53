"""A meeting: one edition of a series, or a working-level meeting under one."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from services.agenda.domain.meeting_refusals import (
    HostOutOfTurn,
    MeetingCancelled,
    MeetingLongerThanItsWindow,
    MeetingNotBegun,
    ParentInvalid,
    WorkingLevelConcludesNothing,
)
from services.agenda.domain.refusals import (
    EditionInvalid,
    MeetingEndsBeforeItStarts,
    MeetingHasBegun,
    MeetingInThePast,
    MeetingNotHeld,
    NotAParty,
    UnknownParty,
)
from services.agenda.domain.transitions import Table, step
from services.kernel.identifiers import meeting_id
from services.kernel.policy import Policy
from services.kernel.series import Series


class MeetingState(StrEnum):
    PLANNED = "PLANNED"
    AGENDA_DRAFT = "AGENDA_DRAFT"
    AGENDA_EXCHANGED = "AGENDA_EXCHANGED"
    AGENDA_AGREED = "AGENDA_AGREED"
    HELD = "HELD"
    CONCLUSIONS_DRAFT = "CONCLUSIONS_DRAFT"
    CONCLUDED = "CONCLUDED"
    PUBLISHED = "PUBLISHED"
    CANCELLED = "CANCELLED"
    POSTPONED = "POSTPONED"


class MeetingCommand(StrEnum):
    CALL_FOR_ITEMS = "CALL_FOR_ITEMS"
    TABLE = "TABLE"
    AGREE_AGENDA = "AGREE_AGENDA"
    HOLD = "HOLD"
    PROPOSE_OUTCOME = "PROPOSE_OUTCOME"
    CONCLUDE = "CONCLUDE"
    PUBLISH = "PUBLISH"
    POSTPONE = "POSTPONE"
    RESCHEDULE = "RESCHEDULE"
    CANCEL = "CANCEL"


class MeetingLevel(StrEnum):
    EDITION = "EDITION"
    WORKING = "WORKING"


def _row(**following: MeetingState) -> dict[MeetingCommand, MeetingState | None]:
    """What follows each command, written in small letters; the others are refused."""
    return {command: following.get(command.value.lower()) for command in MeetingCommand}


_BEFORE = {"postpone": MeetingState.POSTPONED, "cancel": MeetingState.CANCELLED}

# A draft is one party's own: starting one must not move the meeting, which every party sees. A tabled
# agenda names the date and the place: with another date, what lies on the table is tabled again.
MEETING_TRANSITIONS: Table[MeetingState, MeetingCommand] = {
    MeetingState.PLANNED: _row(
        call_for_items=MeetingState.AGENDA_DRAFT,
        table=MeetingState.AGENDA_EXCHANGED,
        reschedule=MeetingState.PLANNED,
        **_BEFORE,
    ),
    MeetingState.AGENDA_DRAFT: _row(
        table=MeetingState.AGENDA_EXCHANGED, reschedule=MeetingState.AGENDA_DRAFT, **_BEFORE
    ),
    MeetingState.AGENDA_EXCHANGED: _row(
        table=MeetingState.AGENDA_EXCHANGED,
        agree_agenda=MeetingState.AGENDA_AGREED,
        reschedule=MeetingState.AGENDA_DRAFT,
        **_BEFORE,
    ),
    MeetingState.AGENDA_AGREED: _row(
        table=MeetingState.AGENDA_EXCHANGED,
        hold=MeetingState.HELD,
        propose_outcome=MeetingState.CONCLUSIONS_DRAFT,
        reschedule=MeetingState.AGENDA_DRAFT,
        **_BEFORE,
    ),
    MeetingState.HELD: _row(propose_outcome=MeetingState.CONCLUSIONS_DRAFT),
    MeetingState.CONCLUSIONS_DRAFT: _row(
        propose_outcome=MeetingState.CONCLUSIONS_DRAFT, conclude=MeetingState.CONCLUDED
    ),
    MeetingState.CONCLUDED: _row(
        propose_outcome=MeetingState.CONCLUSIONS_DRAFT, publish=MeetingState.PUBLISHED
    ),
    MeetingState.PUBLISHED: _row(),
    MeetingState.CANCELLED: _row(),
    MeetingState.POSTPONED: _row(reschedule=MeetingState.PLANNED, cancel=MeetingState.CANCELLED),
}


@dataclass(frozen=True, slots=True)
class MeetingDays:
    """The first and the last day of a meeting, as its place counts days."""

    first: date
    last: date

    @property
    def count(self) -> int:
        return (self.last - self.first).days + 1


@dataclass(frozen=True, slots=True)
class Sitting:
    """From when to when a meeting is planned, and the IANA zone of its place."""

    starts_at: datetime
    ends_at: datetime
    time_zone: str


@dataclass(frozen=True, slots=True)
class Times:
    """When a meeting takes place: instants, and the IANA zone of its place."""

    starts_at: datetime
    ends_at: datetime
    time_zone: str
    days: MeetingDays

    def check(self, series: Series, now: datetime) -> None:
        """Raises `MeetingInThePast`, `MeetingEndsBeforeItStarts` or `MeetingLongerThanItsWindow`."""
        if self.starts_at <= now:
            raise MeetingInThePast("a meeting is planned for the future", pointer="/starts_at")
        if self.ends_at <= self.starts_at:
            raise MeetingEndsBeforeItStarts("the meeting ends before it starts", pointer="/ends_at")
        if self.days.count > series.window_days:
            raise MeetingLongerThanItsWindow(
                f"a meeting of the series takes {series.window_days} days at most", pointer="/ends_at"
            )


@dataclass(frozen=True, slots=True)
class MeetingPlan:
    """What a secretariat asks for. `out_of_turn` says that the parties changed turns in hosting."""

    series: str
    edition: int
    host_party: str
    venue: str
    times: Times
    out_of_turn: bool = False


@dataclass(frozen=True, slots=True)
class Meeting:
    """`version` counts the changes that every party may know of, `moves` those of its date or place, or of
    whether it takes place. `edition` of a working-level meeting is that of its `parent`.
    """

    id: UUID
    series: str
    edition: int
    host_party: str
    venue: str
    starts_at: datetime
    ends_at: datetime
    state: MeetingState
    version: int
    time_zone: str = "UTC"
    moves: int = 0
    level: MeetingLevel = MeetingLevel.EDITION
    parent: UUID | None = None

    @property
    def sitting(self) -> Sitting:
        return Sitting(self.starts_at, self.ends_at, self.time_zone)

    def after(self, command: MeetingCommand) -> "Meeting":
        """Raises `IllegalTransition`."""
        state = step(MEETING_TRANSITIONS, self.state, command)
        return replace(self, state=state, version=self.version + 1)

    def called_off(self, command: MeetingCommand) -> "Meeting":
        """Postponed or cancelled. Raises `IllegalTransition`."""
        return replace(self.after(command), moves=self.moves + 1)

    def may_be_cancelled(self, now: datetime) -> bool:
        """Whether it is still to come, on a date or without one."""
        possible = MEETING_TRANSITIONS[self.state][MeetingCommand.CANCEL] is not None
        return possible and (self.state is MeetingState.POSTPONED or now < self.starts_at)

    def rescheduled(self, times: Times, venue: str, *, series: Series, now: datetime) -> "Meeting":
        """Raises `IllegalTransition`, `MeetingHasBegun`, or what is wrong with the times."""
        moved = self.after(MeetingCommand.RESCHEDULE)
        self.require_ahead(now)
        times.check(series, now)
        return replace(
            moved,
            starts_at=times.starts_at,
            ends_at=times.ends_at,
            time_zone=times.time_zone,
            venue=venue,
            moves=self.moves + 1,
        )

    def held(self, now: datetime) -> "Meeting":
        """Raises `IllegalTransition` or `MeetingNotBegun`."""
        following = self.after(MeetingCommand.HOLD)
        if now < self.starts_at:
            raise MeetingNotBegun("the meeting has not begun")
        return following

    def require_ahead(self, now: datetime) -> None:
        """Raises `MeetingCancelled`, or `MeetingHasBegun`: from then on the agenda stands. A postponed
        meeting is ahead, whatever its date was.
        """
        if self.state is MeetingState.CANCELLED:
            raise MeetingCancelled("the meeting is cancelled")
        if now >= self.starts_at and self.state is not MeetingState.POSTPONED:
            raise MeetingHasBegun("the meeting has begun")

    def require_held(self, now: datetime) -> None:
        """Raises `MeetingNotHeld`."""
        if now < self.ends_at:
            raise MeetingNotHeld("outcomes are recorded after the meeting")

    def require_concluding(self, now: datetime) -> None:
        """Raises `MeetingNotHeld`, or `WorkingLevelConcludesNothing`: outcomes are numbered by edition."""
        if self.level is MeetingLevel.WORKING:
            raise WorkingLevelConcludesNothing("a working-level meeting reports to its edition")
        self.require_held(now)


def plan_meeting(plan: MeetingPlan, *, series: Series, policy: Policy, now: datetime) -> Meeting:
    """An edition as planned.

    Raises `UnknownParty`, `NotAParty`, `HostOutOfTurn`, `EditionInvalid`, or what is wrong with the times.
    """
    _check_host(plan, series, policy)
    if not 1000 <= plan.edition <= 9999:
        raise EditionInvalid("an edition is a year of four digits", pointer="/edition")
    plan.times.check(series, now)
    turn = series.host(plan.edition)
    if plan.host_party != turn and not plan.out_of_turn:
        raise HostOutOfTurn("another party's turn it is to host", pointer="/host_party", turn=turn)
    return _planned(plan, meeting_id(series.id, str(plan.edition)), None)


def plan_working_level(
    plan: MeetingPlan,
    *,
    id: UUID,  # noqa: A002
    parent: Meeting | None,
    series: Series,
    policy: Policy,
    now: datetime,
) -> Meeting:
    """A working-level meeting under an edition; any party may host it.

    Raises `ParentInvalid`, `UnknownParty`, `NotAParty`, or what is wrong with the times.
    """
    _check_host(plan, series, policy)
    if parent is None or (parent.series, parent.level) != (series.id, MeetingLevel.EDITION):
        raise ParentInvalid("the series has no such edition", pointer="/parent")
    if parent.state is MeetingState.CANCELLED or parent.edition != plan.edition:
        raise ParentInvalid("the edition is another one, or cancelled", pointer="/parent")
    plan.times.check(series, now)
    return _planned(plan, id, parent.id)


def _check_host(plan: MeetingPlan, series: Series, policy: Policy) -> None:
    if plan.host_party not in policy.parties:
        raise UnknownParty("there is no such party", pointer="/host_party")
    if plan.host_party not in series.parties:
        raise NotAParty("the host is no party of the series", pointer="/host_party")


def _planned(plan: MeetingPlan, identity: UUID, parent: UUID | None) -> Meeting:
    return Meeting(
        id=identity,
        series=plan.series,
        edition=plan.edition,
        host_party=plan.host_party,
        venue=plan.venue,
        starts_at=plan.times.starts_at,
        ends_at=plan.times.ends_at,
        state=MeetingState.PLANNED,
        version=1,
        time_zone=plan.times.time_zone,
        level=MeetingLevel.EDITION if parent is None else MeetingLevel.WORKING,
        parent=parent,
    )
