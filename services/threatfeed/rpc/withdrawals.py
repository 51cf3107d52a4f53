"""WithdrawalService over gRPC."""

from datetime import datetime
from typing import Any

from entente.exchange.v1 import release_pb2, withdrawal_pb2
from entente.threatfeed.v1 import withdrawal_service_pb2 as messages
from entente.threatfeed.v1 import withdrawal_service_pb2_grpc

from services.chassis.clock import Clock
from services.chassis.database import Database
from services.chassis.etags import etag, parse_etag
from services.chassis.rpc.requests import run_once
from services.chassis.rpc.server import Service
from services.kernel.parties import Role
from services.kernel.policy import Policy
from services.kernel.refusals import InvalidValue
from services.threatfeed.domain.paging import page_size, page_token, read_page_token
from services.threatfeed.domain.withdrawal_notices import (
    Acknowledgement,
    Handling,
    NoticeSelection,
    WithdrawalNotice,
)
from services.threatfeed.rpc.arguments import read_time, read_uuid, reader_of_call
from services.threatfeed.usecases.acknowledge_notice import (
    ANSWERERS,
    acknowledge_notice,
    state_acknowledgement,
)
from services.threatfeed.usecases.clearance_statements import ClearanceDesk, Signature, ToSign
from services.threatfeed.usecases.read_notices import (
    READERS,
    Listing,
    list_notices,
    list_recipients,
    read_notice,
)

_DESCRIPTOR = messages.DESCRIPTOR.services_by_name["WithdrawalService"]
ACCESS = {
    "ListWithdrawalNotices": READERS,
    "GetWithdrawalNotice": READERS,
    "StateAcknowledgement": ANSWERERS,
    "AcknowledgeWithdrawal": ANSWERERS,
    "ListWithdrawalRecipients": frozenset({Role.RELEASE_OFFICER}),
}


class WithdrawalServicer(withdrawal_service_pb2_grpc.WithdrawalServiceServicer):
    """Maps messages to use cases and back."""

    def __init__(self, database: Database, policy: Policy, clock: Clock, desk: ClearanceDesk) -> None:
        self._database = database
        self._policy = policy
        self._clock = clock
        self._desk = desk

    async def ListWithdrawalNotices(  # noqa: N802 the name is the contract's
        self, request: messages.ListWithdrawalNoticesRequest, _: Any
    ) -> messages.ListWithdrawalNoticesResponse:
        notices, token = await self._page(list_notices, "notices", request)
        return messages.ListWithdrawalNoticesResponse(notices=notices, next_page_token=token)

    async def ListWithdrawalRecipients(  # noqa: N802 the name is the contract's
        self, request: messages.ListWithdrawalRecipientsRequest, _: Any
    ) -> messages.ListWithdrawalRecipientsResponse:
        notices, token = await self._page(list_recipients, "recipients", request)
        return messages.ListWithdrawalRecipientsResponse(notices=notices, next_page_token=token)

    async def GetWithdrawalNotice(  # noqa: N802 the name is the contract's
        self, request: messages.GetWithdrawalNoticeRequest, _: Any
    ) -> messages.GetWithdrawalNoticeResponse:
        identity = read_uuid(request.notice_id, "/notice_id")
        found = await read_notice(self._database, reader_of_call(), identity, policy=self._policy)
        return messages.GetWithdrawalNoticeResponse(notice=_entry(found, self._clock()))

    async def StateAcknowledgement(  # noqa: N802 the name is the contract's
        self, request: messages.StateAcknowledgementRequest, _: Any
    ) -> messages.StateAcknowledgementResponse:
        reader, at = reader_of_call(), self._clock()
        identity, answer = read_uuid(request.notice_id, "/notice_id"), _answer(request)
        return await run_once(
            lambda once: state_acknowledgement(once, reader, identity, answer, desk=self._desk, at=at),
            lambda to_sign: messages.StateAcknowledgementResponse(statement=_statement(to_sign)),
            messages.StateAcknowledgementResponse,
            request=request,
            request_id=request.request_id,
            database=self._database,
            clock=self._clock,
        )

    async def AcknowledgeWithdrawal(  # noqa: N802 the name is the contract's
        self, request: messages.AcknowledgeWithdrawalRequest, _: Any
    ) -> messages.AcknowledgeWithdrawalResponse:
        reader, at = reader_of_call(), self._clock()
        identity, answer = read_uuid(request.notice_id, "/notice_id"), _answer(request)
        expected = parse_etag(request.etag, "/etag")
        stated = None
        if request.HasField("stated_time"):
            stated = read_time(request.stated_time, "/stated_time")
        signature = Signature(stated, request.jws)
        return await run_once(
            lambda once: acknowledge_notice(
                once, reader, identity, answer, expected, signature, desk=self._desk, at=at
            ),
            lambda notice: messages.AcknowledgeWithdrawalResponse(notice=_entry(notice, at)),
            messages.AcknowledgeWithdrawalResponse,
            request=request,
            request_id=request.request_id,
            database=self._database,
            clock=self._clock,
        )

    async def _page(
        self,
        use_case: Listing,
        what: str,
        request: messages.ListWithdrawalNoticesRequest | messages.ListWithdrawalRecipientsRequest,
    ) -> tuple[list[messages.WithdrawalNoticeEntry], str]:
        reader, at, selection = reader_of_call(), self._clock(), _selection(request.selection)
        asked = f"{reader.subject}|withdrawal-{what}|{selection.value}"
        page, position = await use_case(
            self._database,
            reader,
            selection,
            after=read_page_token(request.page_token, asked),
            size=page_size(request.page_size),
            policy=self._policy,
            at=at,
        )
        return [_entry(one, at) for one in page], page_token(position, asked)


def withdrawal_service(servicer: WithdrawalServicer) -> Service:
    return Service(
        name=_DESCRIPTOR.full_name,
        add=lambda server: withdrawal_service_pb2_grpc.add_WithdrawalServiceServicer_to_server(
            servicer, server
        ),
        access=ACCESS,
        methods=[method.name for method in _DESCRIPTOR.methods],
    )


def _selection(selection: "messages.NoticeSelection.ValueType") -> NoticeSelection:
    if not selection:
        return NoticeSelection.OUTSTANDING
    return NoticeSelection(messages.NoticeSelection.Name(selection).removeprefix("NOTICE_SELECTION_"))


def _answer(
    request: messages.StateAcknowledgementRequest | messages.AcknowledgeWithdrawalRequest,
) -> Acknowledgement:
    if not request.handling:
        raise InvalidValue("what became of the copies is needed", pointer="/handling")
    name = withdrawal_pb2.CopyHandling.Name(request.handling)
    return Acknowledgement(Handling(name.removeprefix("COPY_HANDLING_")), request.words)


def _statement(to_sign: ToSign) -> messages.AcknowledgementStatement:
    statement = to_sign.statement
    message = messages.AcknowledgementStatement(
        type=statement.type, payload=statement.payload.decode(), content_hash=statement.content_hash
    )
    message.stated_time.FromDatetime(to_sign.stated_at)
    return message


def _entry(notice: WithdrawalNotice, at: datetime) -> messages.WithdrawalNoticeEntry:
    text, found = notice.text, notice.acknowledged
    message = messages.WithdrawalNoticeEntry(
        notice_id=str(notice.id),
        series=notice.recipient.series,
        party=notice.recipient.party,
        assessment_id=str(text.assessment_id),
        revision=text.revision,
        rendition=release_pb2.Rendition.Value(f"RENDITION_{text.rendition.value}"),
        agency=notice.agency,
        cause=withdrawal_pb2.WithdrawalCause.Value(f"WITHDRAWAL_CAUSE_{notice.cause.value}"),
        state=messages.NoticeState.Value(f"NOTICE_STATE_{notice.state.value}"),
        overdue=notice.overdue(at),
        etag=etag(notice.aggregate_version),
    )
    message.shown_time.FromDatetime(text.shown_at)
    message.issued_time.FromDatetime(notice.issued_at)
    message.due_time.FromDatetime(notice.due_at)
    if found is not None:
        message.handling = withdrawal_pb2.CopyHandling.Value(f"COPY_HANDLING_{found.answer.handling.value}")
        message.words, message.acknowledged_by = found.answer.words, found.by
        message.acknowledged_time.FromDatetime(found.at)
    return message
