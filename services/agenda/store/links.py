"""Private links: rows of `action_link`. Every question names the party whose links they are."""

from uuid import UUID

from services.agenda.domain.action_links import ActionLink, LinkedAction, LinkExists
from services.chassis.audit import AuditEntry, append
from services.chassis.database import Transaction


async def insert_link(tx: Transaction, link: ActionLink, official: str, audit: AuditEntry) -> None:
    """Raises `LinkExists`."""
    inserted = await tx.execute(
        """
        INSERT INTO action_link (id, party, one, other, note, official, linked_at)
        VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING
        """,
        [link.id, link.party, link.one, link.other, link.note, official, link.linked_at],
    )
    if inserted.rowcount == 0:
        raise LinkExists("the party has linked the two")
    await append(tx, audit)


async def delete_link(tx: Transaction, link_id: UUID, audit: AuditEntry) -> None:
    await tx.execute("DELETE FROM action_link WHERE id = %s", [link_id])
    await append(tx, audit)


async def links_of(tx: Transaction, party: str) -> tuple[ActionLink, ...]:
    """A party's links, oldest first."""
    cursor = await tx.execute(
        """
        SELECT id, party, one, other, note, linked_at FROM action_link WHERE party = %s
        ORDER BY linked_at, id
        """,
        [party],
    )
    return tuple(ActionLink(*row) for row in await cursor.fetchall())


async def linked_action(tx: Transaction, action_id: UUID) -> LinkedAction | None:
    """An action as it now stands."""
    cursor = await tx.execute(
        """
        SELECT action_id, reference, series, open, state, due_date, text, marking FROM action_state
        WHERE action_id = %s
        """,
        [action_id],
    )
    row = await cursor.fetchone()
    return LinkedAction(*row) if row else None
