"""Keeps the decisions that stand for meetings, and what changed when they were made anew."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg.rows import TupleRow
from psycopg.types.json import Jsonb

from services.chassis.audit import AuditEntry, append
from services.chassis.database import Transaction
from services.kernel.release_terms import Mode, Rendition
from services.threatfeed.domain.decided_texts import ChangeCause, DecidedText, Verdict, VerdictChange

_COLUMNS = """
    series, meeting_id, assessment_id, revision, rendition, mode, used_at, allowed, decisions,
    policy_version, evaluated_at
"""


@dataclass(frozen=True, slots=True)
class DecisionChange:
    """One entry of the report: a party for which a text was decided otherwise."""

    number: int
    cause: ChangeCause
    series: str
    meeting_id: UUID
    assessment_id: UUID
    revision: int
    rendition: Rendition
    mode: Mode
    change: VerdictChange
    policy_before: str
    policy_after: str
    changed_at: datetime


async def put_decided_texts(tx: Transaction, texts: Iterable[DecidedText]) -> None:
    """Writes what was decided last, in one order of ids, so that two writers never wait for each other."""
    for text in sorted(texts, key=lambda text: text.id):
        verdicts = {
            party: {"allowed": entry.allowed, "rule_id": entry.rule_id}
            for party, entry in text.verdicts.items()
        }
        await tx.execute(
            f"""
            INSERT INTO decided_text (text_id, {_COLUMNS}, due)
            VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, false)
            ON CONFLICT (text_id) DO UPDATE SET
                used_at = EXCLUDED.used_at, allowed = EXCLUDED.allowed, decisions = EXCLUDED.decisions,
                policy_version = EXCLUDED.policy_version, evaluated_at = EXCLUDED.evaluated_at, due = false
            WHERE decided_text.evaluated_at <= EXCLUDED.evaluated_at
            """,  # noqa: S608 the columns are a constant
            [
                text.id,
                text.series,
                text.meeting_id,
                text.assessment_id,
                text.revision,
                text.rendition.value,
                text.mode.value,
                text.used_at,
                text.allowed,
                Jsonb(verdicts),
                text.policy_version,
                text.evaluated_at,
            ],
        )


async def mark_due(tx: Transaction, meeting: UUID) -> None:
    """Has what stands for a meeting decided anew, since a consent has changed."""
    await tx.execute(
        "UPDATE decided_text SET due = true, due_cause = %s WHERE meeting_id = %s",
        [ChangeCause.CONSENT.value, meeting],
    )


async def mark_due_of(tx: Transaction, assessments: Sequence[UUID]) -> None:
    """Has what stands for texts of assessments decided anew, since they or their sources stand otherwise."""
    await tx.execute(
        "UPDATE decided_text SET due = true, due_cause = %s WHERE assessment_id = ANY(%s)",
        [ChangeCause.STANDING.value, list(assessments)],
    )


async def texts_to_decide(
    tx: Transaction, policy_version: str, used_after: datetime, limit: int
) -> list[tuple[DecidedText, ChangeCause]]:
    """Texts for later uses that are due, or were decided under another policy, each with why; locked."""
    cursor = await tx.execute(
        f"""
        SELECT {_COLUMNS}, due_cause FROM decided_text
        WHERE used_at > %s AND (due OR policy_version <> %s)
        ORDER BY text_id LIMIT %s FOR UPDATE
        """,  # noqa: S608 the columns are a constant
        [used_after, policy_version, limit],
    )
    found = [(_text(row[:-1]), row[-1]) for row in await cursor.fetchall()]
    return [
        (text, ChangeCause(cause if cause and text.policy_version == policy_version else ChangeCause.POLICY))
        for text, cause in found
    ]


async def record_changes(
    tx: Transaction,
    cause: ChangeCause,
    before: DecidedText,
    after: DecidedText,
    changes: Iterable[VerdictChange],
    audit: AuditEntry,
) -> int:
    """Adds the entries of the report; gives the number of the last one."""
    number = 0
    for change in changes:
        cursor = await tx.execute(
            """
            INSERT INTO decision_change (cause, series, meeting_id, assessment_id, revision, rendition, mode,
                party, allowed_before, allowed_after, rule_before, rule_after, policy_before, policy_after,
                changed_at)
            VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) RETURNING number
            """,
            [
                cause.value,
                after.series,
                after.meeting_id,
                after.assessment_id,
                after.revision,
                after.rendition.value,
                after.mode.value,
                change.party,
                change.allowed_before,
                change.allowed_after,
                change.before and change.before.rule_id,
                change.after and change.after.rule_id,
                before.policy_version,
                after.policy_version,
                after.evaluated_at,
            ],
        )
        row = await cursor.fetchone()
        number = 0 if row is None else int(row[0])
    await append(tx, audit)
    return number


async def page_of_changes(
    tx: Transaction, series: str, until: datetime | None, before: int | None, limit: int
) -> list[DecisionChange]:
    """The entries of one series up to an instant and before a number, the latest first."""
    cursor = await tx.execute(
        """
        SELECT number, cause, series, meeting_id, assessment_id, revision, rendition, mode, party,
               allowed_before, allowed_after, rule_before, rule_after, policy_before, policy_after, changed_at
        FROM decision_change WHERE series = %(series)s AND (%(before)s::bigint IS NULL OR number < %(before)s)
          AND (%(until)s::timestamptz IS NULL OR changed_at <= %(until)s)
        ORDER BY number DESC LIMIT %(limit)s
        """,
        {"series": series, "until": until, "before": before, "limit": limit},
    )
    return [_change(row) for row in await cursor.fetchall()]


def _change(row: TupleRow) -> DecisionChange:
    before = None if row[11] is None else Verdict(row[9], row[11])
    after = None if row[12] is None else Verdict(row[10], row[12])
    return DecisionChange(
        number=row[0],
        cause=ChangeCause(row[1]),
        series=row[2],
        meeting_id=row[3],
        assessment_id=row[4],
        revision=row[5],
        rendition=Rendition(row[6]),
        mode=Mode(row[7]),
        change=VerdictChange(row[8], before, after),
        policy_before=row[13],
        policy_after=row[14],
        changed_at=row[15],
    )


def _text(row: TupleRow) -> DecidedText:
    return DecidedText(
        series=row[0],
        meeting_id=row[1],
        assessment_id=row[2],
        revision=row[3],
        rendition=Rendition(row[4]),
        mode=Mode(row[5]),
        used_at=row[6],
        allowed=row[7],
        verdicts={party: Verdict(entry["allowed"], entry["rule_id"]) for party, entry in row[8].items()},
        policy_version=row[9],
        evaluated_at=row[10],
    )
