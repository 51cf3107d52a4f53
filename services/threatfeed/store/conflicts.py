"""Keeps what only a human can settle: one version with two contents, versions that cannot be ordered."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from services.chassis.audit import AuditEntry, append_all
from services.chassis.database import Transaction
from services.kernel.identifiers import conflict_id
from services.threatfeed.domain.assessment import Assessment, VersionKey, VersionScheme
from services.threatfeed.domain.conflicts import Alternative, Conflict, ConflictState
from services.threatfeed.domain.documents import revision_from_document
from services.threatfeed.domain.revisions import Decision
from services.threatfeed.domain.status import Choice, Choices, ConflictCause


def _identity(decision: Decision) -> UUID:
    """A changed way of counting is one conflict of the whole assessment, whatever version showed it."""
    revision = decision.incoming
    version = revision.source.version
    if decision.conflict is ConflictCause.VERSION_SCHEME:
        return conflict_id(str(revision.assessment_id))
    return conflict_id(str(revision.assessment_id), version.scheme.value, str(version.ordinal))


async def open_conflicts(tx: Transaction, decisions: Sequence[Decision], at: datetime) -> None:
    """Adds the conflicts that the decisions found; one that was settled is open again. The contents are
    recorded, and audited, with the other revisions.
    """
    if not decisions:
        return
    async with tx.cursor() as cursor:
        await cursor.executemany(
            """
            INSERT INTO revision_conflict (conflict_id, assessment_id, cause, version_scheme, version_ordinal,
                version_text, state, opened_at, aggregate_version)
            VALUES (%s, %s, %s, %s, %s, %s, 'OPEN', %s, 1)
            ON CONFLICT (conflict_id) DO UPDATE SET state = 'OPEN',
                aggregate_version = revision_conflict.aggregate_version + 1
            """,
            [
                (
                    _identity(decision),
                    decision.incoming.assessment_id,
                    decision.conflict,
                    version.scheme.value,
                    version.ordinal,
                    version.text,
                    at,
                )
                for decision in decisions
                for version in (decision.incoming.source.version,)
            ],
        )


async def choices_of(tx: Transaction, assessments: Sequence[UUID]) -> dict[UUID, Choices]:
    """What humans chose for the assessments; those for which nobody did are absent."""
    if not assessments:
        return {}
    cursor = await tx.execute(
        """
        SELECT assessment_id, cause, version_scheme, version_ordinal, chosen, chosen_among
        FROM revision_conflict WHERE assessment_id = ANY(%s) AND chosen IS NOT NULL
        """,
        [list(assessments)],
    )
    contents: dict[UUID, dict[VersionKey, Choice[str]]] = {}
    schemes: dict[UUID, Choice[VersionScheme]] = {}
    for assessment_id, cause, scheme, ordinal, chosen, among in await cursor.fetchall():
        if cause == ConflictCause.VERSION_SCHEME:
            schemes[assessment_id] = Choice(VersionScheme(chosen), frozenset(map(VersionScheme, among)))
        else:
            version = VersionKey(VersionScheme(scheme), int(ordinal), "")
            contents.setdefault(assessment_id, {})[version] = Choice(chosen, frozenset(among))
    return {key: Choices(contents.get(key, {}), schemes.get(key)) for key in contents.keys() | schemes.keys()}


_COLUMNS = """
    conflict_id, assessment_id, agency, party, object_id, revision_conflict.cause,
    revision_conflict.version_scheme, revision_conflict.version_ordinal, revision_conflict.version_text,
    revision_conflict.state, opened_at, chosen, chosen_among, reason, resolved_by, resolved_at,
    revision_conflict.aggregate_version
"""


async def find_conflict(tx: Transaction, identity: UUID, *, lock: bool = False) -> Conflict | None:
    cursor = await tx.execute(
        f"""
        SELECT {_COLUMNS} FROM revision_conflict JOIN assessment USING (assessment_id)
        WHERE conflict_id = %s {"FOR UPDATE OF revision_conflict" if lock else ""}
        """,  # noqa: S608 nothing of a caller's is in it
        [identity],
    )
    row = await cursor.fetchone()
    return None if row is None else _conflict(row)


async def page_of_conflicts(
    tx: Transaction, state: ConflictState, party: str | None, after: tuple[datetime, UUID] | None, limit: int
) -> list[Conflict]:
    """The conflicts of one state, the oldest first, of one party's agencies where a party is given."""
    cursor = await tx.execute(
        f"""
        SELECT {_COLUMNS} FROM revision_conflict JOIN assessment USING (assessment_id)
        WHERE revision_conflict.state = %(state)s
          AND (%(party)s::text IS NULL OR party = %(party)s)
          AND (%(at)s::timestamptz IS NULL OR (opened_at, conflict_id) > (%(at)s, %(id)s::uuid))
        ORDER BY opened_at, conflict_id LIMIT %(limit)s
        """,  # noqa: S608 the columns are a constant
        {
            "state": state.value,
            "party": party,
            "at": after and after[0],
            "id": after and after[1],
            "limit": limit,
        },
    )
    return [_conflict(row) for row in await cursor.fetchall()]


async def count_open_conflicts(tx: Transaction) -> dict[str, int]:
    """How many wait for a human, by agency; an agency without any is absent."""
    cursor = await tx.execute(
        """
        SELECT agency, count(*) FROM revision_conflict JOIN assessment USING (assessment_id)
        WHERE revision_conflict.state = 'OPEN' GROUP BY agency
        """
    )
    return {agency: int(count) for agency, count in await cursor.fetchall()}


async def alternatives_of(tx: Transaction, conflict: Conflict) -> list[Alternative]:
    """What is to be chosen from: the contents of the version, or the newest of each way of counting."""
    if conflict.cause is ConflictCause.CONTENT:
        cursor = await tx.execute(
            """
            SELECT shown.document, held.content_sha256, held.received_at FROM assessment_revision AS held
            JOIN LATERAL (
                SELECT document FROM assessment_revision AS other
                WHERE other.assessment_id = held.assessment_id
                  AND other.content_sha256 = held.content_sha256 AND document IS NOT NULL
                ORDER BY version_ordinal DESC LIMIT 1
            ) AS shown ON true
            WHERE assessment_id = %s AND version_scheme = %s AND version_ordinal = %s
            ORDER BY held.content_sha256
            """,
            [conflict.assessment_id, conflict.version.scheme.value, conflict.version.ordinal],
        )
    else:
        cursor = await tx.execute(
            """
            SELECT DISTINCT ON (version_scheme) document, content_sha256, received_at
            FROM assessment_revision WHERE assessment_id = %s AND document IS NOT NULL
            ORDER BY version_scheme, version_ordinal DESC, content_sha256
            """,
            [conflict.assessment_id],
        )
    return [
        Alternative(revision_from_document(document), sha256, received_at)
        for document, sha256, received_at in await cursor.fetchall()
    ]


async def record_choice(tx: Transaction, conflict: Conflict, audit: AuditEntry) -> None:
    """Stores a conflict whose row is locked, as a human settled it."""
    await tx.execute(
        """
        UPDATE revision_conflict SET state = %s, chosen = %s, chosen_among = %s, reason = %s,
            resolved_by = %s, resolved_at = %s, aggregate_version = %s
        WHERE conflict_id = %s
        """,
        [
            conflict.state.value,
            conflict.chosen,
            list(conflict.among),
            conflict.reason,
            conflict.resolved_by,
            conflict.resolved_at,
            conflict.aggregate_version,
            conflict.id,
        ],
    )
    await append_all(tx, [audit])


async def content_of(tx: Transaction, assessment_id: UUID, sha256: str) -> Assessment:
    """The content with that digest, which must be held."""
    cursor = await tx.execute(
        """
        SELECT document FROM assessment_revision
        WHERE assessment_id = %s AND content_sha256 = %s AND document IS NOT NULL
        ORDER BY version_ordinal DESC LIMIT 1
        """,
        [assessment_id, sha256],
    )
    row = await cursor.fetchone()
    content = None if row is None else revision_from_document(row[0])
    if not isinstance(content, Assessment):
        raise LookupError(f"no content of {assessment_id} has the digest")
    return content


async def number_content(tx: Transaction, assessment_id: UUID, sha256: str, revision: int) -> None:
    """Gives a content a new number; references under an earlier one go on to mean it."""
    await tx.execute(
        """
        UPDATE assessment_revision SET revision = %(revision)s,
            earlier_revisions = CASE WHEN revision IS NULL THEN earlier_revisions
                                     ELSE earlier_revisions || revision END
        WHERE (assessment_id, version_scheme, version_ordinal, alternative) = (
            SELECT assessment_id, version_scheme, version_ordinal, alternative FROM assessment_revision
            WHERE assessment_id = %(assessment_id)s AND content_sha256 = %(sha256)s
              AND document IS NOT NULL
            ORDER BY version_ordinal DESC LIMIT 1
        )
        """,
        {"assessment_id": assessment_id, "sha256": sha256, "revision": revision},
    )


def _conflict(row: tuple[Any, ...]) -> Conflict:
    (identity, assessment_id, agency, party, object_id, cause, scheme, ordinal, text, state, *rest) = row
    opened_at, chosen, among, reason, resolved_by, resolved_at, aggregate_version = rest
    return Conflict(
        id=identity,
        assessment_id=assessment_id,
        agency=agency,
        party=party,
        object_id=object_id,
        cause=ConflictCause(cause),
        version=VersionKey(VersionScheme(scheme), int(ordinal), text),
        state=ConflictState(state),
        opened_at=opened_at,
        chosen=chosen,
        among=tuple(among),
        reason=reason,
        resolved_by=resolved_by,
        resolved_at=resolved_at,
        aggregate_version=aggregate_version,
    )
