"""Tasks about what rests on texts that no longer stand, and each party's closings."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg.rows import TupleRow

from services.agenda.domain.references import AssessmentStanding, AssessmentState, ReferenceState
from services.agenda.domain.withdrawal_tasks import (
    Closing,
    Fallen,
    Subject,
    TaskKind,
    TaskSelection,
    WithdrawalTask,
)
from services.chassis.audit import AuditEntry, append, append_all
from services.chassis.database import Transaction
from services.kernel.identifiers import withdrawal_task_id

_COLUMNS = """
    task.id, task.kind, task.subject_id, task.series, task.party, task.meeting_id, task.item_id,
    task.assessment_id, task.revision, task.cause, task.opened_at, task.lapsed_at,
    closing.note, closing.official, closing.at, agenda.state = 'AGREED', coalesce(action.marking, '')
"""
_FROM = """
    withdrawal_task AS task
    LEFT JOIN agenda ON task.kind = 'AGENDA_ITEM' AND agenda.id = task.subject_id
    LEFT JOIN action_state AS action ON task.kind = 'ACTION' AND action.action_id = task.subject_id
    LEFT JOIN withdrawal_task_closing AS closing ON closing.task_id = task.id AND closing.party = %(party)s
"""


@dataclass(frozen=True, slots=True)
class ListedTask:
    """A task with what a reader has to be asked about: the banner of an action, and whether an agenda is
    agreed.
    """

    task: WithdrawalTask
    agreed: bool
    marking: str


async def tasks_of(tx: Transaction, subject_id: UUID) -> list[WithdrawalTask]:
    """Every task of a subject, without anybody's closings."""
    cursor = await tx.execute(
        """
        SELECT id, kind, subject_id, series, party, meeting_id, item_id, assessment_id, revision, cause,
            opened_at, lapsed_at, NULL, NULL, NULL
        FROM withdrawal_task WHERE subject_id = %s ORDER BY id FOR UPDATE
        """,
        [subject_id],
    )
    return [_task(row) for row in await cursor.fetchall()]


async def open_tasks(
    tx: Transaction, subject: Subject, fallen: Sequence[Fallen], at: datetime, audit: Sequence[AuditEntry]
) -> None:
    async with tx.cursor() as cursor:
        await cursor.executemany(
            """
            INSERT INTO withdrawal_task (id, series, party, meeting_id, kind, subject_id, item_id,
                assessment_id, revision, cause, opened_at)
            VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING
            """,
            [
                [
                    withdrawal_task_id(
                        str(subject.id),
                        str(one.item_id or ""),
                        str(one.assessment_id),
                        one.revision,
                        one.cause.value,
                        at.isoformat(),
                    ),
                    subject.series,
                    subject.party,
                    subject.meeting_id,
                    subject.kind,
                    subject.id,
                    one.item_id,
                    one.assessment_id,
                    one.revision,
                    one.cause,
                    at,
                ]
                for one in fallen
            ],
        )
    await append_all(tx, audit)


async def lapse_tasks(
    tx: Transaction, ids: Sequence[UUID], at: datetime, audit: Sequence[AuditEntry]
) -> None:
    await tx.execute("UPDATE withdrawal_task SET lapsed_at = %s WHERE id = ANY(%s)", [at, list(ids)])
    await append_all(tx, audit)


async def list_tasks(
    tx: Transaction,
    party: str,
    series: Sequence[str],
    selection: TaskSelection,
    limit: int,
    after: tuple[datetime, UUID] | None = None,
) -> list[ListedTask]:
    """The party's tasks in some series, the latest first, from behind a place on."""
    opened_at, task_id = after or (None, None)
    cursor = await tx.execute(
        f"""
        SELECT {_COLUMNS} FROM {_FROM}
        WHERE task.series = ANY(%(series)s) AND (task.party IS NULL OR task.party = %(party)s)
            AND (%(selection)s = 'ALL' OR (%(selection)s = 'DONE' AND closing.at IS NOT NULL)
                OR (%(selection)s = 'OPEN' AND closing.at IS NULL AND task.lapsed_at IS NULL))
            AND (%(opened_at)s::timestamptz IS NULL OR task.opened_at < %(opened_at)s
                OR (task.opened_at = %(opened_at)s AND task.id > %(task_id)s::uuid))
        ORDER BY task.opened_at DESC, task.id LIMIT %(limit)s
        """,  # noqa: S608 the columns are constants
        {
            "party": party,
            "series": list(series),
            "selection": selection.value,
            "limit": limit,
            "opened_at": opened_at,
            "task_id": task_id,
        },
    )
    return [_listed(row) for row in await cursor.fetchall()]


async def lock_task(tx: Transaction, task_id: UUID, party: str) -> ListedTask | None:
    """One that the party may know of."""
    await tx.execute("SELECT 1 FROM withdrawal_task WHERE id = %s FOR UPDATE", [task_id])
    cursor = await tx.execute(
        f"""
        SELECT {_COLUMNS} FROM {_FROM}
        WHERE task.id = %(id)s AND (task.party IS NULL OR task.party = %(party)s)
        """,  # noqa: S608 the columns are constants
        {"id": task_id, "party": party},
    )
    row = await cursor.fetchone()
    return None if row is None else _listed(row)


async def store_closing(
    tx: Transaction, task_id: UUID, party: str, closing: Closing, audit: AuditEntry
) -> None:
    await tx.execute(
        """
        INSERT INTO withdrawal_task_closing (task_id, party, note, official, at)
        VALUES (%s, %s, %s, %s, %s)
        """,
        [task_id, party, closing.note, closing.official, closing.at],
    )
    await append(tx, audit)


@dataclass(frozen=True, slots=True)
class OwnReference:
    """A reference of one party's draft or proposal, with what is known of its assessment."""

    subject: Subject
    item_id: UUID | None
    revision: int
    standing: AssessmentStanding


async def own_references_to(tx: Transaction, assessment_ids: Sequence[UUID]) -> list[OwnReference]:
    """Every reference of the drafts and living proposals that refer to any of the assessments."""
    cursor = await tx.execute(
        """
        WITH resting AS (
            SELECT 'DRAFT_ITEM' AS kind, draft.id, draft.series, draft.party, draft.meeting_id,
                held.item_id, held.revision, held.assessment_id
            FROM draft JOIN draft_reference AS held ON held.draft_id = draft.id
            WHERE draft.id IN (SELECT draft_id FROM draft_reference WHERE assessment_id = ANY(%(ids)s))
            UNION ALL
            SELECT 'PROPOSAL', proposal.id, proposal.series, proposal.party, NULL, NULL, held.revision,
                held.assessment_id
            FROM proposal JOIN proposal_reference AS held ON held.proposal_id = proposal.id
            WHERE proposal.state NOT IN ('TAKEN', 'WITHDRAWN') AND proposal.id IN (
                SELECT proposal_id FROM proposal_reference WHERE assessment_id = ANY(%(ids)s))
        )
        SELECT kind, id, series, party, meeting_id, item_id, resting.revision, assessment_id, state,
            known.revision, aggregate_version
        FROM resting JOIN assessment_state AS known USING (assessment_id)
        ORDER BY id, item_id, assessment_id
        """,
        {"ids": list(assessment_ids)},
    )
    return [
        OwnReference(
            Subject(TaskKind(row[0]), row[1], row[2], row[3], row[4]),
            row[5],
            row[6],
            AssessmentStanding(row[7], AssessmentState(row[8]), row[9], row[10]),
        )
        for row in await cursor.fetchall()
    ]


def _listed(row: TupleRow) -> ListedTask:
    return ListedTask(_task(row), agreed=bool(row[15]), marking=row[16])


def _task(row: TupleRow) -> WithdrawalTask:
    closing = None if row[14] is None else Closing(row[12], row[13], row[14])
    return WithdrawalTask(
        id=row[0],
        subject=Subject(TaskKind(row[1]), row[2], row[3], row[4], row[5]),
        fallen=Fallen(row[6], row[7], row[8], ReferenceState(row[9])),
        opened_at=row[10],
        lapsed_at=row[11],
        closing=closing,
    )
