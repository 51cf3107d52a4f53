"""Accept or refuse a proposed change for a party; the last acceptance asked for makes it."""

from datetime import datetime
from uuid import UUID

from services.actions.domain.action import Action
from services.actions.domain.states import RULES
from services.actions.usecases.change import Changing, Command, change_action
from services.actions.usecases.propose_change import asked_of
from services.chassis.once import Once
from services.kernel.parties import Reader, Role
from services.kernel.policy import NotEntitled

ANSWERERS = frozenset({Role.OWNER, Role.SECRETARIAT, Role.CHAIR})
"""Whoever answers some kind of proposal; which kinds, the table of moves says."""


async def accept_proposal(
    once: Once[Action],
    reader: Reader,
    action_id: UUID,
    version: int,
    proposal_id: UUID,
    *,
    changing: Changing,
) -> Action:
    """Raises, besides what every change does, `UnknownProposal` or `AnswerNotAwaited`."""
    command = Command(reader, action_id, version, ANSWERERS, "action.proposal-accepted")

    def rule(action: Action, at: datetime) -> Action:
        asked = _asked(action, proposal_id, reader, changing)
        return action.proposal_accepted(proposal_id, reader, asked, at)

    return await change_action(once, command, rule, changing, {"proposal": str(proposal_id)})


async def refuse_proposal(
    once: Once[Action],
    reader: Reader,
    action_id: UUID,
    version: int,
    proposal_id: UUID,
    reason: str,
    *,
    changing: Changing,
) -> Action:
    """Also how the proposing party takes its proposal back. Raises as `accept_proposal` does."""
    command = Command(reader, action_id, version, ANSWERERS, "action.proposal-refused")

    def rule(action: Action, at: datetime) -> Action:
        asked = _asked(action, proposal_id, reader, changing)
        return action.proposal_refused(proposal_id, reader, asked, at)

    detail = {"proposal": str(proposal_id), "reason": reason}
    return await change_action(once, command, rule, changing, detail)


def _asked(action: Action, proposal_id: UUID, reader: Reader, changing: Changing) -> frozenset[str]:
    """The parties asked, once it is clear that the reader may answer a change of this kind."""
    policy, kind = changing.publication.policy, action.proposal(proposal_id).terms.kind
    if not policy.roles(reader, action.series) & RULES[kind.move].roles:
        names = " or ".join(sorted(RULES[kind.move].roles))
        raise NotEntitled(f"{kind} needs the role {names} in the action's series")
    return asked_of(action, kind, policy)
