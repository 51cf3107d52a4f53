"""NoticeService over gRPC."""

from collections.abc import Mapping
from typing import Any

from entente.actions.v1 import notice_service_pb2, notice_service_pb2_grpc

from services.actions.domain.reminders import by_lead
from services.actions.rpc.calling import Methods
from services.actions.rpc.messages import encode_instant, read_id
from services.actions.rpc.parts import ActionParts, current_reader
from services.actions.usecases.acknowledge_notice import acknowledge_notice
from services.actions.usecases.read_digests import Reminded, list_digests, read_digest
from services.actions.usecases.read_notices import NoticeListing, Told, list_notices, read_notice
from services.chassis.rpc.server import Service
from services.kernel.escalation import ADDRESSABLE
from services.kernel.parties import Role

NAME = "entente.actions.v1.NoticeService"
ACCESS: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(
        ("ListNotices", "GetNotice", "AcknowledgeNotice"), frozenset(role.value for role in ADDRESSABLE)
    ),
    **dict.fromkeys(("ListDigests", "GetDigest"), frozenset({Role.OWNER.value})),
}


class NoticeServicer(Methods, notice_service_pb2_grpc.NoticeServiceServicer):
    """Maps messages to use cases and back."""

    async def ListNotices(  # noqa: N802 the name is the contract's
        self, request: notice_service_pb2.ListNoticesRequest, _: Any
    ) -> notice_service_pb2.ListNoticesResponse:
        parts = self._parts
        page = await list_notices(
            parts.database,
            current_reader(),
            NoticeListing(request.series, request.open_only, request.page_size, request.page_token),
            policy=parts.publication.policy,
            now=parts.clock(),
        )
        return notice_service_pb2.ListNoticesResponse(
            notices=[_encode(told) for told in page.notices], next_page_token=page.next_token
        )

    async def GetNotice(  # noqa: N802 the name is the contract's
        self, request: notice_service_pb2.GetNoticeRequest, _: Any
    ) -> notice_service_pb2.GetNoticeResponse:
        parts, notice_id = self._parts, read_id(request.notice_id, "/notice_id")
        told = await read_notice(
            parts.database,
            current_reader(),
            notice_id,
            policy=parts.publication.policy,
            now=parts.clock(),
        )
        return notice_service_pb2.GetNoticeResponse(notice=_encode(told))

    async def AcknowledgeNotice(  # noqa: N802 the name is the contract's
        self, request: notice_service_pb2.AcknowledgeNoticeRequest, _: Any
    ) -> notice_service_pb2.AcknowledgeNoticeResponse:
        reader, notice_id = current_reader(), read_id(request.notice_id, "/notice_id")
        changing = self._changing
        return await self._once(
            request,
            lambda once: acknowledge_notice(once, reader, notice_id, changing=changing),
            lambda told: notice_service_pb2.AcknowledgeNoticeResponse(notice=_encode(told)),
            notice_service_pb2.AcknowledgeNoticeResponse,
        )

    async def ListDigests(  # noqa: N802 the name is the contract's
        self, request: notice_service_pb2.ListDigestsRequest, _: Any
    ) -> notice_service_pb2.ListDigestsResponse:
        parts = self._parts
        page = await list_digests(
            parts.database,
            current_reader(),
            request.series,
            size=request.page_size,
            token=request.page_token,
            policy=parts.publication.policy,
            now=parts.clock(),
        )
        return notice_service_pb2.ListDigestsResponse(
            digests=[_digest(one) for one in page.digests], next_page_token=page.next_token
        )

    async def GetDigest(  # noqa: N802 the name is the contract's
        self, request: notice_service_pb2.GetDigestRequest, _: Any
    ) -> notice_service_pb2.GetDigestResponse:
        parts, digest_id = self._parts, read_id(request.digest_id, "/digest_id")
        found = await read_digest(
            parts.database,
            current_reader(),
            digest_id,
            policy=parts.publication.policy,
            now=parts.clock(),
        )
        return notice_service_pb2.GetDigestResponse(digest=_digest(found))


def _digest(reminded: Reminded) -> notice_service_pb2.Digest:
    digest, actions = reminded.digest, reminded.actions
    return notice_service_pb2.Digest(
        digest_id=str(digest.id),
        series=digest.series,
        party=digest.party,
        organisation=digest.organisation,
        sent_on=digest.sent_on.isoformat(),
        sent_at=encode_instant(digest.sent_at),
        groups=[
            notice_service_pb2.DigestGroup(
                post=post,
                subject=subject,
                entries=[
                    notice_service_pb2.DigestEntry(
                        action_id=str(entry.action_id),
                        reference=actions[entry.action_id].reference,
                        text=actions[entry.action_id].text,
                        marking=actions[entry.action_id].marking,
                        due_date=entry.due_date.isoformat(),
                        matters=[matter.value for matter in entry.matters],
                    )
                    for entry in entries
                ],
            )
            for post, subject, entries in by_lead(digest.entries)
        ],
    )


def _encode(told: Told) -> notice_service_pb2.Notice:
    notice, action, signed = told.notice, told.action, told.notice.acknowledged
    return notice_service_pb2.Notice(
        notice_id=str(notice.id),
        action_id=str(action.id),
        reference=action.reference,
        text=action.text,
        marking=action.marking,
        due_date=action.due_date.isoformat(),
        series=notice.series,
        trigger=notice.trigger.value,
        since=notice.since.isoformat(),
        step=notice.step.value,
        role=notice.role.value,
        organisations=notice.bodies,
        sent_on=notice.sent_on.isoformat(),
        sent_at=encode_instant(notice.sent_at),
        over=notice.ended_at is not None,
        acknowledged=None
        if signed is None
        else notice_service_pb2.NoticeAcknowledgement(
            official=signed.official, organisation=signed.organisation, at=encode_instant(signed.at)
        ),
    )


def notice_service(parts: ActionParts) -> Service:
    servicer = NoticeServicer(parts)
    methods = notice_service_pb2.DESCRIPTOR.services_by_name["NoticeService"].methods
    return Service(
        name=NAME,
        add=lambda server: notice_service_pb2_grpc.add_NoticeServiceServicer_to_server(servicer, server),
        access=ACCESS,
        methods=[method.name for method in methods],
    )
