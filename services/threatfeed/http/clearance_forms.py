"""What is sent to the clearance desk over REST, and what it shows."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field

from services.kernel.release_terms import Mode, Rendition
from services.threatfeed.domain.clearances import LONGEST_TEAR_LINE, Clearance, ClearanceState, TearLineOffer
from services.threatfeed.domain.consents import LONGEST_WORDS
from services.threatfeed.http.fields import Body, Code
from services.threatfeed.store.text_uses import TextUse
from services.threatfeed.usecases.answer_clearance import Answer
from services.threatfeed.usecases.clearance_statements import Signature, ToSign

_Signature = Annotated[str, Field(max_length=2_048)]
_Words = Annotated[str, Field(min_length=1, max_length=LONGEST_WORDS)]


class PlannedMeeting(Body):
    id: UUID
    starts_time: AwareDatetime
    ends_time: AwareDatetime


class RequestedUse(Body):
    """What is asked for, by a secretariat of the series; without a meeting it is use outside any."""

    assessment_id: UUID
    revision: Annotated[int, Field(ge=1, le=1_000_000)]
    rendition: Rendition
    party: Code
    mode: Mode
    series: Code
    meeting: PlannedMeeting | None = None


class SignedBody(Body):
    """What an official signs with a key of the official's own; the statement is asked for before."""

    stated_time: AwareDatetime | None = Field(None, description="The time that the statement names")
    jws: _Signature = Field("", description="Detached JWS (RFC 7515 appendix F) over the statement's payload")

    def signature(self) -> Signature:
        return Signature(self.stated_time, self.jws)


class RequestBody(Body):
    use: RequestedUse
    reason: _Words
    originator: Code | None = Field(None, description="Who is asked; the text's own agency without it")
    needed_by_time: AwareDatetime | None = Field(None, description="For use outside meetings only")


class ClearanceBody(RequestBody, SignedBody):
    """A request, signed."""


class GrantBody(SignedBody):
    expires_time: AwareDatetime
    statement: _Words


class ReasonBody(Body):
    reason: _Words


class RefusalBody(SignedBody):
    reason: _Words


class OfferedTearLine(Body):
    text: Annotated[str, Field(min_length=1, max_length=LONGEST_TEAR_LINE)]
    marking: Annotated[str, Field(min_length=1, max_length=1_000, description="The banner it would carry")]

    def offer(self) -> TearLineOffer:
        return TearLineOffer(self.text, self.marking)


class TearLineBody(SignedBody):
    reason: _Words
    tear_line: OfferedTearLine


class AnswerKind(StrEnum):
    """How an originator answers."""

    GRANTED = "GRANTED"
    REFUSED = "REFUSED"
    TEAR_LINE_OFFERED = "TEAR_LINE_OFFERED"


class AnswerBody(Body):
    """An answer that is to be signed: a consent has an end, and an offer a tear line."""

    kind: AnswerKind
    words: _Words = Field(description="The statement of a consent, or the reason why none is given")
    expires_time: AwareDatetime | None = None
    tear_line: OfferedTearLine | None = None

    def answer(self) -> Answer:
        """Raises `InvalidValue`."""
        line = None if self.tear_line is None else self.tear_line.offer()
        return Answer.of(self.kind.value, self.words, self.expires_time, line)


class StatementView(BaseModel):
    """What to sign: `payload` is the canonical text, to be signed byte for byte and sent back detached."""

    type: str
    payload: str
    content_hash: str
    stated_time: datetime

    @classmethod
    def of(cls, to_sign: ToSign) -> "StatementView":
        statement = to_sign.statement
        return cls(
            type=statement.type,
            payload=statement.payload.decode(),
            content_hash=statement.content_hash,
            stated_time=to_sign.stated_at,
        )


class TearLineView(BaseModel):
    text: str | None = Field(description="Null in lists: it is read, and recorded, one at a time")
    marking: str


class ClearanceView(BaseModel):
    """A request and what became of it."""

    id: UUID
    state: ClearanceState
    use: RequestedUse
    agency: str
    originator: str
    reason: str
    asked_by: str
    asked_by_party: str
    asked_by_organisation: str
    asked_time: datetime
    needed_by_time: datetime
    overdue: bool
    reminded_time: datetime | None
    closed_by: str | None
    closed_time: datetime | None
    closing_words: str | None
    consent_id: UUID | None
    tear_line: TearLineView | None

    @classmethod
    def of(cls, clearance: Clearance, at: datetime, *, whole: bool) -> "ClearanceView":
        """`whole` with the words of a tear line."""
        request, closing = clearance.request, clearance.closing
        offer = None if closing is None else closing.tear_line
        return cls(
            id=clearance.id,
            state=clearance.seen_at(at).state,
            use=_use(clearance),
            agency=request.agency,
            originator=request.originator,
            reason=request.reason,
            asked_by=request.asked_by,
            asked_by_party=request.asked_by_party,
            asked_by_organisation=request.asked_by_organisation,
            asked_time=request.asked_at,
            needed_by_time=request.needed_by,
            overdue=clearance.is_overdue(at),
            reminded_time=clearance.reminded_at,
            closed_by=(closing.by or None) if closing else None,
            closed_time=closing.at if closing else None,
            closing_words=(closing.words or None) if closing else None,
            consent_id=closing.consent_id if closing else None,
            tear_line=TearLineView(text=offer.text if whole else None, marking=offer.marking)
            if offer
            else None,
        )


class ClearancesView(BaseModel):
    clearances: list[ClearanceView]
    next_page_token: str


class TextUseView(BaseModel):
    """A text that every party of a meeting could have when the meeting came."""

    assessment_id: UUID
    revision: int
    rendition: Rendition
    mode: Mode
    series: str
    meeting_id: UUID
    used_time: datetime
    decided_time: datetime = Field(description="When it was decided last that every party may have it")

    @classmethod
    def of(cls, use: TextUse) -> "TextUseView":
        return cls(
            assessment_id=use.assessment_id,
            revision=use.revision,
            rendition=use.rendition,
            mode=use.mode,
            series=use.series,
            meeting_id=use.meeting_id,
            used_time=use.used_at,
            decided_time=use.decided_at,
        )


class TextUsesView(BaseModel):
    uses: list[TextUseView]
    next_page_token: str


def _use(clearance: Clearance) -> RequestedUse:
    request, meeting = clearance.request, clearance.request.meeting
    return RequestedUse(
        assessment_id=request.assessment_id,
        revision=request.revision,
        rendition=request.rendition,
        party=request.party,
        mode=request.mode,
        series=request.series,
        meeting=None
        if meeting is None
        else PlannedMeeting(id=meeting.id, starts_time=meeting.starts_at, ends_time=meeting.ends_at),
    )
