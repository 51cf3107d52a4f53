"""Requests for clearance: a secretariat asks an originator for its consent, and the originator answers.

A request is open until it is answered, is taken back, or the meeting it is for is over. A tear line that
is offered instead of a consent is an offer only: it becomes a text once its agency publishes it in a new
revision.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from services.kernel.refusals import InvalidValue, Refusal, RefusalKind
from services.kernel.release_terms import Mode, Rendition
from services.threatfeed.domain.consents import check_words
from services.threatfeed.domain.decided_texts import LONGEST_MEETING

LONGEST_AHEAD = timedelta(days=3_660)
LONGEST_TEAR_LINE = 20_000
HANDED_IN_WITHIN = timedelta(hours=1)
"""How long after the time that it names a statement is handed in, signed."""
AHEAD = timedelta(minutes=1)
"""How far the clocks of two processes may be apart."""
REMINDERS: Final = (timedelta(days=7), timedelta(days=2), timedelta(0))
"""How long before an answer is needed its originator is reminded; the last one says that it is late."""


class ClearanceClosed(Refusal):
    """The request was answered, taken back or has lapsed: it is not answered or taken back again."""

    kind = RefusalKind.CONFLICT
    reason = "CLEARANCE_CLOSED"


class ClearanceStale(Refusal):
    """Somebody changed the request since the caller read it."""

    kind = RefusalKind.STALE
    reason = "CLEARANCE_STALE"


class ClearanceAsked(Refusal):
    """The asking party has an open request for the same use in the series already."""

    kind = RefusalKind.ALREADY_EXISTS
    reason = "CLEARANCE_ASKED"


class MeetingOver(Refusal):
    """The meeting is over: nothing can be cleared for it any more."""

    kind = RefusalKind.CONFLICT
    reason = "MEETING_OVER"


class MeetingTimesInvalid(Refusal):
    """A meeting ends after it starts, within two days, and lies no more than ten years ahead."""

    kind = RefusalKind.INVALID
    reason = "MEETING_TIMES_INVALID"


class AnswerNeededInvalid(Refusal):
    """For a meeting the series says when the answer is needed; outside meetings the asker names a later
    time, within ten years.
    """

    kind = RefusalKind.INVALID
    reason = "ANSWER_NEEDED_INVALID"


class OriginatorNotAsked(Refusal):
    """The organisation is none whose consent a use of the text can need."""

    kind = RefusalKind.INVALID
    reason = "ORIGINATOR_NOT_ASKED"


class RevisionNotCurrent(Refusal):
    """Only what stands can be cleared: the revision was replaced or withdrawn."""

    kind = RefusalKind.CONFLICT
    reason = "REVISION_NOT_CURRENT"


class SeriesWithheld(Refusal):
    """The series is kept to a list on which nobody of the originator's party can be."""

    kind = RefusalKind.CONFLICT
    reason = "SERIES_WITHHELD"


class TearLineNotForAsker(Refusal):
    """The party that asked may not have a text under the marking of the tear line; `rule_id` says why."""

    kind = RefusalKind.CONFLICT
    reason = "TEAR_LINE_NOT_FOR_ASKER"


class StatedTimeInvalid(Refusal):
    """What an official signs names the time of the statement, and is handed in within an hour of it."""

    kind = RefusalKind.INVALID
    reason = "STATED_TIME_INVALID"


class ClearanceState(StrEnum):
    """What has become of a request."""

    OPEN = "OPEN"
    GRANTED = "GRANTED"
    REFUSED = "REFUSED"
    TEAR_LINE_OFFERED = "TEAR_LINE_OFFERED"
    WITHDRAWN = "WITHDRAWN"
    EXPIRED = "EXPIRED"


class ClearanceCommand(StrEnum):
    """What can be done with a request."""

    GRANT = "GRANT"
    REFUSE = "REFUSE"
    OFFER_TEAR_LINE = "OFFER_TEAR_LINE"
    WITHDRAW = "WITHDRAW"
    EXPIRE = "EXPIRE"


class Which(StrEnum):
    """Which requests are asked for. Overdue ones are open and past the time they were needed by."""

    OPEN = "OPEN"
    OVERDUE = "OVERDUE"
    ANSWERED = "ANSWERED"
    ALL = "ALL"


_NOTHING: Final[Mapping[ClearanceCommand, ClearanceState | None]] = dict.fromkeys(ClearanceCommand)
CLEARANCE_TRANSITIONS: Final[Mapping[ClearanceState, Mapping[ClearanceCommand, ClearanceState | None]]] = {
    ClearanceState.OPEN: {
        ClearanceCommand.GRANT: ClearanceState.GRANTED,
        ClearanceCommand.REFUSE: ClearanceState.REFUSED,
        ClearanceCommand.OFFER_TEAR_LINE: ClearanceState.TEAR_LINE_OFFERED,
        ClearanceCommand.WITHDRAW: ClearanceState.WITHDRAWN,
        ClearanceCommand.EXPIRE: ClearanceState.EXPIRED,
    },
    ClearanceState.GRANTED: _NOTHING,
    ClearanceState.REFUSED: _NOTHING,
    ClearanceState.TEAR_LINE_OFFERED: _NOTHING,
    ClearanceState.WITHDRAWN: _NOTHING,
    ClearanceState.EXPIRED: _NOTHING,
}
"""The state that follows; None where the command is refused."""


@dataclass(frozen=True, slots=True)
class ForMeeting:
    """The meeting that a clearance is for, as the asker says it is planned."""

    id: UUID
    starts_at: datetime
    ends_at: datetime

    def check(self, at: datetime) -> None:
        """Raises `MeetingTimesInvalid` or `MeetingOver`."""
        if not timedelta(0) < self.ends_at - self.starts_at <= LONGEST_MEETING:
            raise MeetingTimesInvalid("a meeting ends after it starts, within two days", pointer="/meeting")
        if self.starts_at - at > LONGEST_AHEAD:
            raise MeetingTimesInvalid("the meeting lies too far ahead", pointer="/meeting")
        if self.ends_at <= at:
            raise MeetingOver("the meeting is over", pointer="/meeting")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClearanceRequest:
    """What is asked, of whom, by whom, and by when. `series` is that in which the asker works; without a
    meeting it is use outside meetings. `agency` published the text, `originator` is the organisation asked.
    """

    assessment_id: UUID
    revision: int
    rendition: Rendition
    party: str
    mode: Mode
    series: str
    meeting: ForMeeting | None
    agency: str
    originator: str
    reason: str
    asked_by: str
    asked_by_party: str
    asked_by_organisation: str
    asked_at: datetime
    needed_by: datetime

    def __post_init__(self) -> None:
        check_words(self.reason, "/reason")


@dataclass(frozen=True, slots=True)
class TearLineOffer:
    """Words that the originator would publish for wider use, and the banner they would carry."""

    text: str
    marking: str

    def __post_init__(self) -> None:
        check_words(self.text, "/text", LONGEST_TEAR_LINE)


@dataclass(frozen=True, slots=True)
class Closing:
    """How a request was closed: by whom, when and with which words (none where it lapsed)."""

    by: str
    at: datetime
    words: str
    consent_id: UUID | None = None
    tear_line: TearLineOffer | None = None

    def __post_init__(self) -> None:
        if self.by:
            check_words(self.words, "/reason")


@dataclass(frozen=True, slots=True, kw_only=True)
class Clearance:
    """A request with what became of it."""

    id: UUID
    request: ClearanceRequest
    state: ClearanceState = ClearanceState.OPEN
    closing: Closing | None = None
    next_reminder_at: datetime | None = None
    reminded_at: datetime | None = None
    aggregate_version: int = 1

    def is_overdue(self, at: datetime) -> bool:
        return self.seen_at(at).state is ClearanceState.OPEN and self.request.needed_by <= at

    def seen_at(self, at: datetime) -> "Clearance":
        """As it counts at an instant: what has lapsed is closed, whether that was noted or not."""
        lapsed = self.state is ClearanceState.OPEN and self._is_over(at)
        return replace(self, state=ClearanceState.EXPIRED) if lapsed else self

    def close(self, command: ClearanceCommand, closing: Closing) -> "Clearance":
        """Raises `ClearanceClosed`, or `MeetingOver` for what only lapse can close."""
        following = CLEARANCE_TRANSITIONS[self.state][command]
        if following is None:
            raise ClearanceClosed(f"the request is closed: {self.state.value}", state=self.state.value)
        if command is not ClearanceCommand.EXPIRE and self._is_over(closing.at):
            raise MeetingOver("the meeting is over", state=ClearanceState.EXPIRED.value)
        return replace(
            self,
            state=following,
            closing=closing,
            next_reminder_at=None,
            aggregate_version=self.aggregate_version + 1,
        )

    def require_version(self, expected: int) -> None:
        """Raises `ClearanceStale`."""
        if expected != self.aggregate_version:
            raise ClearanceStale("the request has changed since it was read", pointer="/etag")

    def remind(self, at: datetime) -> "Clearance":
        """Notes the latest reminder that is due; those that were missed are not sent after it."""
        return replace(self, reminded_at=at, next_reminder_at=next_reminder(self.request.needed_by, at))

    def reminder_at(self, at: datetime) -> int:
        """Which reminder is the latest due at an instant: the first is 0. Raises `InvalidValue`."""
        due = [n for n, lead in enumerate(REMINDERS) if self.request.needed_by - lead <= at]
        if not due:
            raise InvalidValue("no reminder is due")
        return due[-1]

    def _is_over(self, at: datetime) -> bool:
        meeting = self.request.meeting
        return meeting is not None and meeting.ends_at <= at


def open_request(identity: UUID, request: ClearanceRequest) -> Clearance:
    return Clearance(
        id=identity, request=request, next_reminder_at=next_reminder(request.needed_by, request.asked_at)
    )


def answer_needed_by(meeting: ForMeeting, papers_days: int, at: datetime) -> datetime:
    """When the papers go out, so many calendar days before the meeting. Once that is past, the start of
    the meeting, and then its end: nothing is late on the day that it is asked.
    """
    dispatch = meeting.starts_at - timedelta(days=papers_days)
    return next((one for one in (dispatch, meeting.starts_at) if one > at), meeting.ends_at)


def checked_needed_by(needed_by: datetime, at: datetime) -> datetime:
    """Raises `AnswerNeededInvalid`."""
    if not timedelta(0) < needed_by - at <= LONGEST_AHEAD:
        raise AnswerNeededInvalid("the answer is needed at a later time", pointer="/needed_by")
    return needed_by


def check_stated(stated_at: datetime | None, at: datetime) -> None:
    """Raises `StatedTimeInvalid`."""
    if stated_at is None or not -AHEAD <= at - stated_at <= HANDED_IN_WITHIN:
        raise StatedTimeInvalid("a statement is signed and handed in within an hour", pointer="/stated_time")


def next_reminder(needed_by: datetime, after: datetime) -> datetime | None:
    """The next reminder later than an instant; None when the last one is past."""
    return next((needed_by - lead for lead in REMINDERS if needed_by - lead > after), None)
