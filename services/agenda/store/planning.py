"""A party's planning of its draft, and the items parked beside it."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from services.agenda.domain.assembly.planning import PlannedBreak, PlannedItem, Planning, Stretched
from services.agenda.domain.items import DraftItem, ItemContent
from services.agenda.domain.references import Reference
from services.agenda.domain.refusals import StaleVersion
from services.chassis.audit import AuditEntry, append
from services.chassis.database import Transaction
from services.kernel.release_terms import Mode, Rendition
from services.kernel.series import ItemKind, ItemPurpose


async def find_planning(tx: Transaction, draft_id: UUID) -> Planning:
    """The planning; one of version 0 where nothing was planned."""
    cursor = await tx.execute("SELECT version, document FROM draft_planning WHERE draft_id = %s", [draft_id])
    row = await cursor.fetchone()
    return Planning(0) if row is None else _read_planning(row[0], row[1])


async def put_planning(
    tx: Transaction, draft_id: UUID, planning: Planning, expected: int, audit: AuditEntry
) -> None:
    """Raises `StaleVersion`."""
    document = asdict(planning)
    del document["version"]
    written = await tx.execute(
        """
        INSERT INTO draft_planning (draft_id, version, document) VALUES (%(draft)s, %(version)s, %(document)s)
        ON CONFLICT (draft_id) DO UPDATE SET version = %(version)s, document = %(document)s
        WHERE draft_planning.version = %(expected)s
        """,
        {
            "draft": draft_id,
            "version": planning.version,
            "document": Jsonb(_plain(document)),
            "expected": expected,
        },
    )
    if written.rowcount == 0:
        raise StaleVersion("the planning has changed since it was read")
    await append(tx, audit)


async def parked_items(tx: Transaction, draft_id: UUID) -> tuple[DraftItem, ...]:
    """The items that wait, in their order."""
    cursor = await tx.execute(
        "SELECT document FROM draft_parked WHERE draft_id = %s ORDER BY place", [draft_id]
    )
    return tuple(_read_item(row[0]) for row in await cursor.fetchall())


async def park_items(tx: Transaction, draft_id: UUID, items: Sequence[DraftItem]) -> None:
    """These items wait, and no others; belongs to a change of the draft, whose audit entry speaks for it."""
    await tx.execute("DELETE FROM draft_parked WHERE draft_id = %s", [draft_id])
    async with tx.cursor() as cursor:
        await cursor.executemany(
            "INSERT INTO draft_parked (draft_id, place, item_id, document) VALUES (%s, %s, %s, %s)",
            [
                [draft_id, place, item.id, Jsonb(_plain(asdict(item)))]
                for place, item in enumerate(items, start=1)
            ],
        )


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value


def _read_planning(version: int, document: Mapping[str, Any]) -> Planning:
    return Planning(
        version=version,
        windows=tuple(_stretched(entry) for entry in document["windows"]),
        breaks=tuple(_stretched(entry) for entry in document["breaks"]),
        movable_breaks=tuple(
            PlannedBreak(entry["id"], entry["minutes"], _at(entry["earliest"]), _at(entry["latest"]))
            for entry in document["movable_breaks"]
        ),
        sections=tuple(document["sections"]),
        orders=tuple((UUID(one), UUID(other)) for one, other in document["orders"]),
        lead_minutes=document["lead_minutes"],
        lead_count=document["lead_count"],
        commitments=tuple(document["commitments"]),
        gap=document["gap"],
        items=tuple(_planned_item(entry) for entry in document["items"]),
    )


def _stretched(entry: Mapping[str, Any]) -> Stretched:
    return Stretched(entry["id"], _at(entry["starts_at"]), _at(entry["ends_at"]))


def _planned_item(entry: Mapping[str, Any]) -> PlannedItem:
    changed = {
        "item": UUID(entry["item"]),
        "present": tuple((_at(start), _at(end)) for start, end in entry["present"]),
        "starts_at": None if entry["starts_at"] is None else _at(entry["starts_at"]),
    }
    return PlannedItem(**{**entry, **changed})


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _read_item(document: Mapping[str, Any]) -> DraftItem:
    content = document["content"]
    return DraftItem(
        id=UUID(document["id"]),
        content=ItemContent(
            **{
                **content,
                "kind": ItemKind(content["kind"]),
                "purpose": ItemPurpose(content["purpose"]),
                "commitments": tuple(content["commitments"]),
                "references": tuple(
                    Reference(
                        UUID(entry["assessment_id"]),
                        entry["revision"],
                        Rendition(entry["rendition"]),
                        Mode(entry["mode"]),
                    )
                    for entry in content["references"]
                ),
            }
        ),
        action_ids=tuple(UUID(entry) for entry in document["action_ids"]),
        proposed_at=_at(document["proposed_at"]),
        traceparent=document["traceparent"],
    )
