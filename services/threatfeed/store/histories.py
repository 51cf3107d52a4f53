"""Reads what is held of assessments that are about to change, locked, and writes what was decided."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
import psycopg

from services.chassis.audit import AuditEntry, append_all
from services.chassis.database import Transaction
from services.kernel.themes import ThemeAssignment
from services.threatfeed.domain.assessment import Revision, VersionKey, VersionScheme
from services.threatfeed.domain.documents import revision_to_document
from services.threatfeed.domain.revisions import Decision, History, Recorded


@dataclass(frozen=True, slots=True)
class Held:
    """An assessment as it stands, with as much of its history as the decision needs."""

    history: History
    aggregate_version: int


@dataclass(frozen=True, slots=True)
class Standing:
    """How an assessment stands after a change; a row of `assessment`.

    `themes` are those that the rules assign, `line_themes` those of the tear line; None without one.
    """

    assessment_id: UUID
    agency: str
    party: str
    object_id: str
    state: str
    revision: int
    current: VersionKey | None
    published_at: datetime | None
    themes: tuple[ThemeAssignment, ...]
    line_themes: tuple[ThemeAssignment, ...] | None
    aggregate_version: int


@dataclass(frozen=True, slots=True)
class Themed:
    """The themes that rules assign to an assessment as it stands, and the version that this makes."""

    assessment_id: UUID
    themes: tuple[ThemeAssignment, ...]
    line_themes: tuple[ThemeAssignment, ...] | None
    aggregate_version: int


async def lock_histories(tx: Transaction, incoming: Sequence[tuple[UUID, VersionKey]]) -> dict[UUID, Held]:
    """What is held of the assessments, locked in the order of their ids; those unknown are absent."""
    if not incoming:
        return {}
    ids = sorted({assessment_id for assessment_id, _ in incoming}, key=lambda identity: identity.int)
    cursor = await tx.execute(
        """
        SELECT assessment_id, state, assessment.revision, assessment.version_scheme,
               assessment.version_ordinal, version_text, aggregate_version, content_sha256
        FROM assessment LEFT JOIN assessment_revision USING (assessment_id, revision)
        WHERE assessment_id = ANY(%s) ORDER BY assessment_id FOR UPDATE OF assessment
        """,
        [ids],
        binary=True,
    )
    rows = await cursor.fetchall()
    if not rows:
        return {}
    recorded = await _recorded(tx, [pair for pair in incoming if pair[0] in {row[0] for row in rows}])
    return {row[0]: _held(row, recorded.get(row[0], {})) for row in rows}


def _held(row: tuple[Any, ...], recorded: dict[VersionKey, Recorded]) -> Held:
    """The current content stands under the current version, which may be newer than the one it came with."""
    _, state, revision, scheme, ordinal, text, aggregate_version, current_sha256 = row
    current = None if scheme is None else VersionKey(VersionScheme(scheme), int(ordinal), text)
    if current is not None and current_sha256 is not None:
        recorded = {current: Recorded(current_sha256, revision), **recorded}
    history = History(recorded=recorded, revision=revision, current=current, withdrawn=state == "WITHDRAWN")
    return Held(history, aggregate_version)


async def _recorded(
    tx: Transaction, versions: Sequence[tuple[UUID, VersionKey]]
) -> dict[UUID, dict[VersionKey, Recorded]]:
    cursor = await tx.execute(
        """
        SELECT assessment_id, version_scheme, version_ordinal, content_sha256, revision
        FROM assessment_revision
        JOIN unnest(%s::uuid[], %s::text[], %s::bigint[])
            AS incoming (assessment_id, version_scheme, version_ordinal)
            USING (assessment_id, version_scheme, version_ordinal)
        """,
        [
            [assessment_id for assessment_id, _ in versions],
            [key.scheme.value for _, key in versions],
            [key.ordinal for _, key in versions],
        ],
    )
    recorded: dict[UUID, dict[VersionKey, Recorded]] = {}
    for assessment_id, scheme, ordinal, sha256, revision in await cursor.fetchall():
        key = VersionKey(VersionScheme(scheme), int(ordinal), "")
        recorded.setdefault(assessment_id, {})[key] = Recorded(sha256, revision)
    return recorded


async def insert_assessments(
    tx: Transaction, standings: Sequence[Standing], traceparent: str | None, at: datetime
) -> None:
    """Adds assessments that were unknown. Raises `SerializationFailure` where another writer was first."""
    if not standings:
        return
    statement = """
        COPY assessment (assessment_id, agency, party, object_id, state, revision, version_scheme,
            version_ordinal, version_text, published_at, themes, theme_rules, line_themes,
            line_theme_rules, rules_version,
            aggregate_version, traceparent, changed_at)
        FROM STDIN (FORMAT BINARY)
    """
    try:
        async with tx.cursor() as cursor, cursor.copy(statement) as copy:
            copy.set_types(
                [
                    *("uuid", "text", "text", "text", "text", "int4", "text", "int8", "text"),
                    *("timestamptz", *("text[]",) * 4, "text", "int8", "text", "timestamptz"),
                ]
            )
            # In the order of their ids, as every writer does, so that two never wait for each other.
            for standing in sorted(standings, key=lambda standing: standing.assessment_id.int):
                await copy.write_row((*_row(standing), traceparent, at))
    except psycopg.errors.UniqueViolation as error:
        raise psycopg.errors.SerializationFailure("an assessment was added by another writer") from error


async def update_assessments(
    tx: Transaction, standings: Sequence[Standing], traceparent: str | None, at: datetime
) -> None:
    """Changes assessments whose rows are locked."""
    async with tx.cursor() as cursor:
        await cursor.executemany(
            """
            UPDATE assessment SET state = %s, revision = %s, version_scheme = %s, version_ordinal = %s,
                version_text = %s, published_at = coalesce(%s, published_at), themes = %s,
                theme_rules = %s, line_themes = %s, line_theme_rules = %s, rules_version = %s,
                aggregate_version = %s, traceparent = %s, changed_at = %s
            WHERE assessment_id = %s
            """,
            [(*_row(standing)[4:], traceparent, at, standing.assessment_id) for standing in standings],
        )


async def store_themes(tx: Transaction, themes: Sequence[Themed], at: datetime) -> None:
    """Gives locked assessments the themes that other rules assign; the version grows where they changed."""
    async with tx.cursor() as cursor:
        await cursor.executemany(
            """
            UPDATE assessment SET themes = %s, theme_rules = %s, line_themes = %s, line_theme_rules = %s,
                rules_version = %s, aggregate_version = %s,
                changed_at = CASE WHEN aggregate_version = %s THEN changed_at ELSE %s END
            WHERE assessment_id = %s
            """,
            [
                (
                    *_themes(one.themes, one.line_themes),
                    *(one.aggregate_version, one.aggregate_version, at, one.assessment_id),
                )
                for one in themes
            ],
        )


async def move_versions(tx: Transaction, decisions: Sequence[Decision]) -> None:
    """Notes that newer versions hold what is current already."""
    async with tx.cursor() as cursor:
        await cursor.executemany(
            """
            UPDATE assessment SET version_scheme = %s, version_ordinal = %s, version_text = %s
            WHERE assessment_id = %s
            """,
            [
                (version.scheme.value, version.ordinal, version.text, decision.incoming.assessment_id)
                for decision in decisions
                for version in (decision.incoming.source.version,)
            ],
        )


async def standing_versions(tx: Transaction, agency: str, prefix: str) -> dict[str, VersionKey]:
    """The current versions of an agency's active assessments whose own ids begin so, by those ids."""
    cursor = await tx.execute(
        """
        SELECT object_id, version_scheme, version_ordinal, version_text FROM assessment
        WHERE agency = %s AND state = 'ACTIVE' AND starts_with(object_id, %s)
        """,
        [agency, prefix],
    )
    return {
        object_id: VersionKey(VersionScheme(scheme), int(ordinal), text)
        for object_id, scheme, ordinal, text in await cursor.fetchall()
    }


def _row(standing: Standing) -> tuple[object, ...]:
    current = standing.current
    return (
        standing.assessment_id,
        standing.agency,
        standing.party,
        standing.object_id,
        standing.state,
        standing.revision,
        None if current is None else current.scheme.value,
        None if current is None else current.ordinal,
        None if current is None else current.text,
        standing.published_at,
        *_themes(standing.themes, standing.line_themes),
        standing.aggregate_version,
    )


def _themes(
    themes: Sequence[ThemeAssignment], line_themes: Sequence[ThemeAssignment] | None
) -> tuple[object, ...]:
    return (
        [one.theme for one in themes],
        [one.rule_id for one in themes],
        None if line_themes is None else [one.theme for one in line_themes],
        None if line_themes is None else [one.rule_id for one in line_themes],
        next((one.rules_version for one in (*themes, *(line_themes or ()))), ""),
    )


async def record_revisions(
    tx: Transaction, decisions: Sequence[Decision], audit: Sequence[AuditEntry], at: datetime
) -> None:
    """Adds every revision that gets a row of its own, with the audit entry of each."""
    if decisions:
        statement = """
            COPY assessment_revision (assessment_id, version_scheme, version_ordinal, revision,
                content_sha256, document, received_at) FROM STDIN (FORMAT BINARY)
        """
        async with tx.cursor() as cursor, cursor.copy(statement) as copy:
            # json travels as its text, also in binary format.
            copy.set_types(["uuid", "text", "int8", "int4", "text", "text", "timestamptz"])
            for decision in decisions:
                revision = decision.incoming
                source = revision.source
                await copy.write_row(
                    (
                        revision.assessment_id,
                        source.version.scheme.value,
                        source.version.ordinal,
                        decision.revision,
                        source.content_sha256,
                        _stored(revision),
                        at,
                    )
                )
    await append_all(tx, audit)


def _stored(revision: Revision) -> str:
    return orjson.dumps(revision_to_document(revision)).decode()
