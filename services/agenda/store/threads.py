"""Where an id lies on the thread, and which items hang together through the assessments they share."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.chassis.database import Transaction


@dataclass(frozen=True, slots=True)
class ItemPlace:
    """An item in a draft or on the table. `agenda_id` is None in a draft; `party` is whose it is."""

    item_id: UUID
    series: str
    party: str
    agenda_id: UUID | None


@dataclass(frozen=True, slots=True)
class ItemReference:
    item_id: UUID
    assessment_id: UUID
    revision: int


@dataclass(frozen=True, slots=True)
class ProposedItem:
    item_id: UUID
    title: str
    proposed_at: datetime


async def items_of_id(tx: Transaction, party: str, wanted: UUID) -> set[UUID]:
    """The items that an id names or leads to: its own, or those of an assessment, agenda, outcome or
    action. Of a whole agenda, those with a reference or an outcome; of drafts, those of the party.
    """
    cursor = await tx.execute(
        """
        SELECT item.id FROM draft_item AS item JOIN draft ON draft.id = item.draft_id
        WHERE item.id = %(id)s AND party = %(party)s
        UNION SELECT item_id FROM draft_reference JOIN draft ON draft.id = draft_reference.draft_id
        WHERE assessment_id = %(id)s AND party = %(party)s
        UNION SELECT item_id FROM agenda_item WHERE item_id = %(id)s
        UNION SELECT item_id FROM agenda_reference WHERE assessment_id = %(id)s OR agenda_id = %(id)s
        UNION SELECT item_id FROM outcome WHERE id = %(id)s OR action_id = %(id)s OR agenda_id = %(id)s
        """,
        {"id": wanted, "party": party},
    )
    return {item_id for (item_id,) in await cursor.fetchall()}


async def items_of_action(tx: Transaction, reference: str) -> set[UUID]:
    """The item of the action that people call so."""
    cursor = await tx.execute("SELECT item_id FROM outcome WHERE action_reference = %s", [reference])
    return {item_id for (item_id,) in await cursor.fetchall()}


async def places(tx: Transaction, item_ids: Iterable[UUID]) -> tuple[ItemPlace, ...]:
    cursor = await tx.execute(
        """
        SELECT item.id, draft.series, draft.party, NULL::uuid
        FROM draft_item AS item JOIN draft ON draft.id = item.draft_id WHERE item.id = ANY(%(ids)s)
        UNION ALL
        SELECT item.item_id, agenda.series, agenda.tabled_by, agenda.id
        FROM agenda_item AS item JOIN agenda ON agenda.id = item.agenda_id
        WHERE item.item_id = ANY(%(ids)s)
        """,
        {"ids": list(item_ids)},
    )
    return tuple(ItemPlace(*row) for row in await cursor.fetchall())


async def references_of(
    tx: Transaction, party: str, drafted: Sequence[UUID], tabled: Sequence[UUID]
) -> tuple[ItemReference, ...]:
    """The references of items, from the party's draft for those in `drafted`, from the table for `tabled`.

    An item may lie in the drafts of several parties: none of another party's is looked at.
    """
    cursor = await tx.execute(
        """
        SELECT item_id, assessment_id, revision FROM draft_reference
        JOIN draft ON draft.id = draft_reference.draft_id WHERE item_id = ANY(%s) AND party = %s
        UNION SELECT item_id, assessment_id, revision FROM agenda_reference WHERE item_id = ANY(%s)
        """,
        [list(drafted), party, list(tabled)],
    )
    return tuple(ItemReference(*row) for row in await cursor.fetchall())


async def items_sharing(tx: Transaction, party: str, assessment_ids: Iterable[UUID]) -> set[UUID]:
    """The items on the table, and those of the party's own drafts, that rest on any of the assessments."""
    cursor = await tx.execute(
        """
        SELECT item_id FROM draft_reference JOIN draft ON draft.id = draft_reference.draft_id
        WHERE assessment_id = ANY(%(ids)s) AND party = %(party)s
        UNION SELECT item_id FROM agenda_reference WHERE assessment_id = ANY(%(ids)s)
        """,
        {"ids": list(assessment_ids), "party": party},
    )
    return {item_id for (item_id,) in await cursor.fetchall()}


async def proposed_items(tx: Transaction, party: str, item_ids: Sequence[UUID]) -> tuple[ProposedItem, ...]:
    """The items as they stand in the party's own drafts."""
    cursor = await tx.execute(
        """
        SELECT item.id, title, proposed_at FROM draft_item AS item
        JOIN draft ON draft.id = item.draft_id WHERE item.id = ANY(%s) AND party = %s
        """,
        [list(item_ids), party],
    )
    return tuple(ProposedItem(*row) for row in await cursor.fetchall())
