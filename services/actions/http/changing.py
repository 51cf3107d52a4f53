"""Routes that change an action."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Response

from services.actions.domain.states import RULES, Move
from services.actions.http import bodies, models
from services.actions.http.parts import Change, HoldingDependency, change_by
from services.actions.usecases.accept_action import accept_action
from services.actions.usecases.answer_proposal import ANSWERERS, accept_proposal, refuse_proposal
from services.actions.usecases.block_action import block_action
from services.actions.usecases.claim_completion import claim_completion
from services.actions.usecases.confirm_completion import confirm_completion
from services.actions.usecases.decline_action import decline_action
from services.actions.usecases.name_lead_official import name_lead_official
from services.actions.usecases.plan_milestones import plan_milestones
from services.actions.usecases.propose_change import propose_change
from services.actions.usecases.reach_milestone import reach_milestone
from services.actions.usecases.reject_completion import reject_completion
from services.actions.usecases.report_progress import report_progress
from services.actions.usecases.review_action import review_action
from services.actions.usecases.set_dependencies import set_dependencies
from services.actions.usecases.unblock_action import unblock_action

ByOwner = Annotated[Change, Depends(change_by(*RULES[Move.REPORT].roles))]
ByJudge = Annotated[Change, Depends(change_by(*RULES[Move.CONFIRM].roles))]
ByAnswerer = Annotated[Change, Depends(change_by(*ANSWERERS))]


async def accept(action_id: UUID, _body: bodies.Nothing, change: ByOwner) -> Response:
    """An accountable organisation takes the action on."""
    return await change.run(accept_action, action_id, changing=change.changing)


async def decline(action_id: UUID, body: bodies.Reason, change: ByOwner) -> Response:
    """An accountable organisation does not take the action on, and says why."""
    return await change.run(decline_action, action_id, body.reason, changing=change.changing)


async def progress(action_id: UUID, body: bodies.Progress, change: ByOwner) -> Response:
    """An accountable organisation rates how it goes."""
    return await change.run(report_progress, action_id, body.rag, body.narrative, changing=change.changing)


async def block(action_id: UUID, body: bodies.Reason, change: ByOwner) -> Response:
    """Something that the owner cannot remove holds the action up."""
    return await change.run(block_action, action_id, body.reason, changing=change.changing)


async def unblock(action_id: UUID, _body: bodies.Nothing, change: ByOwner) -> Response:
    """The action is no longer held up."""
    return await change.run(unblock_action, action_id, changing=change.changing)


async def review(action_id: UUID, body: bodies.Finding, change: ByOwner) -> Response:
    """The yearly review of an action under a standing commitment; the next is due a year later."""
    return await change.run(review_action, action_id, body.finding, changing=change.changing)


async def plan(action_id: UUID, body: bodies.PlanBody, change: ByOwner) -> Response:
    """The milestones, all of them; those that were reached stay as they were."""
    milestones = [entry.milestone() for entry in body.milestones]
    return await change.run(plan_milestones, action_id, milestones, changing=change.changing)


async def reach(action_id: UUID, milestone_id: UUID, _body: bodies.Nothing, change: ByOwner) -> Response:
    """A milestone is reached."""
    return await change.run(reach_milestone, action_id, milestone_id, changing=change.changing)


async def depend(action_id: UUID, body: bodies.DependenciesBody, change: ByOwner) -> Response:
    """The other actions of the series that this one waits for, all of them."""
    return await change.run(set_dependencies, action_id, body.depends_on, changing=change.changing)


async def lead(action_id: UUID, body: bodies.LeadOfficialBody, change: ByOwner) -> Response:
    """An accountable organisation names the post that leads, and who holds it."""
    return await change.run(name_lead_official, action_id, body.post, body.subject, changing=change.changing)


async def claim(
    action_id: UUID, body: bodies.CompletionClaim, change: ByOwner, holding: HoldingDependency
) -> Response:
    """An accountable organisation says that it is done, and shows it."""
    evidence = [item.given() for item in body.evidence]
    return await change.run(
        claim_completion, action_id, evidence, body.narrative, holding=holding, changing=change.changing
    )


async def confirm(action_id: UUID, body: bodies.Confirmation, change: ByJudge) -> Response:
    """A party whose confirmation is awaited finds it done; the last one closes the action."""
    return await change.run(confirm_completion, action_id, body.evidence_digest, changing=change.changing)


async def reject(action_id: UUID, body: bodies.Reason, change: ByJudge) -> Response:
    """A party whose confirmation is awaited does not find it done: the work goes on."""
    return await change.run(reject_completion, action_id, body.reason, changing=change.changing)


async def propose(action_id: UUID, body: bodies.ProposalBody, change: ByAnswerer) -> Response:
    """Another due date, an end without completion, or a fresh start: made once the other parties accept."""
    return await change.run(propose_change, action_id, body.terms(), changing=change.changing)


async def accept_proposed(
    action_id: UUID, proposal_id: UUID, _body: bodies.Nothing, change: ByAnswerer
) -> Response:
    """One more party accepts what is proposed; the last one asked makes the change."""
    return await change.run(accept_proposal, action_id, proposal_id, changing=change.changing)


async def refuse_proposed(
    action_id: UUID, proposal_id: UUID, body: bodies.Reason, change: ByAnswerer
) -> Response:
    """A party asked refuses, or the proposing one takes it back."""
    return await change.run(refuse_proposal, action_id, proposal_id, body.reason, changing=change.changing)


def routes() -> APIRouter:
    router = APIRouter(prefix="/v1/actions/{action_id}", tags=["actions"])
    for path, endpoint in (
        ("/accept", accept),
        ("/decline", decline),
        ("/progress", progress),
        ("/block", block),
        ("/unblock", unblock),
        ("/review", review),
        ("/milestones/{milestone_id}/reach", reach),
        ("/completion-claim", claim),
        ("/confirm", confirm),
        ("/reject", reject),
        ("/proposals", propose),
        ("/proposals/{proposal_id}/accept", accept_proposed),
        ("/proposals/{proposal_id}/refuse", refuse_proposed),
    ):
        router.post(path, response_model=models.Action)(endpoint)
    router.put("/milestones", response_model=models.Action)(plan)
    router.put("/lead-official", response_model=models.Action)(lead)
    router.put("/dependencies", response_model=models.Action)(depend)
    return router
