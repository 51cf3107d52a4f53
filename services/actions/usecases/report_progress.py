"""Report how an action goes, with the owner's own rating: the answer to a round, where one asks."""

from datetime import datetime
from uuid import UUID

from services.actions.domain.action import Action, Rag
from services.actions.domain.owners import Signature
from services.actions.domain.rounds import first_update
from services.actions.domain.states import Move
from services.actions.store.rounds import latest_obligation
from services.actions.usecases.change import Changing, Command, change_looking
from services.actions.usecases.round_calendar import day_of
from services.actions.usecases.take_update import take_update
from services.chassis.database import Transaction
from services.chassis.once import Once
from services.kernel.parties import Reader


async def report_progress(
    once: Once[Action],
    reader: Reader,
    action_id: UUID,
    version: int,
    rag: Rag,
    narrative: str,
    *,
    changing: Changing,
) -> Action:
    """Raises `RoundReported` for a second update of the party in a round, besides what a change raises."""
    publication = changing.publication

    async def report(tx: Transaction, action: Action, at: datetime) -> Action:
        reported = action.reported(rag, narrative, reader, at)
        owed = await latest_obligation(tx, action.id, reader.party)
        day = day_of(publication.policy, reader.party, at)
        update = first_update(publication.ids(), reported, Signature.of(reader, at), owed, day)
        return await take_update(tx, reported, update)

    command = Command.of(Move.REPORT, reader, action_id, version)
    return await change_looking(once, command, report, changing, {"rag": rag.value})
