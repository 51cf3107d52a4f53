"""Reads assessments as they stand, and keeps the decisions on their release."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import repeat
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from services.chassis.audit import AuditEntry, append_all
from services.chassis.database import Transaction
from services.kernel.parties import Audience
from services.kernel.release_terms import Decision, RevisionState
from services.kernel.themes import ThemeAssignment
from services.threatfeed.domain.assessment import Assessment
from services.threatfeed.domain.documents import revision_from_document


@dataclass(frozen=True, slots=True)
class Held:
    """One revision with content, and what has become of it; `cause` says why it does not stand."""

    content: Assessment
    revision: int
    state: RevisionState
    cause: str | None
    current_revision: int
    party: str
    traceparent: str | None


_COLUMNS = """
    assessment_revision.document, assessment_revision.revision, assessment.state, assessment.cause,
    assessment.revision, assessment.party, assessment.traceparent,
    assessment.themes, assessment.theme_rules, assessment.line_themes, assessment.line_theme_rules,
    assessment.rules_version
"""


async def find_revision(tx: Transaction, assessment_id: UUID, revision: int) -> Held | None:
    """A revision by number, 0 for the newest; None where there is none.

    Where the originator says two things at once, none is the newest.
    """
    cursor = await tx.execute(
        f"""
        SELECT {_COLUMNS} FROM assessment JOIN assessment_revision USING (assessment_id)
        WHERE assessment_id = %(id)s AND CASE %(revision)s
            WHEN 0 THEN assessment_revision.revision = assessment.revision
                AND (assessment.state IN ('ACTIVE', 'EXPIRED') OR NOT EXISTS (
                    SELECT 1 FROM revision_conflict
                    WHERE revision_conflict.assessment_id = %(id)s AND revision_conflict.state = 'OPEN'))
            ELSE assessment_revision.revision = %(revision)s
                OR %(revision)s = ANY (assessment_revision.earlier_revisions)
            END
        """,  # noqa: S608 the columns are a constant
        {"id": assessment_id, "revision": revision},
    )
    row = await cursor.fetchone()
    if row is None:
        return None
    # A content that was chosen again answers to its earlier number as well.
    return replace(_held(row), revision=revision) if revision else _held(row)


async def find_revisions(tx: Transaction, assessment_id: UUID) -> list[Held]:
    """Every revision that ever was current, oldest first."""
    cursor = await tx.execute(
        f"""
        SELECT {_COLUMNS} FROM assessment JOIN assessment_revision USING (assessment_id)
        WHERE assessment_id = %s AND assessment_revision.revision IS NOT NULL
        ORDER BY assessment_revision.revision
        """,  # noqa: S608 the columns are a constant
        [assessment_id],
    )
    return [_held(row) for row in await cursor.fetchall()]


async def find_latest(tx: Transaction, assessments: Sequence[UUID]) -> list[Held]:
    """The latest revision with content of each, by id; those that never had any are absent."""
    cursor = await tx.execute(
        f"""
        SELECT {_COLUMNS} FROM assessment JOIN assessment_revision USING (assessment_id, revision)
        WHERE assessment_id = ANY(%s) ORDER BY assessment_id
        """,  # noqa: S608 the columns are a constant
        [list(assessments)],
    )
    return [_held(row) for row in await cursor.fetchall()]


async def find_source(tx: Transaction, assessment_id: UUID, version: str | None) -> Held | None:
    """The revision that was published as a version; without one, the latest that was current.

    Of two contents of one version the one that was chosen, and none while a human has still to choose.
    """
    if version is None:
        return await find_revision(tx, assessment_id, 0)
    cursor = await tx.execute(
        f"""
        SELECT {_COLUMNS} FROM assessment JOIN assessment_revision USING (assessment_id)
        LEFT JOIN revision_conflict ON revision_conflict.assessment_id = assessment.assessment_id
            AND revision_conflict.cause = 'CONTENT'
            AND revision_conflict.version_scheme = assessment_revision.version_scheme
            AND revision_conflict.version_ordinal = assessment_revision.version_ordinal
        WHERE assessment.assessment_id = %s AND assessment_revision.revision IS NOT NULL
          AND assessment_revision.document #>> '{{source,version,text}}' = %s
          AND (conflict_id IS NULL OR revision_conflict.state = 'RESOLVED'
               AND revision_conflict.chosen = assessment_revision.content_sha256)
        """,  # noqa: S608 the columns are a constant
        [assessment_id, version],
    )
    row = await cursor.fetchone()
    return None if row is None else _held(row)


async def page_of_active(
    tx: Transaction,
    before: tuple[datetime, UUID] | None,
    theme: str | None,
    audience: Audience,
    limit: int,
) -> list[Held]:
    """Current revisions, the latest published first, after a position in that order.

    With a theme, those that may have it in the audience's view: which ones do is still to be decided.
    """
    cursor = await tx.execute(
        f"""
        SELECT {_COLUMNS} FROM assessment JOIN assessment_revision USING (assessment_id)
        WHERE assessment.state = 'ACTIVE' AND assessment_revision.revision = assessment.revision
          AND (%(at)s::timestamptz IS NULL
               OR (assessment.published_at, assessment_id) < (%(at)s, %(id)s::uuid))
          AND (%(theme)s::text IS NULL OR %(theme)s = ANY (assessment.themes)
               OR %(theme)s = ANY (assessment.line_themes)
               OR assessment_id IN (
                   SELECT assessment_id FROM theme_decisions
                   WHERE series = %(series)s AND party = %(party)s AND %(theme)s = ANY (assigned)))
        ORDER BY assessment.published_at DESC, assessment_id DESC LIMIT %(limit)s
        """,  # noqa: S608 the columns are a constant
        {
            "at": before and before[0],
            "id": before and before[1],
            "theme": theme,
            "series": audience.series,
            "party": audience.party,
            "limit": limit,
        },
    )
    return [_held(row) for row in await cursor.fetchall()]


async def page_for_triage(
    tx: Transaction, audience: Audience, after: tuple[datetime, UUID] | None, limit: int
) -> list[Held]:
    """Current revisions that may have no theme in the audience's view, the earliest published first.

    All of those are among them; whether one has, and whether a reader may know, is still to be decided.
    """
    cursor = await tx.execute(
        f"""
        SELECT {_COLUMNS} FROM assessment JOIN assessment_revision USING (assessment_id)
        WHERE assessment.state = 'ACTIVE' AND assessment_revision.revision = assessment.revision
          AND ((assessment.themes = '{{}}' OR assessment.line_themes = '{{}}') OR assessment_id IN (
              SELECT assessment_id FROM theme_decisions
              WHERE series = %(series)s AND party = %(party)s AND removed <> '{{}}'))
          AND (%(at)s::timestamptz IS NULL
               OR (assessment.published_at, assessment_id) > (%(at)s, %(id)s::uuid))
        ORDER BY assessment.published_at, assessment_id LIMIT %(limit)s
        """,  # noqa: S608 the columns are a constant
        {
            "series": audience.series,
            "party": audience.party,
            "at": after and after[0],
            "id": after and after[1],
            "limit": limit,
        },
    )
    return [_held(row) for row in await cursor.fetchall()]


async def lock_current(tx: Transaction, after: UUID | None, limit: int) -> list[tuple[Held, int]]:
    """Current revisions, also of what has expired, in the order of their ids, locked, each with the version
    of its aggregate.
    """
    cursor = await tx.execute(
        f"""
        SELECT aggregate_version, {_COLUMNS} FROM assessment JOIN assessment_revision USING (assessment_id)
        WHERE assessment.state IN ('ACTIVE', 'EXPIRED') AND assessment_revision.revision = assessment.revision
          AND (%(after)s::uuid IS NULL OR assessment_id > %(after)s)
        ORDER BY assessment_id LIMIT %(limit)s FOR UPDATE OF assessment
        """,  # noqa: S608 the columns are a constant
        {"after": after, "limit": limit},
    )
    return [(_held(row[1:]), int(row[0])) for row in await cursor.fetchall()]


async def page_by_id(tx: Transaction, after: UUID | None, limit: int) -> list[Held]:
    """Current revisions in the order of their ids, also of what has expired."""
    cursor = await tx.execute(
        f"""
        SELECT {_COLUMNS} FROM assessment JOIN assessment_revision USING (assessment_id)
        WHERE assessment.state IN ('ACTIVE', 'EXPIRED') AND assessment_revision.revision = assessment.revision
          AND (%(after)s::uuid IS NULL OR assessment_id > %(after)s)
        ORDER BY assessment_id LIMIT %(limit)s
        """,  # noqa: S608 the columns are a constant
        {"after": after, "limit": limit},
    )
    return [_held(row) for row in await cursor.fetchall()]


def _held(row: tuple[object, ...]) -> Held:
    document, revision, state, cause, current, party, traceparent, *themes = row
    content = revision_from_document(document)  # type: ignore[arg-type]
    if not isinstance(content, Assessment) or not isinstance(revision, int):
        raise TypeError("a numbered revision has content")
    if not isinstance(current, int):
        raise TypeError("the current revision is a number")
    if state in ("ACTIVE", "EXPIRED") and revision == current:
        # Rules that were applied later have reassigned the themes of what stands, not of what was published.
        content = _with_themes(content, themes)
    if revision != current and state in ("ACTIVE", "EXPIRED"):
        standing, cause = RevisionState.SUPERSEDED, None
    else:
        standing = RevisionState.CURRENT if state == "ACTIVE" else RevisionState(str(state))
    return Held(
        content=content,
        revision=revision,
        state=standing,
        cause=None if cause is None else str(cause),
        current_revision=current,
        party=str(party),
        traceparent=None if traceparent is None else str(traceparent),
    )


def _with_themes(content: Assessment, columns: Sequence[Any]) -> Assessment:
    themes, rules, line_themes, line_rules, version = columns
    whole = tuple(map(ThemeAssignment, themes, rules, repeat(version)))
    lines = content.tear_lines
    if lines and line_themes is not None:
        own = tuple(map(ThemeAssignment, line_themes, line_rules, repeat(version)))
        lines = (replace(lines[0], themes=own), *lines[1:])
    return replace(content, themes=whole, tear_lines=lines)


async def record_decisions(
    tx: Transaction, decisions: Sequence[Decision], meeting: str, audit: Sequence[AuditEntry]
) -> None:
    """Keeps decision records; the same record is kept once."""
    for decision in decisions:
        await tx.execute(
            """
            INSERT INTO releasability_decision (decision_id, assessment_id, revision, party, allowed,
                document, meeting_id, evaluated_at)
            VALUES (%s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING
            """,
            [
                decision.id,
                decision.assessment_id,
                decision.revision,
                decision.party,
                decision.allowed,
                Jsonb(decision.to_document()),
                meeting,
                decision.evaluated_at,
            ],
        )
    await append_all(tx, audit)
