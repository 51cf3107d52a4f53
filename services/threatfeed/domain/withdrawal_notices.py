"""Notices to those who were shown a text that they may no longer use, and their one answer.

A recipient is the delegation of a party in a series. A notice names the text by its id, revision and
rendition, as the recipient was shown it, and holds none of its words: what is withdrawn is on no surface.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from services.kernel.parties import Audience
from services.kernel.refusals import Refusal, RefusalKind
from services.kernel.release_terms import Rendition
from services.threatfeed.domain.consents import check_words

DUE_AFTER: Final = timedelta(days=5)
"""By when an answer is due after the notice: a working week, as for the recall of papers."""


class NoticeAcknowledged(Refusal):
    """The delegation has acknowledged the notice: it answers once."""

    kind = RefusalKind.CONFLICT
    reason = "NOTICE_ACKNOWLEDGED"


class NoticeLifted(Refusal):
    """The text may be used again: there is nothing to acknowledge any more."""

    kind = RefusalKind.CONFLICT
    reason = "NOTICE_LIFTED"


class NoticeStale(Refusal):
    """The notice has changed since the caller read it."""

    kind = RefusalKind.STALE
    reason = "NOTICE_STALE"


class NoticeCause(StrEnum):
    WITHDRAWN = "WITHDRAWN"
    NOT_RELEASED = "NOT_RELEASED"
    NARROWED = "NARROWED"


class Handling(StrEnum):
    """What became of the recipient's copies."""

    ANNOTATED = "ANNOTATED"
    RETURNED = "RETURNED"
    DESTROYED = "DESTROYED"


class NoticeState(StrEnum):
    OUTSTANDING = "OUTSTANDING"
    ACKNOWLEDGED = "ACKNOWLEDGED"
    LIFTED = "LIFTED"


class NoticeCommand(StrEnum):
    ACKNOWLEDGE = "ACKNOWLEDGE"
    LIFT = "LIFT"


class NoticeSelection(StrEnum):
    """Which notices are asked for. Overdue ones are outstanding and past the time of their answer."""

    OUTSTANDING = "OUTSTANDING"
    OVERDUE = "OVERDUE"
    ACKNOWLEDGED = "ACKNOWLEDGED"
    ALL = "ALL"


NOTICE_TRANSITIONS: Final[Mapping[NoticeState, Mapping[NoticeCommand, NoticeState | None]]] = {
    NoticeState.OUTSTANDING: {
        NoticeCommand.ACKNOWLEDGE: NoticeState.ACKNOWLEDGED,
        NoticeCommand.LIFT: NoticeState.LIFTED,
    },
    NoticeState.ACKNOWLEDGED: {NoticeCommand.ACKNOWLEDGE: None, NoticeCommand.LIFT: None},
    NoticeState.LIFTED: {NoticeCommand.ACKNOWLEDGE: None, NoticeCommand.LIFT: None},
}


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """What an official says for the delegation."""

    handling: Handling
    words: str


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """The answer on record."""

    answer: Acknowledgement
    by: str
    organisation: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ShownText:
    """A text as a recipient was last shown it."""

    assessment_id: UUID
    revision: int
    rendition: Rendition
    shown_at: datetime

    @property
    def which(self) -> tuple[UUID, int, Rendition]:
        """The text, whenever it was shown."""
        return self.assessment_id, self.revision, self.rendition


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawalNotice:
    id: UUID
    recipient: Audience
    text: ShownText
    agency: str
    originator: str
    cause: NoticeCause
    issued_at: datetime
    state: NoticeState = NoticeState.OUTSTANDING
    acknowledged: Acknowledged | None = None
    aggregate_version: int = 1

    @property
    def due_at(self) -> datetime:
        return self.issued_at + DUE_AFTER

    def overdue(self, at: datetime) -> bool:
        return self.state is NoticeState.OUTSTANDING and self.due_at <= at

    def acknowledge(
        self, answer: Acknowledgement, by: str, organisation: str, at: datetime
    ) -> "WithdrawalNotice":
        """Raises `NoticeAcknowledged`, `NoticeLifted` or `InvalidValue`."""
        check_words(answer.words, "/words")
        state = NOTICE_TRANSITIONS[self.state][NoticeCommand.ACKNOWLEDGE]
        if state is None:
            if self.state is NoticeState.LIFTED:
                raise NoticeLifted("the text may be used again")
            raise NoticeAcknowledged("the notice has been acknowledged")
        acknowledged = Acknowledged(answer, by, organisation, at)
        return replace(
            self, state=state, acknowledged=acknowledged, aggregate_version=self.aggregate_version + 1
        )

    def require_version(self, expected: int) -> None:
        """Raises `NoticeStale`."""
        if expected != self.aggregate_version:
            raise NoticeStale("the notice has changed since it was read", pointer="/etag")

    def lift(self) -> "WithdrawalNotice":
        """The text may be used again. Raises `NoticeAcknowledged` or `NoticeLifted`."""
        state = NOTICE_TRANSITIONS[self.state][NoticeCommand.LIFT]
        if state is None:
            raise (NoticeLifted if self.state is NoticeState.LIFTED else NoticeAcknowledged)(
                "only an outstanding notice is lifted"
            )
        return replace(self, state=state, aggregate_version=self.aggregate_version + 1)


def lost(before: Rendition, now: Rendition | None, *, withdrawn: bool) -> NoticeCause | None:
    """Why a notice is due to who was shown `before` and may have `now`; None where nothing was lost.

    A newer revision in the same rendition takes nothing away.
    """
    if now is None:
        return NoticeCause.WITHDRAWN if withdrawn else NoticeCause.NOT_RELEASED
    if before is Rendition.FULL and now is Rendition.TEAR_LINE:
        return NoticeCause.NARROWED
    return None


def restored(notice: WithdrawalNotice, now: Rendition | None) -> bool:
    """Whether the recipient may have again what an outstanding notice took away."""
    if notice.state is not NoticeState.OUTSTANDING or now is None:
        return False
    return now is Rendition.FULL or notice.text.rendition is Rendition.TEAR_LINE


def recipients(party: str, audiences: Iterable[Audience]) -> tuple[Audience, ...]:
    """The delegations of a party."""
    return tuple(sorted((one for one in audiences if one.party == party), key=lambda one: one.id))
