"""Answers to the items of tabled agendas: rows of `item_answer`, only ever added to."""

from collections.abc import Sequence
from uuid import UUID

from psycopg.rows import TupleRow

from services.agenda.domain.answers import Answer, ItemAnswer, Proposal
from services.chassis.database import Transaction

MESSAGE = "entente.exchange.v1.ItemAnswer"
_COLUMNS = """agenda_id, item_id, party, aggregate_version, answer, comment, title, minutes, place, marking,
    item_hash, organisation, official, since_version, given_at, type, payload"""


async def insert_answers(tx: Transaction, agenda_id: UUID, answers: Sequence[ItemAnswer]) -> None:
    """The answers that come with a change of the agenda, which carries their audit entry."""
    async with tx.cursor() as cursor:
        await cursor.executemany(
            f"INSERT INTO item_answer ({_COLUMNS})"  # noqa: S608
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            [
                [
                    agenda_id,
                    answer.item_id,
                    answer.party,
                    answer.aggregate_version,
                    answer.answer,
                    answer.comment,
                    answer.proposal.title,
                    answer.proposal.minutes,
                    answer.proposal.position,
                    answer.marking,
                    answer.item_hash,
                    answer.organisation,
                    answer.official,
                    answer.since_version,
                    answer.given_at,
                    MESSAGE if answer.payload is not None else None,
                    answer.payload,
                ]
                for answer in answers
            ],
        )


async def current_answers(tx: Transaction, agenda_ids: Sequence[UUID]) -> dict[UUID, tuple[ItemAnswer, ...]]:
    """The newest answer of each party to each item, by agenda, in the order in which they were given."""
    cursor = await tx.execute(
        f"""
        SELECT {_COLUMNS} FROM (
            SELECT DISTINCT ON (agenda_id, item_id, party) {_COLUMNS} FROM item_answer
            WHERE agenda_id = ANY(%s) ORDER BY agenda_id, item_id, party, aggregate_version DESC
        ) AS newest ORDER BY aggregate_version, party, item_id
        """,  # noqa: S608
        [list(agenda_ids)],
    )
    found: dict[UUID, tuple[ItemAnswer, ...]] = {}
    for row in await cursor.fetchall():
        found[row[0]] = (*found.get(row[0], ()), _answer(row))
    return found


def _answer(row: TupleRow) -> ItemAnswer:
    return ItemAnswer(
        item_id=row[1],
        party=row[2],
        aggregate_version=row[3],
        answer=Answer(row[4]),
        comment=row[5],
        proposal=Proposal(row[6], row[7], row[8]),
        marking=row[9],
        item_hash=row[10],
        organisation=row[11],
        official=row[12],
        since_version=row[13],
        given_at=row[14],
        payload=None if row[16] is None else bytes(row[16]),
    )
