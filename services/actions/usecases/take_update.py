"""Keep an update, and show the action as its owners rate it together."""

from dataclasses import replace

from services.actions.domain.action import Action
from services.actions.domain.rounds import ProgressUpdate, claimed_rating
from services.actions.store.progress_updates import add_update, latest_by_party
from services.chassis.database import Transaction


async def take_update(tx: Transaction, reported: Action, update: ProgressUpdate) -> Action:
    """`reported` is the action after the report, its row locked."""
    shown = claimed_rating(update, await latest_by_party(tx, reported.id))
    await add_update(tx, update)
    return replace(reported, rag=shown.rag, narrative=shown.narrative)
