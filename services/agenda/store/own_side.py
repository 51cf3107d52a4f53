"""One side's comments on its draft, and its briefs and speaking notes for a meeting."""

from uuid import UUID

from services.agenda.domain.own_side import Brief, Comment
from services.agenda.domain.refusals import StaleVersion
from services.chassis.audit import AuditEntry, append
from services.chassis.database import Transaction


async def insert_comment(tx: Transaction, draft_id: UUID, comment: Comment, audit: AuditEntry) -> None:
    await tx.execute(
        """
        INSERT INTO draft_comment (id, draft_id, item_id, text, organisation, official, at)
        VALUES (%s, %s, %s, %s, %s, %s, %s)
        """,
        [
            comment.id,
            draft_id,
            comment.item_id,
            comment.text,
            comment.organisation,
            comment.official,
            comment.at,
        ],
    )
    await append(tx, audit)


async def comments_on(tx: Transaction, draft_id: UUID) -> tuple[Comment, ...]:
    """In the order in which they were made."""
    cursor = await tx.execute(
        """
        SELECT id, item_id, text, organisation, official, at FROM draft_comment
        WHERE draft_id = %s ORDER BY at, id
        """,
        [draft_id],
    )
    return tuple(Comment(*row) for row in await cursor.fetchall())


async def write_brief(tx: Transaction, brief: Brief, expected: int, audit: AuditEntry) -> None:
    """Version 0 is that of a brief that nobody has written. Raises `StaleVersion`."""
    written = await tx.execute(
        """
        INSERT INTO item_brief
            (meeting_id, party, item_id, brief, speaking_notes, marking, official, at, version)
        VALUES (%(meeting)s, %(party)s, %(item)s, %(brief)s, %(notes)s, %(marking)s, %(official)s, %(at)s, 1)
        ON CONFLICT DO NOTHING
        """
        if expected == 0
        else """
        UPDATE item_brief SET brief = %(brief)s, speaking_notes = %(notes)s, marking = %(marking)s,
            official = %(official)s, at = %(at)s, version = version + 1
        WHERE meeting_id = %(meeting)s AND party = %(party)s AND item_id = %(item)s AND version = %(expected)s
        """,
        {
            "meeting": brief.meeting_id,
            "party": brief.party,
            "item": brief.item_id,
            "brief": brief.brief,
            "notes": brief.speaking_notes,
            "marking": brief.marking,
            "official": brief.official,
            "at": brief.at,
            "expected": expected,
        },
    )
    if written.rowcount == 0:
        raise StaleVersion("the brief has changed since it was read")
    await append(tx, audit)


async def briefs_of(tx: Transaction, meeting_id: UUID, party: str) -> tuple[Brief, ...]:
    cursor = await tx.execute(
        """
        SELECT meeting_id, party, item_id, brief, speaking_notes, marking, official, at, version
        FROM item_brief WHERE meeting_id = %s AND party = %s ORDER BY item_id
        """,
        [meeting_id, party],
    )
    return tuple(Brief(*row) for row in await cursor.fetchall())


async def holds_item(tx: Transaction, meeting_id: UUID, party: str, item_id: UUID) -> bool:
    """Whether an item lies in the party's own draft or in a version that was on the table."""
    cursor = await tx.execute(
        """
        SELECT 1 FROM draft_item AS item JOIN draft ON draft.id = item.draft_id
        WHERE item.id = %(item)s AND meeting_id = %(meeting)s AND party = %(party)s
        UNION ALL
        SELECT 1 FROM agenda_item AS item JOIN agenda ON agenda.id = item.agenda_id
        WHERE item.item_id = %(item)s AND meeting_id = %(meeting)s
        LIMIT 1
        """,
        {"item": item_id, "meeting": meeting_id, "party": party},
    )
    return await cursor.fetchone() is not None
