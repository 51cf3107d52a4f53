"""Correct what a party reported in the round that still runs: a further revision, with a reason."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from services.actions.domain.action import Action, Rag
from services.actions.domain.owners import Signature
from services.actions.domain.rounds import corrected_update
from services.actions.domain.states import Move
from services.actions.store.progress_updates import latest_in_round
from services.actions.store.rounds import latest_obligation
from services.actions.usecases.change import Changing, Command, change_looking
from services.actions.usecases.round_calendar import day_of
from services.actions.usecases.take_update import take_update
from services.chassis.database import Transaction
from services.chassis.once import Once
from services.kernel.parties import Reader

CORRECTED = "action.report-corrected"


async def correct_report(
    once: Once[Action],
    reader: Reader,
    action_id: UUID,
    version: int,
    rag: Rag,
    narrative: str,
    reason: str,
    *,
    changing: Changing,
) -> Action:
    """Raises `NothingToCorrect`, `RoundClosed` or `ReasonMissing` besides what a report raises."""
    publication = changing.publication

    async def correct(tx: Transaction, action: Action, at: datetime) -> Action:
        reported = action.reported(rag, narrative, reader, at)
        owed = await latest_obligation(tx, action.id, reader.party)
        latest = owed and await latest_in_round(tx, owed[0].id, action.id, reader.party)
        update = corrected_update(
            publication.ids(),
            reported,
            Signature.of(reader, at),
            reason,
            owed,
            latest,
            day_of(publication.policy, reader.party, at),
        )
        return await take_update(tx, reported, update)

    command = replace(Command.of(Move.REPORT, reader, action_id, version), audit=CORRECTED)
    return await change_looking(once, command, correct, changing, {"rag": rag.value, "reason": reason})
