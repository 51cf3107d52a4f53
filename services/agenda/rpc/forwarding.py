"""Methods by which a party's items go to another body of its own."""

from typing import Any, TypeVar

from entente.agenda.v1 import proposal_service_pb2 as messages
from google.protobuf.message import Message

from services.agenda.domain.forwarding import Forwarding, OriginKind
from services.agenda.rpc.arguments import read_banner, read_id
from services.agenda.rpc.calling import Methods
from services.agenda.rpc.parts import caller
from services.agenda.rpc.preparing import encode_proposal
from services.agenda.rpc.texts import read_codes, read_leads, read_line, read_note, read_references
from services.agenda.usecases.forward_item import ItemSource, forward_item

M = TypeVar("M", bound=Message)


class ForwardingMethods(Methods):
    """Maps messages to use cases and back."""

    async def ForwardDraftItem(  # noqa: N802 the name is the contract's
        self, request: messages.ForwardDraftItemRequest, _: Any
    ) -> messages.ForwardDraftItemResponse:
        draft_id, item_id = read_id(request.draft_id, "/draft_id"), read_id(request.item_id, "/item_id")
        source = ItemSource(OriginKind.DRAFT_ITEM, draft_id, item_id)
        return await self._forward(request, source, messages.ForwardDraftItemResponse)

    async def ForwardAgendaItem(  # noqa: N802 the name is the contract's
        self, request: messages.ForwardAgendaItemRequest, _: Any
    ) -> messages.ForwardAgendaItemResponse:
        agenda_id, item_id = read_id(request.agenda_id, "/agenda_id"), read_id(request.item_id, "/item_id")
        source = ItemSource(OriginKind.AGENDA_ITEM, agenda_id, item_id)
        return await self._forward(request, source, messages.ForwardAgendaItemResponse)

    async def _forward(self, request: Any, source: ItemSource, response: type[M]) -> M:
        reader, forwarding = caller(), _forwarding(request.item)
        meeting_id = read_id(request.item.meeting_id, "/item/meeting_id")
        proposing = self._parts.proposing()
        return await self._once(
            request,
            lambda once: forward_item(once, reader, source, meeting_id, forwarding, proposing=proposing),
            lambda view: response(proposal=encode_proposal(view)),
            response,
        )


def _forwarding(item: messages.ForwardedItem) -> Forwarding:
    """Raises `InvalidValue`."""
    return Forwarding(
        rationale=read_note(item.rationale, "/item/rationale"),
        title=read_line(item.title, "/item/title") if item.HasField("title") else None,
        marking=read_banner(item.marking) if item.HasField("marking") else None,
        commitments=read_codes(item.commitments.commitments, "/item/commitments")
        if item.HasField("commitments")
        else None,
        leads=read_leads(item.leads.leads, "/item/leads") if item.HasField("leads") else None,
        references=read_references(item.references.references) if item.HasField("references") else None,
    )
