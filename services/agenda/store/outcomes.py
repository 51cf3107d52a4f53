"""Outcomes: rows of `outcome`, with every version and the numbers that are given out."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from psycopg.rows import TupleRow

from services.agenda.domain.outcome import Outcome, OutcomeState
from services.agenda.domain.outcome_kinds import OutcomeKind
from services.agenda.domain.quorum import Signatory
from services.agenda.domain.refusals import StaleVersion
from services.agenda.store.agreements import Subject, signatories
from services.chassis.audit import AuditEntry, append
from services.chassis.database import Transaction

_COLUMNS = """id, meeting_id, agenda_id, item_id, series, version, state, conclusion, action_id,
    action_reference, content_hash, payload, proposed_at, agreed_at, aggregate_version, traceparent,
    kind, reason, deferred_to, review_edition, commitments, theme, decision_reference"""


class NumberedKind(StrEnum):
    """What is numbered by series and year, over all its meetings."""

    ACTION = "A"
    DECISION = "D"


@dataclass(frozen=True, slots=True)
class OutcomePlace:
    """Where an outcome stands among all of its series."""

    edition: int
    proposed_at: datetime
    outcome_id: UUID


def _row(outcome: Outcome) -> list[object]:
    return [
        outcome.id,
        outcome.meeting_id,
        outcome.agenda_id,
        outcome.item_id,
        outcome.series,
        outcome.version,
        outcome.state,
        outcome.conclusion,
        outcome.action_id,
        outcome.action_reference,
        outcome.content_hash,
        outcome.payload,
        outcome.proposed_at,
        outcome.agreed_at,
        outcome.aggregate_version,
        outcome.traceparent,
        outcome.kind,
        outcome.reason,
        outcome.deferred_to,
        outcome.review_edition,
        list(outcome.commitments),
        outcome.theme,
        outcome.decision_reference,
    ]


async def insert_outcome(tx: Transaction, outcome: Outcome, audit: AuditEntry) -> None:
    row = _row(outcome)
    await tx.execute(
        f"INSERT INTO outcome ({_COLUMNS}) VALUES ({', '.join(['%s'] * len(row))})",  # noqa: S608
        row,
    )
    await _keep_version(tx, outcome)
    await append(tx, audit)


async def update_outcome(tx: Transaction, outcome: Outcome, expected: int, audit: AuditEntry) -> None:
    """Agreement and, in another version, the text. Raises `StaleVersion`."""
    updated = await tx.execute(
        """
        UPDATE outcome SET version = %s, state = %s, kind = %s, conclusion = %s, reason = %s,
            deferred_to = %s, review_edition = %s, action_id = %s, action_reference = %s,
            decision_reference = %s, content_hash = %s, payload = %s, proposed_at = %s, agreed_at = %s,
            aggregate_version = %s
        WHERE id = %s AND aggregate_version = %s
        """,
        [
            outcome.version,
            outcome.state,
            outcome.kind,
            outcome.conclusion,
            outcome.reason,
            outcome.deferred_to,
            outcome.review_edition,
            outcome.action_id,
            outcome.action_reference,
            outcome.decision_reference,
            outcome.content_hash,
            outcome.payload,
            outcome.proposed_at,
            outcome.agreed_at,
            outcome.aggregate_version,
            outcome.id,
            expected,
        ],
    )
    if updated.rowcount == 0:
        raise StaleVersion("the outcome has changed since it was read")
    await _keep_version(tx, outcome)
    await append(tx, audit)


async def _keep_version(tx: Transaction, outcome: Outcome) -> None:
    """Every wording that was put to the parties stays on record."""
    await tx.execute(
        """
        INSERT INTO outcome_version (outcome_id, version, content_hash, payload, proposed_at)
        VALUES (%s, %s, %s, %s, %s) ON CONFLICT DO NOTHING
        """,
        [outcome.id, outcome.version, outcome.content_hash, outcome.payload, outcome.proposed_at],
    )


async def find_outcome(tx: Transaction, outcome_id: UUID, *, lock: bool = False) -> Outcome | None:
    found = await _select(tx, "id = %s", [outcome_id], lock=lock)
    return found[0] if found else None


async def outcomes_of_meeting(
    tx: Transaction, meeting_id: UUID, *, lock: bool = False
) -> tuple[Outcome, ...]:
    """In the order of their proposal."""
    return await _select(tx, "meeting_id = %s", [meeting_id], lock=lock)


async def outcomes_of_items(tx: Transaction, item_ids: Sequence[UUID]) -> tuple[Outcome, ...]:
    return await _select(tx, "item_id = ANY(%s)", [list(item_ids)])


async def outcomes_of_series(
    tx: Transaction,
    series: str,
    *,
    commitment: str,
    theme: str,
    kind: OutcomeKind | None,
    agreed_only: bool,
    after: OutcomePlace | None,
    limit: int,
) -> tuple[tuple[Outcome, OutcomePlace], ...]:
    """The outcomes of all editions with their places, the latest edition first."""
    cursor = await tx.execute(
        """
        SELECT outcome.id, meeting.edition, outcome.proposed_at
        FROM outcome JOIN meeting ON meeting.id = outcome.meeting_id
        WHERE outcome.series = %(series)s
            AND (%(commitment)s = '' OR %(commitment)s = ANY(outcome.commitments)
                OR convert_from(outcome.payload, 'UTF8')::jsonb -> 'action' ->> 'commitment' = %(commitment)s)
            AND (%(theme)s = '' OR outcome.theme = %(theme)s)
            AND (%(kind)s = '' OR outcome.kind = %(kind)s)
            AND (NOT %(agreed)s OR outcome.state = 'AGREED')
            AND (%(id)s::uuid IS NULL OR
                (meeting.edition, outcome.proposed_at, outcome.id) < (%(edition)s, %(at)s, %(id)s))
        ORDER BY meeting.edition DESC, outcome.proposed_at DESC, outcome.id DESC LIMIT %(limit)s
        """,
        {
            "series": series,
            "commitment": commitment,
            "theme": theme,
            "kind": kind.value if kind else "",
            "agreed": agreed_only,
            "edition": after.edition if after else 0,
            "at": after.proposed_at if after else None,
            "id": after.outcome_id if after else None,
            "limit": limit,
        },
    )
    places = [OutcomePlace(edition, at, identity) for identity, edition, at in await cursor.fetchall()]
    found = await _select(tx, "id = ANY(%s)", [[place.outcome_id for place in places]])
    by_id = {outcome.id: outcome for outcome in found}
    return tuple((by_id[place.outcome_id], place) for place in places)


async def next_number(tx: Transaction, series: str, edition: int, kind: NumberedKind) -> int:
    """The next number of a year, held until the commit: no other takes it, and a rollback gives it back."""
    cursor = await tx.execute(
        """
        INSERT INTO reference_number (series, edition, kind, last) VALUES (%s, %s, %s, 1)
        ON CONFLICT (series, edition, kind) DO UPDATE SET last = reference_number.last + 1
        RETURNING last
        """,
        [series, edition, kind],
    )
    row = await cursor.fetchone()
    if row is None:
        raise RuntimeError("the counter gave no number")
    return int(row[0])


async def count_open(tx: Transaction, meeting_id: UUID) -> int:
    """The outcomes still to be agreed."""
    return await _count(tx, "state = 'PROPOSED'", meeting_id)


async def _count(tx: Transaction, condition: str, meeting_id: UUID) -> int:
    cursor = await tx.execute(
        f"SELECT count(*) FROM outcome WHERE meeting_id = %s AND {condition}",  # noqa: S608
        [meeting_id],
    )
    row = await cursor.fetchone()
    return int(row[0]) if row else 0


async def _select(
    tx: Transaction, condition: str, values: Sequence[object], *, lock: bool = False
) -> tuple[Outcome, ...]:
    cursor = await tx.execute(
        f"SELECT {_COLUMNS} FROM outcome WHERE {condition} ORDER BY proposed_at, id"  # noqa: S608
        + (" FOR UPDATE" if lock else ""),
        list(values),
    )
    rows = await cursor.fetchall()
    agreed = await signatories(tx, Subject.OUTCOME, [row[0] for row in rows])
    return tuple(_outcome(row, agreed.get(row[0], ())) for row in rows)


def _outcome(row: TupleRow, agreed: tuple[Signatory, ...]) -> Outcome:
    return Outcome(
        id=row[0],
        meeting_id=row[1],
        agenda_id=row[2],
        item_id=row[3],
        series=row[4],
        version=row[5],
        state=OutcomeState(row[6]),
        conclusion=row[7],
        action_id=row[8],
        action_reference=row[9],
        content_hash=row[10],
        payload=bytes(row[11]),
        agreed=agreed,
        proposed_at=row[12],
        agreed_at=row[13],
        aggregate_version=row[14],
        traceparent=row[15],
        kind=OutcomeKind(row[16]),
        reason=row[17],
        deferred_to=row[18],
        review_edition=row[19],
        commitments=tuple(row[20]),
        theme=row[21],
        decision_reference=row[22],
    )
