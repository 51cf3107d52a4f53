"""A secretariat takes an item out of its draft, or out of what waits beside it."""

from uuid import UUID

from services.agenda.domain.draft import Draft
from services.agenda.store.planning import park_items, parked_items
from services.agenda.usecases.access import audit_of
from services.agenda.usecases.drafting import (
    Drafting,
    DraftView,
    draft_to_change,
    follow_in_planning,
    put_draft,
    require_version,
    view_draft,
)
from services.chassis.database import Transaction
from services.chassis.once import Once
from services.kernel.parties import Reader


async def remove_item(
    once: Once[DraftView],
    reader: Reader,
    draft_id: UUID,
    item_id: UUID,
    expected: int,
    *,
    drafting: Drafting,
) -> DraftView:
    """What was planned of the item goes with it, so that the draft can be assembled without it.

    Raises `NoAccess`, `StaleVersion`, `UnknownItem` or `StandingItemKept`.
    """
    now = drafting.clock()
    async with once.transaction() as tx:
        draft = await draft_to_change(tx, reader, draft_id, drafting.policy)
        await require_version(tx, draft, expected)
        changed = await _without(tx, draft, item_id)
        audit = audit_of(once, reader, "draft.item-removed", "draft", draft.id, now, item_id=str(item_id))
        await put_draft(tx, changed, expected, audit)
        await follow_in_planning(tx, once, reader, draft.id, lambda planning: planning.without(item_id), now)
        return await once.answer(tx, await view_draft(tx, reader, changed, drafting.policy, link=item_id))


async def _without(tx: Transaction, draft: Draft, item_id: UUID) -> Draft:
    """Raises `UnknownItem` or `StandingItemKept`."""
    parked = await parked_items(tx, draft.id)
    left = [item for item in parked if item.id != item_id]
    if len(left) == len(parked):
        return draft.without_item(item_id)
    await park_items(tx, draft.id, left)
    return draft.with_less_waiting()
