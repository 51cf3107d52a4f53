"""Minutes: every revision of every section, comments, and who accepted which revision."""

from uuid import UUID

from services.agenda.domain.minutes import Comment, Section, SectionText
from services.agenda.domain.refusals import StaleVersion
from services.chassis.audit import AuditEntry, append
from services.chassis.database import Transaction


async def insert_revision(
    tx: Transaction, meeting_id: UUID, text: SectionText, official: str, audit: AuditEntry
) -> None:
    """Raises `StaleVersion` where another has written the same revision."""
    written = await tx.execute(
        """
        INSERT INTO minutes_section
            (meeting_id, section, revision, text, marking, party, official, written_at)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING
        """,
        [
            meeting_id,
            text.section,
            text.revision,
            text.text,
            text.marking,
            text.party,
            official,
            text.written_at,
        ],
    )
    if written.rowcount == 0:
        raise StaleVersion("the section has been written anew since it was read")
    await append(tx, audit)


async def insert_acceptance(
    tx: Transaction, meeting_id: UUID, text: SectionText, party: str, official: str, audit: AuditEntry
) -> None:
    await tx.execute(
        """
        INSERT INTO minutes_acceptance (meeting_id, section, revision, party, official, accepted_at)
        VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING
        """,
        [meeting_id, text.section, text.revision, party, official, audit.at],
    )
    await append(tx, audit)


async def insert_comment(tx: Transaction, meeting_id: UUID, comment: Comment, audit: AuditEntry) -> None:
    await tx.execute(
        """
        INSERT INTO minutes_comment
            (id, meeting_id, section, revision, party, organisation, text, made_at)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
        """,
        [
            comment.id,
            meeting_id,
            comment.section,
            comment.revision,
            comment.party,
            comment.organisation,
            comment.text,
            comment.made_at,
        ],
    )
    await append(tx, audit)


async def sections_of(tx: Transaction, meeting_id: UUID, keys: tuple[str, ...]) -> tuple[Section, ...]:
    """The sections of a meeting's minutes, also those that nobody has written yet."""
    cursor = await tx.execute(
        """
        SELECT section, revision, text, marking, party, written_at FROM minutes_section
        WHERE meeting_id = %s ORDER BY section, revision
        """,
        [meeting_id],
    )
    texts: dict[str, list[SectionText]] = {}
    for row in await cursor.fetchall():
        texts.setdefault(row[0], []).append(SectionText(*row))
    found = await tx.execute(
        "SELECT section, revision, party FROM minutes_acceptance WHERE meeting_id = %s", [meeting_id]
    )
    accepted: dict[tuple[str, int], set[str]] = {}
    for section, revision, party in await found.fetchall():
        accepted.setdefault((section, revision), set()).add(party)
    said = await tx.execute(
        """
        SELECT id, section, revision, party, organisation, text, made_at FROM minutes_comment
        WHERE meeting_id = %s ORDER BY made_at, id
        """,
        [meeting_id],
    )
    comments = [Comment(*row) for row in await said.fetchall()]
    return tuple(
        Section(
            key=key,
            revisions=tuple(texts.get(key, ())),
            accepted=frozenset(accepted.get((key, len(texts.get(key, ()))), ())),
            comments=tuple(comment for comment in comments if comment.section == key),
        )
        for key in keys
    )
