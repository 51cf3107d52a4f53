"""Tabled agendas with the references they rest on and the decisions that allowed them."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from psycopg.rows import TupleRow
from psycopg.types.json import Jsonb

from services.agenda.domain.agenda import Agenda, AgendaState, HeldReference
from services.agenda.domain.answers import ItemAnswer
from services.agenda.domain.meeting import Sitting
from services.agenda.domain.quorum import Signatory
from services.agenda.domain.references import Reference, ReferenceState
from services.agenda.domain.refusals import StaleVersion
from services.agenda.domain.releases import ReleaseDecision
from services.agenda.store.agreements import Subject, signatories
from services.agenda.store.answers import current_answers, insert_answers
from services.chassis.audit import AuditEntry, append
from services.chassis.database import Transaction
from services.kernel.release_terms import Mode, Rendition

_COLUMNS = """id, meeting_id, series, version, state, tabled_by, content_hash, payload, tabled_at,
    agreed_at, aggregate_version, traceparent"""


async def insert_agenda(
    tx: Transaction,
    agenda: Agenda,
    decisions: Iterable[tuple[UUID, ReleaseDecision]],
    audit: AuditEntry,
) -> None:
    """With the decisions that allowed it, each under its item, and the answers that hold from the start."""
    await tx.execute(
        f"INSERT INTO agenda ({_COLUMNS})"  # noqa: S608
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        [
            agenda.id,
            agenda.meeting_id,
            agenda.series,
            agenda.version,
            agenda.state,
            agenda.tabled_by,
            agenda.content_hash,
            agenda.payload,
            agenda.tabled_at,
            agenda.agreed_at,
            agenda.aggregate_version,
            agenda.traceparent,
        ],
    )
    async with tx.cursor() as cursor:
        await cursor.executemany(
            "INSERT INTO agenda_item (agenda_id, item_id, position) VALUES (%s, %s, %s)",
            [[agenda.id, item, position] for position, item in enumerate(agenda.item_ids, start=1)],
        )
        await cursor.executemany(
            """
            INSERT INTO agenda_reference
                (agenda_id, item_id, assessment_id, revision, rendition, mode, state, denied)
            VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
            """,
            [
                [
                    agenda.id,
                    held.item_id,
                    held.assessment_id,
                    held.revision,
                    held.reference.rendition.value,
                    held.reference.mode.value,
                    held.state,
                    held.denied,
                ]
                for held in agenda.references
            ],
        )
        await cursor.executemany(
            """
            INSERT INTO releasability_decision
                (agenda_id, item_id, assessment_id, party, decision_id, allowed, rule_id, document)
            VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
            """,
            [
                [
                    agenda.id,
                    item_id,
                    decision.reference.assessment_id,
                    decision.party,
                    decision.decision_id,
                    decision.allowed,
                    decision.rule_id,
                    Jsonb(dict(decision.document)),
                ]
                for item_id, decision in decisions
            ],
        )
    await insert_answers(tx, agenda.id, agenda.answers)
    await append(tx, audit)


async def update_agenda(tx: Transaction, agenda: Agenda, expected: int, audit: AuditEntry) -> None:
    """State, agreement and standing of references. Raises `StaleVersion`."""
    updated = await tx.execute(
        """
        UPDATE agenda SET state = %s, agreed_at = %s, aggregate_version = %s
        WHERE id = %s AND aggregate_version = %s
        """,
        [agenda.state, agenda.agreed_at, agenda.aggregate_version, agenda.id, expected],
    )
    if updated.rowcount == 0:
        raise StaleVersion("the agenda has changed since it was read")
    async with tx.cursor() as cursor:
        await cursor.executemany(
            """
            UPDATE agenda_reference SET state = %s, denied = %s
            WHERE agenda_id = %s AND item_id = %s AND assessment_id = %s AND (state, denied) <> (%s, %s)
            """,
            [
                [
                    held.state,
                    held.denied,
                    agenda.id,
                    held.item_id,
                    held.assessment_id,
                    held.state,
                    held.denied,
                ]
                for held in agenda.references
            ],
        )
    await append(tx, audit)


async def find_agenda(tx: Transaction, agenda_id: UUID, *, lock: bool = False) -> Agenda | None:
    found = await _select(tx, "id = %s", [agenda_id], lock=lock)
    return found[0] if found else None


async def agenda_on_table(tx: Transaction, meeting_id: UUID) -> Agenda | None:
    """The version that no other has superseded, locked."""
    found = await _select(tx, "meeting_id = %s AND state <> 'SUPERSEDED'", [meeting_id], lock=True)
    return found[0] if found else None


async def agendas_of_meeting(tx: Transaction, meeting_id: UUID) -> tuple[Agenda, ...]:
    """By version, the latest first."""
    found = await _select(tx, "meeting_id = %s", [meeting_id])
    return tuple(sorted(found, key=lambda agenda: -agenda.version))


async def first_tabled(tx: Transaction, meeting_id: UUID) -> dict[UUID, datetime]:
    """When each item first lay on the table of a meeting."""
    cursor = await tx.execute(
        """
        SELECT agenda_item.item_id, min(agenda.tabled_at)
        FROM agenda JOIN agenda_item ON agenda_item.agenda_id = agenda.id
        WHERE agenda.meeting_id = %s GROUP BY agenda_item.item_id
        """,
        [meeting_id],
    )
    return dict(await cursor.fetchall())


async def agendas_by_id(tx: Transaction, ids: Sequence[UUID]) -> tuple[Agenda, ...]:
    return await _select(tx, "id = ANY(%s)", [list(ids)])


async def agendas_resting_on(tx: Transaction, assessment_ids: Sequence[UUID]) -> tuple[Agenda, ...]:
    """Those still on the table that refer to any of the assessments, locked in the order of their ids."""
    return await _select(
        tx,
        "state <> 'SUPERSEDED' AND id IN"
        " (SELECT agenda_id FROM agenda_reference WHERE assessment_id = ANY(%s))",
        [list(assessment_ids)],
        lock=True,
    )


async def _select(
    tx: Transaction, condition: str, values: Sequence[object], *, lock: bool = False
) -> tuple[Agenda, ...]:
    cursor = await tx.execute(
        f"SELECT {_COLUMNS} FROM agenda WHERE {condition} ORDER BY id"  # noqa: S608
        + (" FOR UPDATE" if lock else ""),
        list(values),
    )
    rows = await cursor.fetchall()
    if not rows:
        return ()
    ids = [row[0] for row in rows]
    items = await tx.execute(
        "SELECT agenda_id, item_id FROM agenda_item WHERE agenda_id = ANY(%s) ORDER BY position", [ids]
    )
    item_ids: dict[UUID, list[UUID]] = {}
    for agenda_id, item_id in await items.fetchall():
        item_ids.setdefault(agenda_id, []).append(item_id)
    found = await tx.execute(
        """
        SELECT agenda_id, item_id, assessment_id, revision, rendition, mode, state, denied
        FROM agenda_reference
        WHERE agenda_id = ANY(%s) ORDER BY item_id, assessment_id
        """,
        [ids],
    )
    references: dict[UUID, list[HeldReference]] = {}
    for agenda_id, item_id, assessment_id, revision, rendition, mode, state, denied in await found.fetchall():
        reference = Reference(assessment_id, revision, Rendition(rendition), Mode(mode))
        held = HeldReference(item_id, reference, ReferenceState(state), denied)
        references.setdefault(agenda_id, []).append(held)
    times = await tx.execute(
        "SELECT id, starts_at, ends_at, time_zone FROM meeting WHERE id = ANY(%s)", [[row[1] for row in rows]]
    )
    sittings = {row[0]: Sitting(row[1], row[2], row[3]) for row in await times.fetchall()}
    agreed = await signatories(tx, Subject.AGENDA, ids)
    answers = await current_answers(tx, ids)
    return tuple(
        _agenda(
            row,
            sittings[row[1]],
            item_ids.get(row[0], []),
            references.get(row[0], []),
            agreed.get(row[0], ()),
            answers.get(row[0], ()),
        )
        for row in rows
    )


def _agenda(
    row: TupleRow,
    sitting: Sitting,
    item_ids: Sequence[UUID],
    references: Sequence[HeldReference],
    agreed: tuple[Signatory, ...],
    answers: tuple[ItemAnswer, ...],
) -> Agenda:
    return Agenda(
        id=row[0],
        meeting_id=row[1],
        series=row[2],
        version=row[3],
        state=AgendaState(row[4]),
        tabled_by=row[5],
        content_hash=row[6],
        payload=bytes(row[7]),
        item_ids=tuple(item_ids),
        references=tuple(references),
        agreed=agreed,
        tabled_at=row[8],
        agreed_at=row[9],
        aggregate_version=row[10],
        traceparent=row[11],
        sitting=sitting,
        answers=answers,
    )
