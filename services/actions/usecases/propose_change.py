"""Propose what no party does alone: another due date, other expected evidence, an end, a fresh start."""

from datetime import datetime
from uuid import UUID

from services.actions.domain.action import Action
from services.actions.domain.proposals import ProposalKind, Terms
from services.actions.domain.refusals import SuccessorWrong
from services.actions.domain.states import RULES
from services.actions.domain.visibility import may_see_all
from services.actions.store.actions import find_by_reference
from services.actions.usecases.change import Changing, Command, change_looking
from services.chassis.database import Transaction
from services.chassis.once import Once
from services.kernel.parties import Reader
from services.kernel.policy import Policy


def asked_of(action: Action, kind: ProposalKind, policy: Policy) -> frozenset[str]:
    """The parties that must accept: by the rule of the series for dates and expected evidence, all of it for
    the rest.
    """
    series = policy.get_series(action.series)
    if kind.while_working and not series.all_accept_due_dates:
        return action.owning_parties
    return frozenset(series.parties)


async def propose_change(
    once: Once[Action], reader: Reader, action_id: UUID, version: int, terms: Terms, *, changing: Changing
) -> Action:
    """Raises, besides what every change does, `ProposalPending`, `DueDateWrong`, `ExpectedEvidenceWrong`
    or `SuccessorWrong`.
    """
    policy, proposal_id = changing.publication.policy, changing.publication.ids()

    async def rule(tx: Transaction, action: Action, at: datetime) -> Action:
        if terms.kind is ProposalKind.SUPERSEDE:
            await _check_successor(tx, action, terms.successor, policy, at)
        return action.proposed(terms, reader, asked_of(action, terms.kind, policy), proposal_id, at)

    roles = RULES[terms.kind.move].roles
    command = Command(reader, action_id, version, roles, "action.change-proposed")
    detail = {"proposal": str(proposal_id), "kind": terms.kind.value, "reason": terms.reason}
    return await change_looking(once, command, rule, changing, detail)


async def _check_successor(
    tx: Transaction, action: Action, reference: str, policy: Policy, at: datetime
) -> None:
    """Raises `SuccessorWrong`."""
    successor = await find_by_reference(tx, reference)
    if (
        successor is None
        or successor.id == action.id
        or successor.series != action.series
        or not successor.is_open
        or not may_see_all(successor, policy, at)
    ):
        raise SuccessorWrong("no other open action of the series has this reference", pointer="/successor")
