"""Where forwarded items stand: rows of `proposal_origin`. Each is one party's own."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from services.agenda.domain.forwarding import ItemForward, ItemOrigin, OriginKind, PastStep
from services.agenda.domain.outcome_kinds import OutcomeKind
from services.agenda.domain.proposal import Proposal
from services.agenda.domain.refusals import AlreadyForwarded
from services.chassis.database import Transaction


async def insert_origin(tx: Transaction, proposal: Proposal, origin: ItemOrigin, to_meeting: UUID) -> None:
    """One living proposal an item and meeting: one that was withdrawn makes room.

    Raises `AlreadyForwarded`.
    """
    written = await tx.execute(
        """
        INSERT INTO proposal_origin
            (party, item_id, to_meeting_id, proposal_id, kind, series, meeting_id, source_id, history)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)
        ON CONFLICT (party, item_id, to_meeting_id) DO UPDATE SET proposal_id = EXCLUDED.proposal_id,
            kind = EXCLUDED.kind, series = EXCLUDED.series, meeting_id = EXCLUDED.meeting_id,
            source_id = EXCLUDED.source_id, history = EXCLUDED.history
        WHERE EXISTS (
            SELECT 1 FROM proposal WHERE id = proposal_origin.proposal_id AND state = 'WITHDRAWN')
        """,
        [
            proposal.party,
            origin.item_id,
            to_meeting,
            proposal.id,
            origin.kind,
            origin.series,
            origin.meeting_id,
            origin.source_id,
            Jsonb([_document(one) for one in origin.history]),
        ],
    )
    if written.rowcount == 0:
        raise AlreadyForwarded("the item is a proposal for that meeting", pointer="/meeting_id")


async def origins_of(tx: Transaction, proposal_ids: Sequence[UUID]) -> dict[UUID, ItemOrigin]:
    """By proposal, for those that were made of an item elsewhere."""
    cursor = await tx.execute(
        """
        SELECT proposal_id, kind, series, meeting_id, source_id, item_id, history FROM proposal_origin
        WHERE proposal_id = ANY(%s)
        """,
        [list(proposal_ids)],
    )
    return {
        row[0]: ItemOrigin(OriginKind(row[1]), row[2], row[3], row[4], row[5], tuple(map(_step, row[6])))
        for row in await cursor.fetchall()
    }


async def forwarded_from(tx: Transaction, party: str, meeting_id: UUID) -> dict[UUID, list[ItemForward]]:
    """Under each item of a meeting the living proposals for other meetings that a party made of it."""
    cursor = await tx.execute(
        """
        SELECT origin.item_id, proposal.id, proposal.series, origin.to_meeting_id
        FROM proposal_origin AS origin JOIN proposal ON proposal.id = origin.proposal_id
        WHERE origin.party = %s AND origin.meeting_id = %s AND proposal.state <> 'WITHDRAWN'
        ORDER BY proposal.proposed_at, proposal.id
        """,
        [party, meeting_id],
    )
    found: dict[UUID, list[ItemForward]] = {}
    for item_id, *made in await cursor.fetchall():
        found.setdefault(item_id, []).append(ItemForward(*made))
    return found


def _document(step: PastStep) -> dict[str, object]:
    return {
        "outcome_id": str(step.outcome_id),
        "meeting_id": str(step.meeting_id),
        "edition": step.edition,
        "kind": step.kind.value,
        "reason": step.reason,
    }


def _step(document: dict[str, Any]) -> PastStep:
    return PastStep(
        UUID(document["outcome_id"]),
        UUID(document["meeting_id"]),
        document["edition"],
        OutcomeKind(document["kind"]),
        document["reason"],
    )
