"""What comes back at the next edition: agreed outcomes of earlier ones, and where their items went."""

from collections.abc import Iterable
from uuid import UUID

from services.agenda.domain.carry_over import Guidance, PastOutcome, ReturningItem
from services.agenda.domain.outcome_kinds import OutcomeKind
from services.chassis.database import Transaction


async def past_outcomes(tx: Transaction, series: str, edition: int) -> tuple[PastOutcome, ...]:
    """The agreed outcomes of the editions before one, oldest first."""
    cursor = await tx.execute(
        """
        SELECT outcome.id, outcome.item_id, coalesce(returning_item.root_item_id, outcome.item_id),
            outcome.meeting_id, outcome.agenda_id, meeting.edition, outcome.kind, outcome.deferred_to,
            outcome.reason, outcome.agreed_at, agenda_item.position
        FROM outcome
        JOIN meeting ON meeting.id = outcome.meeting_id
        JOIN agenda_item
            ON agenda_item.agenda_id = outcome.agenda_id AND agenda_item.item_id = outcome.item_id
        LEFT JOIN returning_item
            ON returning_item.meeting_id = outcome.meeting_id AND returning_item.item_id = outcome.item_id
        WHERE outcome.series = %s AND outcome.state = 'AGREED' AND meeting.edition < %s
        ORDER BY meeting.edition, outcome.agreed_at, outcome.id
        """,
        [series, edition],
    )
    return tuple(
        PastOutcome(
            outcome_id=row[0],
            item_id=row[1],
            root_item_id=row[2],
            meeting_id=row[3],
            agenda_id=row[4],
            edition=row[5],
            kind=OutcomeKind(row[6]),
            deferred_to=row[7],
            reason=row[8],
            agreed_at=row[9],
            position=row[10],
        )
        for row in await cursor.fetchall()
    )


async def keep_returning(tx: Transaction, meeting_id: UUID, items: Iterable[ReturningItem]) -> None:
    """Where the items went; every party's draft tells the same."""
    async with tx.cursor() as cursor:
        await cursor.executemany(
            """
            INSERT INTO returning_item (meeting_id, item_id, root_item_id, outcome_id, times)
            VALUES (%s, %s, %s, %s, %s) ON CONFLICT DO NOTHING
            """,
            [
                [meeting_id, item.item_id, item.root_item_id, item.last.outcome_id, item.times]
                for item in items
            ],
        )


async def root_of(tx: Transaction, meeting_id: UUID, item_id: UUID) -> UUID:
    """The item as it first stood on an agenda of the series."""
    cursor = await tx.execute(
        "SELECT root_item_id FROM returning_item WHERE meeting_id = %s AND item_id = %s",
        [meeting_id, item_id],
    )
    row = await cursor.fetchone()
    return item_id if row is None else row[0]


async def returning_ids(tx: Transaction, meeting_id: UUID) -> tuple[UUID, ...]:
    """Under which ids items have come back to a meeting."""
    cursor = await tx.execute("SELECT item_id FROM returning_item WHERE meeting_id = %s", [meeting_id])
    return tuple(row[0] for row in await cursor.fetchall())


async def agreed_guidance(tx: Transaction, series: str, edition: int) -> tuple[Guidance, ...]:
    """The guidance agreed before an edition."""
    cursor = await tx.execute(
        """
        SELECT outcome.id, outcome.decision_reference, outcome.conclusion,
            convert_from(outcome.payload, 'UTF8')::jsonb ->> 'marking', outcome.review_edition
        FROM outcome JOIN meeting ON meeting.id = outcome.meeting_id
        WHERE outcome.series = %s AND outcome.state = 'AGREED' AND outcome.kind = 'GUIDANCE'
            AND meeting.edition < %s AND outcome.review_edition <= %s
        """,
        [series, edition, edition],
    )
    return tuple(Guidance(*row) for row in await cursor.fetchall())
