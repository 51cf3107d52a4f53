"""What secretariats ask of originators, and how their release officers answer, over gRPC."""

import base64
import json
from collections.abc import Awaitable
from datetime import timedelta
from typing import Any, TypeVar
from uuid import UUID, uuid4

import grpc
from entente.exchange.v1 import clearance_pb2, release_pb2
from entente.threatfeed.v1 import clearance_service_pb2 as messages

from tests.support.releasing import MEETING_TIME, Releasing, narrative
from tests.support.signing import signed_as

AMBER = {"tlp": "TLP:AMBER"}
DENIED = grpc.StatusCode.PERMISSION_DENIED
CLOSED = (grpc.StatusCode.FAILED_PRECONDITION, "CLEARANCE_CLOSED")
OVER = (grpc.StatusCode.FAILED_PRECONDITION, "MEETING_OVER")
Sender = list[tuple[str, str]]
AnswerRequest = (
    messages.GrantClearanceRequest | messages.RefuseClearanceRequest | messages.OfferTearLineRequest
)
R = TypeVar(
    "R",
    messages.AskClearanceRequest,
    messages.GrantClearanceRequest,
    messages.RefuseClearanceRequest,
    messages.OfferTearLineRequest,
)


def asking(text: UUID, meeting: UUID | None, **changes: Any) -> messages.AskClearanceRequest:
    """What FCDO asks: that the EU is handed a text of a meeting."""
    request = messages.AskClearanceRequest(
        request_id=str(uuid4()),
        use=messages.RequestedUse(
            assessment_id=str(text),
            revision=1,
            rendition=release_pb2.RENDITION_FULL,
            party="EU",
            mode=release_pb2.RELEASE_MODE_RELEASE,
            series="uk-eu",
        ),
        reason="For the exchange on the threat landscape.",
    )
    if meeting is not None:
        request.use.meeting.meeting_id = str(meeting)
        request.use.meeting.starts_time.FromDatetime(MEETING_TIME)
        request.use.meeting.ends_time.FromDatetime(MEETING_TIME + timedelta(hours=8))
    for name, value in changes.items():
        setattr(request if hasattr(request, name) else request.use, name, value)
    return request


async def stated_request(
    release: Releasing, request: messages.AskClearanceRequest, sender: Sender
) -> messages.Statement:
    """What would be signed to ask that."""
    stating = messages.StateConsentRequestRequest(
        request_id=str(uuid4()), use=request.use, reason=request.reason, originator=request.originator
    )
    if request.HasField("needed_by_time"):
        stating.needed_by_time.CopyFrom(request.needed_by_time)
    return (await release.clearances.StateConsentRequest(stating, metadata=sender)).statement


async def stated_answer(
    release: Releasing, request: AnswerRequest, sender: Sender, **changes: Any
) -> messages.Statement:
    """What would be signed to answer so."""
    stating = messages.StateConsentAnswerRequest(
        **{"request_id": str(uuid4()), "clearance_id": request.clearance_id, **changes}
    )
    match request:
        case messages.GrantClearanceRequest():
            stating.kind = clearance_pb2.CONSENT_ANSWER_KIND_GRANTED
            stating.words = request.statement
            stating.expires_time.CopyFrom(request.expires_time)
        case messages.OfferTearLineRequest():
            stating.kind = clearance_pb2.CONSENT_ANSWER_KIND_TEAR_LINE_OFFERED
            stating.words = request.reason
            stating.tear_line.CopyFrom(request.tear_line)
        case messages.RefuseClearanceRequest():
            stating.kind = clearance_pb2.CONSENT_ANSWER_KIND_REFUSED
            stating.words = request.reason
    return (await release.clearances.StateConsentAnswer(stating, metadata=sender)).statement


def subject_of(sender: Sender) -> str:
    """The account of a bearer token."""
    claims = sender[0][1].split(".")[1]
    return str(json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["sub"])


def sign(release: Releasing, statement: messages.Statement, sender: Sender) -> str:
    """With the sender's own key."""
    return signed_as(release.platform.keys, subject_of(sender), statement.payload.encode())


async def _signed(release: Releasing, request: R, sender: Sender, stated: Awaitable[messages.Statement]) -> R:
    """The request, signed; unsigned where what would be signed is refused already, as the request must be."""
    signed = type(request)()
    signed.CopyFrom(request)
    try:
        statement = await stated
    except grpc.aio.AioRpcError:
        return signed
    signed.stated_time.CopyFrom(statement.stated_time)
    signed.jws = sign(release, statement, sender)
    return signed


async def ask(
    release: Releasing, request: messages.AskClearanceRequest, sender: Sender | None = None
) -> messages.Clearance:
    metadata = sender or release.secretariat()
    signed = await _signed(release, request, metadata, stated_request(release, request, metadata))
    return (await release.clearances.AskClearance(signed, metadata=metadata)).clearance


def granting(clearance: messages.Clearance, **changes: str) -> messages.GrantClearanceRequest:
    request = messages.GrantClearanceRequest(
        **{
            "request_id": str(uuid4()),
            "clearance_id": clearance.clearance_id,
            "etag": clearance.etag,
            "statement": "Agreed for the dialogue.",
            **changes,
        }
    )
    request.expires_time.FromDatetime(MEETING_TIME + timedelta(days=1))
    return request


async def grant(
    release: Releasing, clearance: messages.Clearance, sender: Sender | None = None, **changes: str
) -> messages.Clearance:
    request, metadata = granting(clearance, **changes), sender or release.officer("NCSC")
    signed = await _signed(release, request, metadata, stated_answer(release, request, metadata))
    return (await release.clearances.GrantClearance(signed, metadata=metadata)).clearance


async def refuse(
    release: Releasing, clearance: messages.Clearance, sender: Sender | None = None
) -> messages.Clearance:
    request = messages.RefuseClearanceRequest(
        request_id=str(uuid4()), clearance_id=clearance.clearance_id, etag=clearance.etag, reason="Not now."
    )
    metadata = sender or release.officer("NCSC")
    signed = await _signed(release, request, metadata, stated_answer(release, request, metadata))
    return (await release.clearances.RefuseClearance(signed, metadata=metadata)).clearance


async def offer(
    release: Releasing, clearance: messages.Clearance, marking: str, sender: Sender | None = None
) -> messages.Clearance:
    request = messages.OfferTearLineRequest(
        request_id=str(uuid4()),
        clearance_id=clearance.clearance_id,
        etag=clearance.etag,
        reason="Only this.",
        tear_line=messages.OfferedTearLine(text="Patch edge devices.", marking=marking),
    )
    metadata = sender or release.officer("NCSC")
    signed = await _signed(release, request, metadata, stated_answer(release, request, metadata))
    return (await release.clearances.OfferTearLine(signed, metadata=metadata)).clearance


async def withdraw(
    release: Releasing, clearance: messages.Clearance, sender: Sender | None = None
) -> messages.Clearance:
    request = messages.WithdrawClearanceRequest(
        request_id=str(uuid4()), clearance_id=clearance.clearance_id, etag=clearance.etag, reason="Settled."
    )
    metadata = sender or release.secretariat()
    return (await release.clearances.WithdrawClearance(request, metadata=metadata)).clearance


async def read(release: Releasing, identity: str, sender: Sender) -> messages.Clearance:
    request = messages.GetClearanceRequest(clearance_id=identity)
    return (await release.clearances.GetClearance(request, metadata=sender)).clearance


async def queue(
    release: Releasing, organisation: str = "NCSC", selection: str = "OPEN"
) -> list[messages.Clearance]:
    request = messages.ListClearanceQueueRequest(
        selection=messages.ClearanceSelection.Value(f"CLEARANCE_SELECTION_{selection}")
    )
    answer = await release.clearances.ListClearanceQueue(request, metadata=release.officer(organisation))
    return list(answer.clearances)


async def asked(release: Releasing, sender: Sender, selection: str = "ALL") -> list[str]:
    request = messages.ListClearancesRequest(
        selection=messages.ClearanceSelection.Value(f"CLEARANCE_SELECTION_{selection}")
    )
    answer = await release.clearances.ListClearances(request, metadata=sender)
    return [one.clearance_id for one in answer.clearances]


async def text_for(release: Releasing, marking: object = None) -> UUID:
    (text,) = await release.hold("ncsc", narrative("A", marking or AMBER))  # type: ignore[arg-type]
    # Outside the community of the text its own party's officials need a consent to read it.
    await release.consent("NCSC", release.use(text, "UK"))
    return text


def told(release: Releasing, topic: str = "threatfeed.clearance.ncsc.v1") -> list[dict[str, Any]]:
    rows = release.rows("SELECT unnest(data) FROM outbox WHERE topic = %s ORDER BY id", topic)
    return [json.loads(value) for (value,) in rows]
