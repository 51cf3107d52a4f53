"""Say whom an action is for, and find the actions that are for somebody."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from services.actions.domain.action import Action
from services.actions.domain.states import Move
from services.actions.domain.texts import LONGEST_TITLE, plain
from services.actions.domain.visibility import READERS, may_see, seen_by
from services.actions.store.beneficiaries import benefiting
from services.actions.usecases.change import Changing, Command, change_action
from services.chassis.database import Database
from services.chassis.once import Once
from services.kernel.parties import Reader
from services.kernel.policy import Policy
from services.kernel.refusals import NoAccess


async def name_beneficiaries(
    once: Once[Action],
    reader: Reader,
    action_id: UUID,
    version: int,
    names: Sequence[str],
    *,
    changing: Changing,
) -> Action:
    command = Command.of(Move.PLAN, reader, action_id, version)
    return await change_action(
        once,
        command,
        lambda action, at: action.benefiting(names, reader, at),
        changing,
        {"beneficiaries": len(names)},
    )


async def list_benefiting(
    database: Database, reader: Reader, series: str, name: str, *, policy: Policy, now: datetime
) -> tuple[Action, ...]:
    """The actions of a series that name the beneficiary, or any where none is asked for.

    What the reader may not see is left out without a trace.
    """
    if not policy.roles(reader, series) & READERS:
        raise NoAccess(f"series {series}")
    wanted = " ".join(plain(name, "/name", LONGEST_TITLE).split())
    async with database.transaction() as tx:
        found = await benefiting(tx, series, wanted)
    return tuple(
        seen_by(action, reader, policy, now) for action in found if may_see(action, reader.party, policy, now)
    )
