"""A meeting: one edition of a series."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

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
    TABLE = "TABLE"
    AGREE_AGENDA = "AGREE_AGENDA"
    PROPOSE_OUTCOME = "PROPOSE_OUTCOME"
    CONCLUDE = "CONCLUDE"


def _row(
    table: MeetingState | None = None,
    agree: MeetingState | None = None,
    propose: MeetingState | None = None,
    conclude: MeetingState | None = None,
) -> dict[MeetingCommand, MeetingState | None]:
    return {
        MeetingCommand.TABLE: table,
        MeetingCommand.AGREE_AGENDA: agree,
        MeetingCommand.PROPOSE_OUTCOME: propose,
        MeetingCommand.CONCLUDE: conclude,
    }


# A draft is one party's own: starting one must not move the meeting, which every party sees.
MEETING_TRANSITIONS: Table[MeetingState, MeetingCommand] = {
    MeetingState.PLANNED: _row(table=MeetingState.AGENDA_EXCHANGED),
    MeetingState.AGENDA_DRAFT: _row(table=MeetingState.AGENDA_EXCHANGED),
    MeetingState.AGENDA_EXCHANGED: _row(
        table=MeetingState.AGENDA_EXCHANGED, agree=MeetingState.AGENDA_AGREED
    ),
    MeetingState.AGENDA_AGREED: _row(
        table=MeetingState.AGENDA_EXCHANGED, propose=MeetingState.CONCLUSIONS_DRAFT
    ),
    MeetingState.HELD: _row(propose=MeetingState.CONCLUSIONS_DRAFT),
    MeetingState.CONCLUSIONS_DRAFT: _row(
        propose=MeetingState.CONCLUSIONS_DRAFT, conclude=MeetingState.CONCLUDED
    ),
    MeetingState.CONCLUDED: _row(propose=MeetingState.CONCLUSIONS_DRAFT),
    MeetingState.PUBLISHED: _row(),
    MeetingState.CANCELLED: _row(),
    MeetingState.POSTPONED: _row(),
}


@dataclass(frozen=True, slots=True)
class MeetingPlan:
    """What a secretariat asks for."""

    series: str
    edition: int
    host_party: str
    venue: str
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Meeting:
    """`version` counts the changes that every party may know of."""

    id: UUID
    series: str
    edition: int
    host_party: str
    venue: str
    starts_at: datetime
    ends_at: datetime
    state: MeetingState
    version: int

    def after(self, command: MeetingCommand) -> "Meeting":
        """Raises `IllegalTransition`."""
        state = step(MEETING_TRANSITIONS, self.state, command)
        return replace(self, state=state, version=self.version + 1)

    def require_ahead(self, now: datetime) -> None:
        """Raises `MeetingHasBegun`: from then on the agenda stands."""
        if now >= self.starts_at:
            raise MeetingHasBegun("the meeting has begun")

    def require_held(self, now: datetime) -> None:
        """Raises `MeetingNotHeld`."""
        if now < self.ends_at:
            raise MeetingNotHeld("outcomes are recorded after the meeting")


def plan_meeting(plan: MeetingPlan, *, series: Series, policy: Policy, now: datetime) -> Meeting:
    """A meeting as planned.

    Raises `UnknownParty`, `NotAParty`, `EditionInvalid`, `MeetingInThePast` or
    `MeetingEndsBeforeItStarts`.
    """
    if plan.host_party not in policy.parties:
        raise UnknownParty("there is no such party", pointer="/host_party")
    if plan.host_party not in series.parties:
        raise NotAParty("the host is no party of the series", pointer="/host_party")
    if not 1000 <= plan.edition <= 9999:
        raise EditionInvalid("an edition is a year of four digits", pointer="/edition")
    if plan.starts_at <= now:
        raise MeetingInThePast("a meeting is planned for the future", pointer="/starts_at")
    if plan.ends_at <= plan.starts_at:
        raise MeetingEndsBeforeItStarts("the meeting ends before it starts", pointer="/ends_at")
    return Meeting(
        id=meeting_id(series.id, str(plan.edition)),
        series=series.id,
        edition=plan.edition,
        host_party=plan.host_party,
        venue=plan.venue,
        starts_at=plan.starts_at,
        ends_at=plan.ends_at,
        state=MeetingState.PLANNED,
        version=1,
    )
