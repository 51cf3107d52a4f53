"""The canonical form of what crosses between parties: requests for consent, notices of withdrawal, and the
answers to both.

It is the RFC 8785 form of the proto JSON of `entente.exchange.v1`. A member that holds its default is left
out, so that a field added later does not change an older document.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from entente.exchange.v1 import clearance_pb2, release_pb2, withdrawal_pb2
from google.protobuf import json_format
from google.protobuf.message import Message

from services.kernel.canonical import canonical_json, content_hash
from services.kernel.identifiers import clearance_id
from services.kernel.parties import Reader
from services.threatfeed.domain.clearances import Clearance, ClearanceRequest
from services.threatfeed.domain.withdrawal_notices import Acknowledgement, WithdrawalNotice


@dataclass(frozen=True, slots=True)
class Statement:
    """A message in its canonical form, as it is signed. `type` is the full name of the message."""

    type: str
    payload: bytes
    content_hash: str


def request_id(request: ClearanceRequest) -> UUID:
    """The id of a request follows from what is asked, by whom and when."""
    return clearance_id(content_hash(_document(_request("", request))))


def consent_request(clearance: Clearance) -> Statement:
    """What the originator is asked."""
    return _statement(_request(str(clearance.id), clearance.request))


def consent_answer(
    clearance: Clearance, consent_expires_at: datetime | None, answered_at: datetime
) -> Statement:
    """What the originator answered, naming the request by its hash. `clearance` must be answered;
    `answered_at` is the time that the official states.
    """
    closing = clearance.closing
    if closing is None:
        raise ValueError("the request is not answered")
    message = clearance_pb2.ConsentAnswer(
        request_id=str(clearance.id),
        request_hash=consent_request(clearance).content_hash,
        kind=clearance_pb2.ConsentAnswerKind.Value(f"CONSENT_ANSWER_KIND_{clearance.state.value}"),
        words=closing.words,
        consent_id="" if closing.consent_id is None else str(closing.consent_id),
        consent_expires_at="" if consent_expires_at is None else _instant(consent_expires_at),
        organisation=clearance.request.originator,
        official=closing.by,
        answered_at=_instant(answered_at),
    )
    if closing.tear_line is not None:
        message.tear_line.text = closing.tear_line.text
        message.tear_line.marking = closing.tear_line.marking
    return _statement(message)


def withdrawal_notice(notice: WithdrawalNotice) -> Statement:
    """What a recipient is told: no title, and no words of the text."""
    text = notice.text
    return _statement(
        withdrawal_pb2.WithdrawalNotice(
            notice_id=str(notice.id),
            series=notice.recipient.series,
            party=notice.recipient.party,
            assessment_id=str(text.assessment_id),
            revision=text.revision,
            rendition=release_pb2.Rendition.Value(f"RENDITION_{text.rendition.value}"),
            originator=notice.originator,
            cause=withdrawal_pb2.WithdrawalCause.Value(f"WITHDRAWAL_CAUSE_{notice.cause.value}"),
            withdrawn_at=_instant(notice.issued_at),
        )
    )


def withdrawal_acknowledgement(
    notice: WithdrawalNotice, answer: Acknowledgement, reader: Reader, at: datetime
) -> Statement:
    """What an official of the recipient answers, naming the notice by its hash."""
    return _statement(
        withdrawal_pb2.WithdrawalAcknowledgement(
            notice_id=str(notice.id),
            notice_hash=withdrawal_notice(notice).content_hash,
            handling=withdrawal_pb2.CopyHandling.Value(f"COPY_HANDLING_{answer.handling.value}"),
            words=answer.words,
            party=reader.party,
            organisation=reader.organisation,
            official=reader.subject,
            acknowledged_at=_instant(at),
        )
    )


def _request(identity: str, request: ClearanceRequest) -> clearance_pb2.ConsentRequest:
    message = clearance_pb2.ConsentRequest(
        request_id=identity,
        assessment_id=str(request.assessment_id),
        revision=request.revision,
        rendition=release_pb2.Rendition.Value(f"RENDITION_{request.rendition.value}"),
        mode=release_pb2.ReleaseMode.Value(f"RELEASE_MODE_{request.mode.value}"),
        party=request.party,
        series=request.series,
        originator=request.originator,
        reason=request.reason,
        needed_by=_instant(request.needed_by),
        asked_at=_instant(request.asked_at),
        asked_by_party=request.asked_by_party,
        asked_by_organisation=request.asked_by_organisation,
        official=request.asked_by,
    )
    if request.meeting is not None:
        message.meeting_id = str(request.meeting.id)
        message.meeting_starts_at = _instant(request.meeting.starts_at)
        message.meeting_ends_at = _instant(request.meeting.ends_at)
    return message


def _statement(message: Message) -> Statement:
    document = _document(message)
    return Statement(message.DESCRIPTOR.full_name, canonical_json(document), content_hash(document))


def _document(message: Message) -> dict[str, object]:
    document: dict[str, object] = json_format.MessageToDict(message)
    return document


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
