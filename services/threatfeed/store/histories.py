"""Reads what is held of assessments that are about to change, locked, and writes what was decided."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import repeat
from typing import Any
from uuid import UUID

import orjson
import psycopg

from services.chassis.audit import AuditEntry, append_all
from services.chassis.database import Transaction
from services.kernel.themes import ThemeAssignment
from services.threatfeed.domain.assessment import (
    Revision,
    VersionKey,
    VersionScheme,
    Withdrawal,
    WithdrawalCause,
)
from services.threatfeed.domain.documents import revision_to_document
from services.threatfeed.domain.revisions import Decision, History, Outcome
from services.threatfeed.domain.status import NO_CHOICES, Choices, Recorded, State
from services.threatfeed.store.conflicts import choices_of


@dataclass(frozen=True, slots=True)
class Standing:
    """How an assessment stands; a row of `assessment`.

    `themes` are those that the rules assign, `line_themes` those of the tear line; None without one.
    `current` is the newest version with content, in whatever state; `contested` says that there is or was
    something for a human to choose.
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
    cause: str | None = None
    valid_until: datetime | None = None
    contested: bool = False


@dataclass(frozen=True, slots=True)
class Themed:
    """The themes that rules assign to an assessment as it stands, and the version that this makes."""

    assessment_id: UUID
    themes: tuple[ThemeAssignment, ...]
    line_themes: tuple[ThemeAssignment, ...] | None
    aggregate_version: int


@dataclass(frozen=True, slots=True)
class Held:
    """An assessment as it stands, with as much of its history as the decision needs."""

    history: History
    standing: Standing


COLUMNS = """
    assessment_id, agency, party, object_id, assessment.state, assessment.revision,
    assessment.version_scheme, assessment.version_ordinal, version_text, published_at, themes,
    theme_rules, line_themes, line_theme_rules, rules_version, aggregate_version, cause, valid_until,
    contested
"""
_WRITTEN = (
    ("assessment_id", "uuid"),
    ("agency", "text"),
    ("party", "text"),
    ("object_id", "text"),
    ("state", "text"),
    ("revision", "int4"),
    ("version_scheme", "text"),
    ("version_ordinal", "int8"),
    ("version_text", "text"),
    ("published_at", "timestamptz"),
    ("themes", "text[]"),
    ("theme_rules", "text[]"),
    ("line_themes", "text[]"),
    ("line_theme_rules", "text[]"),
    ("rules_version", "text"),
    ("aggregate_version", "int8"),
    ("cause", "text"),
    ("valid_until", "timestamptz"),
    ("contested", "bool"),
)
_MUTABLE = 4
"""Where among the columns those begin that a change of an assessment changes."""


async def lock_histories(tx: Transaction, incoming: Sequence[tuple[UUID, VersionKey]]) -> dict[UUID, Held]:
    """What is held of the assessments, locked in the order of their ids; those unknown are absent."""
    if not incoming:
        return {}
    ids = sorted({assessment_id for assessment_id, _ in incoming}, key=lambda identity: identity.int)
    cursor = await tx.execute(
        f"""
        SELECT {COLUMNS}, content_sha256
        FROM assessment LEFT JOIN assessment_revision USING (assessment_id, revision)
        WHERE assessment_id = ANY(%s) ORDER BY assessment_id FOR UPDATE OF assessment
        """,  # noqa: S608 the columns are a constant
        [ids],
        binary=True,
    )
    rows = await cursor.fetchall()
    if not rows:
        return {}
    standings = {row[0]: read_standing(row[:-1]) for row in rows}
    whole = [key for key, standing in standings.items() if _needs_all(standing)]
    recorded = await recorded_versions(tx, [pair for pair in incoming if pair[0] in standings], whole)
    choices = await choices_of(tx, [key for key in whole if standings[key].contested])
    return {
        row[0]: _held(standings[row[0]], row[-1], recorded.get(row[0], {}), choices.get(row[0], NO_CHOICES))
        for row in rows
    }


async def lock_history(tx: Transaction, assessment_id: UUID) -> Held | None:
    """All that is held of one assessment, locked; None where nothing is."""
    cursor = await tx.execute(
        f"""
        SELECT {COLUMNS}, content_sha256
        FROM assessment LEFT JOIN assessment_revision USING (assessment_id, revision)
        WHERE assessment_id = %s FOR UPDATE OF assessment
        """,  # noqa: S608 the columns are a constant
        [assessment_id],
    )
    row = await cursor.fetchone()
    if row is None:
        return None
    recorded = await recorded_versions(tx, [], [assessment_id])
    choices = await choices_of(tx, [assessment_id])
    held = recorded.get(assessment_id, {})
    return _held(read_standing(row[:-1]), row[-1], held, choices.get(assessment_id, NO_CHOICES), whole=True)


def _needs_all(standing: Standing) -> bool:
    """Whether the newest content and what arrives do not tell how it stands."""
    return standing.contested or standing.state not in (State.ACTIVE, State.EXPIRED)


def read_standing(row: tuple[Any, ...]) -> Standing:
    """From a row of `COLUMNS`."""
    identity, agency, party, object_id, state, revision, scheme, ordinal, text, *rest = row
    published_at, themes, rules, line_themes, line_rules, rules_version, *others = rest
    aggregate_version, cause, valid_until, contested = others
    return Standing(
        assessment_id=identity,
        agency=agency,
        party=party,
        object_id=object_id,
        state=state,
        revision=revision,
        current=None if scheme is None else VersionKey(VersionScheme(scheme), int(ordinal), text),
        published_at=published_at,
        themes=tuple(map(ThemeAssignment, themes, rules, repeat(rules_version))),
        line_themes=None
        if line_themes is None
        else tuple(map(ThemeAssignment, line_themes, line_rules, repeat(rules_version))),
        aggregate_version=aggregate_version,
        cause=cause,
        valid_until=valid_until,
        contested=contested,
    )


def _held(
    standing: Standing,
    latest_sha256: str | None,
    recorded: dict[VersionKey, tuple[Recorded, ...]],
    choices: Choices,
    *,
    whole: bool = False,
) -> Held:
    """The newest content stands under the newest version, which may be newer than the one it came with."""
    current = standing.current
    if not (whole or _needs_all(standing)) and current is not None and latest_sha256 is not None:
        recorded = {**recorded, current: (Recorded(latest_sha256, standing.revision),)}
    return Held(History.of(recorded, standing.revision, latest_sha256, choices), standing)


async def recorded_versions(
    tx: Transaction, versions: Sequence[tuple[UUID, VersionKey]], whole: Sequence[UUID]
) -> dict[UUID, dict[VersionKey, tuple[Recorded, ...]]]:
    """The contents of the versions, and every content of the assessments that are wanted whole."""
    cursor = await tx.execute(
        """
        SELECT assessment_id, version_scheme, version_ordinal, alternative, content_sha256, revision, notice
        FROM assessment_revision
        JOIN unnest(%s::uuid[], %s::text[], %s::bigint[])
            AS incoming (assessment_id, version_scheme, version_ordinal)
            USING (assessment_id, version_scheme, version_ordinal)
        UNION
        SELECT assessment_id, version_scheme, version_ordinal, alternative, content_sha256, revision, notice
        FROM assessment_revision WHERE assessment_id = ANY(%s)
        ORDER BY assessment_id, version_scheme, version_ordinal, alternative
        """,
        [
            [assessment_id for assessment_id, _ in versions],
            [key.scheme.value for _, key in versions],
            [key.ordinal for _, key in versions],
            list(whole),
        ],
    )
    recorded: dict[UUID, dict[VersionKey, tuple[Recorded, ...]]] = {}
    for assessment_id, scheme, ordinal, _, sha256, revision, notice in await cursor.fetchall():
        key = VersionKey(VersionScheme(scheme), int(ordinal), "")
        entry = Recorded(sha256, revision, None if notice is None else WithdrawalCause(notice))
        held = recorded.setdefault(assessment_id, {})
        held[key] = (*held.get(key, ()), entry)
    return recorded


async def insert_assessments(
    tx: Transaction, standings: Sequence[Standing], traceparent: str | None, at: datetime
) -> None:
    """Adds assessments that were unknown. Raises `SerializationFailure` where another writer was first."""
    if not standings:
        return
    names = ", ".join(name for name, _ in _WRITTEN)
    statement = f"""
        COPY assessment ({names}, traceparent, changed_at) FROM STDIN (FORMAT BINARY)
    """
    try:
        async with tx.cursor() as cursor, cursor.copy(statement) as copy:
            copy.set_types([*(kind for _, kind in _WRITTEN), "text", "timestamptz"])
            # In the order of their ids, as every writer does, so that two never wait for each other.
            for standing in sorted(standings, key=lambda standing: standing.assessment_id.int):
                await copy.write_row((*_row(standing), traceparent, at))
    except psycopg.errors.UniqueViolation as error:
        raise psycopg.errors.SerializationFailure("an assessment was added by another writer") from error


async def update_assessments(
    tx: Transaction, standings: Sequence[Standing], traceparent: str | None, at: datetime
) -> None:
    """Changes assessments whose rows are locked. A version that moved on is no change to their readers."""
    assignments = ", ".join(f"{name} = %s" for name, _ in _WRITTEN[_MUTABLE:])
    async with tx.cursor() as cursor:
        await cursor.executemany(
            f"""
            UPDATE assessment SET {assignments},
                traceparent = CASE WHEN aggregate_version < %s THEN %s ELSE traceparent END,
                changed_at = CASE WHEN aggregate_version < %s THEN %s ELSE changed_at END
            WHERE assessment_id = %s
            """,  # noqa: S608 the columns are a constant
            [
                (
                    *_row(standing)[_MUTABLE:],
                    *(standing.aggregate_version, traceparent),
                    *(standing.aggregate_version, at),
                    standing.assessment_id,
                )
                for standing in standings
            ],
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
        standing.cause,
        standing.valid_until,
        standing.contested,
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
            COPY assessment_revision (assessment_id, version_scheme, version_ordinal, alternative, revision,
                content_sha256, notice, document, received_at) FROM STDIN (FORMAT BINARY)
        """
        async with tx.cursor() as cursor, cursor.copy(statement) as copy:
            # json travels as its text, also in binary format.
            copy.set_types(["uuid", "text", "int8", "int2", "int4", "text", "text", "text", "timestamptz"])
            for decision in decisions:
                revision = decision.incoming
                source = revision.source
                await copy.write_row(
                    (
                        revision.assessment_id,
                        source.version.scheme.value,
                        source.version.ordinal,
                        decision.others,
                        decision.number,
                        source.content_sha256,
                        revision.cause.value if isinstance(revision, Withdrawal) else None,
                        None if decision.outcome is Outcome.UNCHANGED else _stored(revision),
                        at,
                    )
                )
    await append_all(tx, audit)


def _stored(revision: Revision) -> str:
    return orjson.dumps(revision_to_document(revision)).decode()
