"""Drafts with their items and references."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from services.agenda.domain.draft import Draft, ItemChange, changes_between
from services.agenda.domain.history.changes import item_differences
from services.agenda.domain.items import DraftItem, ItemContent
from services.agenda.domain.references import Reference
from services.agenda.domain.refusals import DraftExists, StaleVersion
from services.chassis.audit import AuditEntry, append
from services.chassis.database import Transaction
from services.kernel.release_terms import Mode, Rendition
from services.kernel.series import ItemKind, ItemPurpose


async def insert_draft(tx: Transaction, draft: Draft, audit: AuditEntry) -> None:
    """Raises `DraftExists` where the party has a draft for the meeting."""
    inserted = await tx.execute(
        """
        INSERT INTO draft (id, meeting_id, series, party, version) VALUES (%s, %s, %s, %s, %s)
        ON CONFLICT DO NOTHING
        """,
        [draft.id, draft.meeting_id, draft.series, draft.party, draft.version],
    )
    if inserted.rowcount == 0:
        raise DraftExists("your party has a draft for this meeting")
    await _write_items(tx, draft)
    await append(tx, audit)


async def update_draft(tx: Transaction, draft: Draft, expected: int, audit: AuditEntry) -> None:
    """With a record of what it changes, for who comes with an older version. Raises `StaleVersion`."""
    updated = await tx.execute(
        "UPDATE draft SET version = %s WHERE id = %s AND version = %s",
        [draft.version, draft.id, expected],
    )
    if updated.rowcount == 0:
        raise StaleVersion("the draft has changed since it was read")
    before = await _items(tx, draft.id)
    await tx.execute("DELETE FROM draft_item WHERE draft_id = %s", [draft.id])
    await _write_items(tx, draft)
    async with tx.cursor() as cursor:
        await cursor.executemany(
            """
            INSERT INTO draft_change (draft_id, version, place, item_id, kind, fields, official, at)
            VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
            """,
            [
                [
                    draft.id,
                    draft.version,
                    place,
                    change.item_id,
                    change.kind,
                    list(change.fields),
                    audit.actor,
                    audit.at,
                ]
                for place, change in enumerate(changes_between(before, draft.items))
            ],
        )
    changed = {**audit.detail, "items": item_differences(before, draft.items)}
    await append(tx, replace(audit, detail=changed))


async def changes_since(tx: Transaction, draft_id: UUID, version: int) -> tuple[ItemChange, ...]:
    """What was changed after a version, oldest first."""
    cursor = await tx.execute(
        """
        SELECT version, item_id, kind, fields, official, at FROM draft_change
        WHERE draft_id = %s AND version > %s ORDER BY version, place
        """,
        [draft_id, version],
    )
    return tuple(
        ItemChange(row[1], row[2], tuple(row[3]), row[0], row[4], row[5]) for row in await cursor.fetchall()
    )


async def _write_items(tx: Transaction, draft: Draft) -> None:
    async with tx.cursor() as cursor:
        await cursor.executemany(
            """
            INSERT INTO draft_item
                (id, draft_id, position, title, kind, purpose, minutes, leads, commitments, theme,
                 marking, action_ids, proposed_at, traceparent)
            VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
            """,
            [
                [
                    item.id,
                    draft.id,
                    position,
                    item.content.title,
                    item.content.kind,
                    item.content.purpose,
                    item.content.minutes,
                    Jsonb(dict(item.content.leads)),
                    list(item.content.commitments),
                    item.content.theme,
                    item.content.marking,
                    list(item.action_ids),
                    item.proposed_at,
                    item.traceparent,
                ]
                for position, item in enumerate(draft.items, start=1)
            ],
        )
        await cursor.executemany(
            """
            INSERT INTO draft_reference (draft_id, item_id, place, assessment_id, revision, rendition, mode)
            VALUES (%s, %s, %s, %s, %s, %s, %s)
            """,
            [
                [
                    draft.id,
                    item.id,
                    place,
                    reference.assessment_id,
                    reference.revision,
                    reference.rendition,
                    reference.mode,
                ]
                for item in draft.items
                for place, reference in enumerate(item.content.references)
            ],
        )


async def find_draft(tx: Transaction, draft_id: UUID, *, lock: bool = False) -> Draft | None:
    cursor = await tx.execute(
        "SELECT id, meeting_id, series, party, version FROM draft WHERE id = %s"  # noqa: S608
        f" {'FOR UPDATE' if lock else ''}",
        [draft_id],
    )
    row = await cursor.fetchone()
    if row is None:
        return None
    identity, meeting_id, series, party, version = row
    return Draft(identity, meeting_id, series, party, version, await _items(tx, identity))


async def draft_of_party(tx: Transaction, meeting_id: UUID, party: str) -> Draft | None:
    """The one draft that a party has for a meeting."""
    cursor = await tx.execute(
        "SELECT id FROM draft WHERE meeting_id = %s AND party = %s", [meeting_id, party]
    )
    row = await cursor.fetchone()
    return await find_draft(tx, row[0]) if row is not None else None


async def _items(tx: Transaction, draft_id: UUID) -> tuple[DraftItem, ...]:
    async with tx.cursor(row_factory=dict_row) as cursor:
        await cursor.execute("SELECT * FROM draft_item WHERE draft_id = %s ORDER BY position", [draft_id])
        rows = await cursor.fetchall()
        await cursor.execute(
            "SELECT * FROM draft_reference WHERE draft_id = %s ORDER BY item_id, place", [draft_id]
        )
        references: dict[UUID, list[Reference]] = {}
        for row in await cursor.fetchall():
            references.setdefault(row["item_id"], []).append(_reference(row))
    return tuple(_item(row, references.get(row["id"], [])) for row in rows)


def _reference(row: Mapping[str, Any]) -> Reference:
    return Reference(row["assessment_id"], row["revision"], Rendition(row["rendition"]), Mode(row["mode"]))


def _item(row: Mapping[str, Any], references: Sequence[Reference]) -> DraftItem:
    return DraftItem(
        id=row["id"],
        content=ItemContent(
            title=row["title"],
            kind=ItemKind(row["kind"]),
            purpose=ItemPurpose(row["purpose"]),
            minutes=row["minutes"],
            leads=row["leads"],
            commitments=tuple(row["commitments"]),
            theme=row["theme"],
            marking=row["marking"],
            references=tuple(references),
        ),
        action_ids=tuple(row["action_ids"]),
        proposed_at=row["proposed_at"],
        traceparent=row["traceparent"],
    )
