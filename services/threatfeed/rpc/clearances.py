"""ClearanceService over gRPC."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

from entente.exchange.v1 import clearance_pb2, release_pb2
from entente.threatfeed.v1 import clearance_service_pb2 as messages
from entente.threatfeed.v1 import clearance_service_pb2_grpc

from services.chassis.clock import Clock
from services.chassis.database import Database
from services.chassis.etags import etag, parse_etag
from services.chassis.once import Once
from services.chassis.rpc.requests import run_once
from services.chassis.rpc.server import Service
from services.kernel.parties import Role
from services.kernel.policy import Policy
from services.kernel.refusals import InvalidValue
from services.kernel.release_terms import Mode, Rendition
from services.threatfeed.domain.clearances import Clearance, ForMeeting, TearLineOffer, Which
from services.threatfeed.domain.paging import page_size, page_token, read_page_token
from services.threatfeed.rpc.arguments import read_number, read_time, read_uuid, reader_of_call
from services.threatfeed.store.text_uses import TextUse
from services.threatfeed.usecases.answer_clearance import (
    Answer,
    Answering,
    answer_clearance,
    state_answer,
)
from services.threatfeed.usecases.ask_clearance import (
    AskedUse,
    Asking,
    ask_clearance,
    state_request,
    withdraw_clearance,
)
from services.threatfeed.usecases.clearance_statements import ClearanceDesk, Signature, ToSign
from services.threatfeed.usecases.list_text_uses import list_text_uses
from services.threatfeed.usecases.read_clearances import list_clearances, list_queue, read_clearance

M = TypeVar(
    "M",
    messages.AskClearanceResponse,
    messages.GrantClearanceResponse,
    messages.RefuseClearanceResponse,
    messages.OfferTearLineResponse,
    messages.WithdrawClearanceResponse,
)
_Answer = messages.GrantClearanceRequest | messages.RefuseClearanceRequest | messages.OfferTearLineRequest
_DESCRIPTOR = messages.DESCRIPTOR.services_by_name["ClearanceService"]
_OFFICERS = frozenset({Role.RELEASE_OFFICER})
_ASKERS = frozenset({Role.SECRETARIAT})
ACCESS = {
    "StateConsentRequest": _ASKERS,
    "StateConsentAnswer": _OFFICERS,
    "AskClearance": _ASKERS,
    "GrantClearance": _OFFICERS,
    "RefuseClearance": _OFFICERS,
    "OfferTearLine": _OFFICERS,
    "WithdrawClearance": _ASKERS,
    "GetClearance": frozenset({Role.RELEASE_OFFICER, Role.SECRETARIAT, Role.AUDITOR}),
    "ListClearances": frozenset({Role.SECRETARIAT, Role.AUDITOR}),
    "ListClearanceQueue": _OFFICERS,
    "ListTextUses": _OFFICERS,
}


class ClearanceServicer(clearance_service_pb2_grpc.ClearanceServiceServicer):
    """Maps messages to use cases and back."""

    def __init__(self, database: Database, policy: Policy, clock: Clock, desk: ClearanceDesk) -> None:
        self._database = database
        self._policy = policy
        self._clock = clock
        self._desk = desk

    async def StateConsentRequest(  # noqa: N802 the name is the contract's
        self, request: messages.StateConsentRequestRequest, _: Any
    ) -> messages.StateConsentRequestResponse:
        reader, asked, at = reader_of_call(), _asked(request), self._clock()
        return await run_once(
            lambda once: state_request(once, reader, asked, policy=self._policy, at=at),
            lambda to_sign: messages.StateConsentRequestResponse(statement=_statement(to_sign)),
            messages.StateConsentRequestResponse,
            request=request,
            request_id=request.request_id,
            database=self._database,
            clock=self._clock,
        )

    async def StateConsentAnswer(  # noqa: N802 the name is the contract's
        self, request: messages.StateConsentAnswerRequest, _: Any
    ) -> messages.StateConsentAnswerResponse:
        reader, answer, at = reader_of_call(), _answer(request), self._clock()
        identity = read_uuid(request.clearance_id, "/clearance_id")
        return await run_once(
            lambda once: state_answer(once, reader, identity, answer, desk=self._desk, at=at),
            lambda to_sign: messages.StateConsentAnswerResponse(statement=_statement(to_sign)),
            messages.StateConsentAnswerResponse,
            request=request,
            request_id=request.request_id,
            database=self._database,
            clock=self._clock,
        )

    async def AskClearance(  # noqa: N802 the name is the contract's
        self, request: messages.AskClearanceRequest, _: Any
    ) -> messages.AskClearanceResponse:
        reader, asked, signature = reader_of_call(), _asked(request), _signature(request)
        at = self._clock()
        return await self._once(
            request,
            messages.AskClearanceResponse,
            lambda once: ask_clearance(once, reader, asked, signature, desk=self._desk, at=at),
            at,
        )

    async def GrantClearance(  # noqa: N802 the name is the contract's
        self, request: messages.GrantClearanceRequest, _: Any
    ) -> messages.GrantClearanceResponse:
        if not request.HasField("expires_time"):
            raise InvalidValue("a consent has an end", pointer="/expires_time")
        answer = Answer.grant(request.statement, read_time(request.expires_time, "/expires_time"))
        return await self._answered(request, messages.GrantClearanceResponse, answer)

    async def RefuseClearance(  # noqa: N802 the name is the contract's
        self, request: messages.RefuseClearanceRequest, _: Any
    ) -> messages.RefuseClearanceResponse:
        return await self._answered(request, messages.RefuseClearanceResponse, Answer.refuse(request.reason))

    async def OfferTearLine(  # noqa: N802 the name is the contract's
        self, request: messages.OfferTearLineRequest, _: Any
    ) -> messages.OfferTearLineResponse:
        answer = Answer.offer(_tear_line(request.tear_line), request.reason)
        return await self._answered(request, messages.OfferTearLineResponse, answer)

    async def _answered(self, request: _Answer, response: type[M], answer: Answer) -> M:
        reader, answered, signature = reader_of_call(), _answering(request), _signature(request)
        at = self._clock()
        return await self._once(
            request,
            response,
            lambda once: answer_clearance(once, reader, answered, answer, signature, desk=self._desk, at=at),
            at,
        )

    async def WithdrawClearance(  # noqa: N802 the name is the contract's
        self, request: messages.WithdrawClearanceRequest, _: Any
    ) -> messages.WithdrawClearanceResponse:
        reader, which, at = reader_of_call(), _answering(request), self._clock()
        return await self._once(
            request,
            messages.WithdrawClearanceResponse,
            lambda once: withdraw_clearance(
                once, reader, which.clearance_id, request.reason, which.expected, policy=self._policy, at=at
            ),
            at,
        )

    async def GetClearance(  # noqa: N802 the name is the contract's
        self, request: messages.GetClearanceRequest, _: Any
    ) -> messages.GetClearanceResponse:
        identity, at = read_uuid(request.clearance_id, "/clearance_id"), self._clock()
        found = await read_clearance(self._database, reader_of_call(), identity, policy=self._policy, at=at)
        return messages.GetClearanceResponse(clearance=_clearance(found, at, whole=True))

    async def ListClearances(  # noqa: N802 the name is the contract's
        self, request: messages.ListClearancesRequest, _: Any
    ) -> messages.ListClearancesResponse:
        reader, which, at = reader_of_call(), _which(request.selection), self._clock()
        asked = f"{reader.subject}|clearances|{which.value}"
        page, position = await list_clearances(
            self._database,
            reader,
            which,
            after=read_page_token(request.page_token, asked),
            size=page_size(request.page_size),
            policy=self._policy,
            at=at,
        )
        return messages.ListClearancesResponse(
            clearances=[_clearance(one, at, whole=False) for one in page],
            next_page_token=page_token(position, asked),
        )

    async def ListClearanceQueue(  # noqa: N802 the name is the contract's
        self, request: messages.ListClearanceQueueRequest, _: Any
    ) -> messages.ListClearanceQueueResponse:
        reader, which, at = reader_of_call(), _which(request.selection), self._clock()
        asked = f"{reader.subject}|clearance-queue|{which.value}"
        page, position = await list_queue(
            self._database,
            reader,
            which,
            after=read_page_token(request.page_token, asked),
            size=page_size(request.page_size),
            policy=self._policy,
            at=at,
        )
        return messages.ListClearanceQueueResponse(
            clearances=[_clearance(one, at, whole=False) for one in page],
            next_page_token=page_token(position, asked),
        )

    async def ListTextUses(  # noqa: N802 the name is the contract's
        self, request: messages.ListTextUsesRequest, _: Any
    ) -> messages.ListTextUsesResponse:
        reader = reader_of_call()
        named = request.assessment_id
        assessment = read_uuid(named, "/assessment_id") if named else None
        asked = f"{reader.subject}|text-uses|{assessment}"
        page, position = await list_text_uses(
            self._database,
            reader,
            assessment,
            after=read_page_token(request.page_token, asked),
            size=page_size(request.page_size),
            policy=self._policy,
            at=self._clock(),
        )
        return messages.ListTextUsesResponse(
            uses=[_text_use(one) for one in page],
            next_page_token=page_token(position, asked),
        )

    async def _once(
        self,
        request: Any,
        response: type[M],
        use_case: Callable[[Once[Clearance]], Awaitable[Clearance]],
        at: datetime,
    ) -> M:
        return await run_once(
            use_case,
            lambda clearance: response(clearance=_clearance(clearance, at, whole=True)),
            response,
            request=request,
            request_id=request.request_id,
            database=self._database,
            clock=self._clock,
        )


def clearance_service(servicer: ClearanceServicer) -> Service:
    return Service(
        name=_DESCRIPTOR.full_name,
        add=lambda server: clearance_service_pb2_grpc.add_ClearanceServiceServicer_to_server(
            servicer, server
        ),
        access=ACCESS,
        methods=[method.name for method in _DESCRIPTOR.methods],
    )


def _answering(
    request: _Answer | messages.WithdrawClearanceRequest,
) -> Answering:
    return Answering(read_uuid(request.clearance_id, "/clearance_id"), parse_etag(request.etag, "/etag"))


def _signature(request: messages.AskClearanceRequest | _Answer) -> Signature:
    stated = read_time(request.stated_time, "/stated_time") if request.HasField("stated_time") else None
    return Signature(stated, request.jws)


def _statement(to_sign: ToSign) -> messages.Statement:
    statement = to_sign.statement
    message = messages.Statement(
        type=statement.type, payload=statement.payload.decode(), content_hash=statement.content_hash
    )
    message.stated_time.FromDatetime(to_sign.stated_at.astimezone(UTC))
    return message


def _asked(request: messages.AskClearanceRequest | messages.StateConsentRequestRequest) -> Asking:
    named = request.HasField("needed_by_time")
    needed_by = read_time(request.needed_by_time, "/needed_by_time") if named else None
    return Asking(_use(request.use), request.reason, request.originator, needed_by=needed_by)


def _answer(request: messages.StateConsentAnswerRequest) -> Answer:
    kinds = clearance_pb2.ConsentAnswerKind
    if request.kind not in kinds.values()[1:]:
        raise InvalidValue("there is no such answer", pointer="/kind")
    return Answer.of(
        kinds.Name(request.kind).removeprefix("CONSENT_ANSWER_KIND_"),
        request.words,
        read_time(request.expires_time, "/expires_time") if request.HasField("expires_time") else None,
        _tear_line(request.tear_line) if request.HasField("tear_line") else None,
    )


def _tear_line(offered: messages.OfferedTearLine) -> TearLineOffer:
    return TearLineOffer(offered.text, offered.marking)


def _which(selection: "messages.ClearanceSelection.ValueType") -> Which:
    if selection not in messages.ClearanceSelection.values():
        raise InvalidValue("there is no such selection", pointer="/selection")
    name = messages.ClearanceSelection.Name(selection).removeprefix("CLEARANCE_SELECTION_")
    return Which.OPEN if name == "UNSPECIFIED" else Which(name)


def _use(use: messages.RequestedUse) -> AskedUse:
    renditions, modes = release_pb2.Rendition, release_pb2.ReleaseMode
    if use.rendition not in renditions.values()[1:] or use.mode not in modes.values()[1:]:
        raise InvalidValue("rendition and mode are needed", pointer="/use")
    return AskedUse(
        assessment_id=read_uuid(use.assessment_id, "/use/assessment_id"),
        revision=read_number(use.revision, "/use/revision"),
        rendition=Rendition(renditions.Name(use.rendition).removeprefix("RENDITION_")),
        party=use.party,
        mode=Mode(modes.Name(use.mode).removeprefix("RELEASE_MODE_")),
        series=use.series,
        meeting=_meeting(use.meeting) if use.HasField("meeting") else None,
    )


def _meeting(meeting: messages.PlannedMeeting) -> ForMeeting:
    where = "/use/meeting"
    if not meeting.HasField("starts_time") or not meeting.HasField("ends_time"):
        raise InvalidValue("a meeting has a start and an end", pointer=where)
    return ForMeeting(
        read_uuid(meeting.meeting_id, f"{where}/meeting_id"),
        read_time(meeting.starts_time, f"{where}/starts_time"),
        read_time(meeting.ends_time, f"{where}/ends_time"),
    )


def _clearance(clearance: Clearance, at: datetime, *, whole: bool) -> messages.Clearance:
    request, meeting, closing = clearance.request, clearance.request.meeting, clearance.closing
    message = messages.Clearance(
        clearance_id=str(clearance.id),
        state=messages.ClearanceState.Value(f"CLEARANCE_STATE_{clearance.seen_at(at).state.value}"),
        use=messages.RequestedUse(
            assessment_id=str(request.assessment_id),
            revision=request.revision,
            rendition=release_pb2.Rendition.Value(f"RENDITION_{request.rendition.value}"),
            party=request.party,
            mode=release_pb2.ReleaseMode.Value(f"RELEASE_MODE_{request.mode.value}"),
            series=request.series,
        ),
        originator=request.originator,
        agency=request.agency,
        reason=request.reason,
        asked_by=request.asked_by,
        asked_by_party=request.asked_by_party,
        asked_by_organisation=request.asked_by_organisation,
        overdue=clearance.is_overdue(at),
        etag=etag(clearance.aggregate_version),
    )
    message.asked_time.FromDatetime(request.asked_at.astimezone(UTC))
    message.needed_by_time.FromDatetime(request.needed_by.astimezone(UTC))
    if clearance.reminded_at is not None:
        message.reminded_time.FromDatetime(clearance.reminded_at)
    if meeting is not None:
        message.use.meeting.meeting_id = str(meeting.id)
        message.use.meeting.starts_time.FromDatetime(meeting.starts_at.astimezone(UTC))
        message.use.meeting.ends_time.FromDatetime(meeting.ends_at.astimezone(UTC))
    if closing is not None:
        message.closed_by, message.closing_words = closing.by, closing.words
        message.closed_time.FromDatetime(closing.at)
        message.consent_id = "" if closing.consent_id is None else str(closing.consent_id)
        if closing.tear_line is not None:
            message.tear_line.text = closing.tear_line.text if whole else ""
            message.tear_line.marking = closing.tear_line.marking
    return message


def _text_use(use: TextUse) -> messages.TextUse:
    message = messages.TextUse(
        assessment_id=str(use.assessment_id),
        revision=use.revision,
        rendition=release_pb2.Rendition.Value(f"RENDITION_{use.rendition.value}"),
        mode=release_pb2.ReleaseMode.Value(f"RELEASE_MODE_{use.mode.value}"),
        series=use.series,
        meeting_id=str(use.meeting_id),
    )
    message.used_time.FromDatetime(use.used_at)
    message.decided_time.FromDatetime(use.decided_at)
    return message
