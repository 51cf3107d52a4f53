"""A secretariat takes a proposal into its party's draft, in one step."""

from uuid import UUID

from services.agenda.domain.history.changes import differences
from services.agenda.domain.items import check_content
from services.agenda.domain.permissions import Command
from services.agenda.domain.refusals import OfAnotherEdition, OfAnotherMeeting
from services.agenda.store.proposals import update_proposal
from services.agenda.usecases.access import audit_of, meeting_for, proposal_for
from services.agenda.usecases.drafting import draft_to_change, put_draft, require_version
from services.agenda.usecases.keep_withdrawal_tasks import keep_tasks_of_proposal
from services.agenda.usecases.proposing import ProposalView, Proposing, view_of
from services.agenda.usecases.staleness import require_proposal_version
from services.chassis.once import Once
from services.chassis.telemetry import current_traceparent
from services.kernel.parties import Reader
from services.kernel.refusals import NoAccess


async def take_proposal(
    once: Once[ProposalView],
    reader: Reader,
    proposal_id: UUID,
    draft_id: UUID,
    position: int | None,
    expected: int,
    expected_draft: int,
    *,
    proposing: Proposing,
) -> ProposalView:
    """Makes an item of it, at a position or last. What it names is checked anew.

    Raises `NoAccess`, `StaleVersion` for either, `IllegalTransition`, `OfAnotherEdition`, `OfAnotherMeeting`,
    `PositionOutOfRange`, or what is wrong with the content by now.
    """
    policy, now, item_id = proposing.policy, proposing.clock(), proposing.ids()
    async with once.transaction() as tx:
        held = await proposal_for(tx, reader, Command.PROPOSE, proposal_id, policy)
        draft = await draft_to_change(tx, reader, draft_id, policy, held.text.content.references)
        proposal = await proposal_for(tx, reader, Command.PROPOSE, proposal_id, policy, lock=True)
        if proposal.series != draft.series:
            raise NoAccess(f"draft '{draft_id}'")
        await require_proposal_version(tx, reader, proposal, expected)
        await require_version(tx, draft, expected_draft)
        meeting = await meeting_for(tx, reader, Command.EDIT_DRAFT, draft.meeting_id, policy)
        if proposal.text.edition not in (None, meeting.edition):
            raise OfAnotherEdition("the proposal is for another edition", pointer="/draft_id")
        if proposal.meeting_id not in (None, meeting.id):
            raise OfAnotherMeeting("the proposal is for another meeting", pointer="/draft_id")
        series = policy.get_series(draft.series)
        check_content(proposal.text.content, series, policy, draft_id=draft.id, at=now)
        taken = proposal.taken(draft.id, item_id)
        changed = draft.with_item(proposal.item(item_id, current_traceparent()), position)
        named = {"item_id": str(item_id), "proposal_id": str(proposal.id)}
        audit = audit_of(once, reader, "draft.item-added", "draft", draft.id, now, **named)
        await put_draft(tx, changed, expected_draft, audit)
        noted = audit_of(
            once,
            reader,
            "proposal.taken",
            "proposal",
            proposal.id,
            now,
            item_id=str(item_id),
            changes=differences(proposal, taken, "state"),
        )
        await update_proposal(tx, taken, expected, noted)
        await keep_tasks_of_proposal(tx, taken, now)
        return await once.answer(tx, await view_of(tx, reader, taken, policy))
