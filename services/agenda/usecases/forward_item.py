"""A secretariat forwards an item to another body: another series of its party, or a working-level meeting."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from services.agenda.domain.attendance import require_no_exposure
from services.agenda.domain.forwarding import (
    Forwarding,
    ItemOrigin,
    OriginKind,
    PastStep,
    refused_text,
    require_other_body,
    require_put_off,
)
from services.agenda.domain.items import DraftItem, ItemContent
from services.agenda.domain.meeting import Meeting, MeetingLevel
from services.agenda.domain.outcome import OutcomeState
from services.agenda.domain.permissions import Command, require
from services.agenda.domain.proposal import Proposal, ProposalState, ProposalText
from services.agenda.domain.references import Reference
from services.agenda.domain.refusals import StaleVersion, UnknownItem
from services.agenda.domain.releases import TextAnswer, tabled_items
from services.agenda.statements import read_items
from services.agenda.store.origins import insert_origin
from services.agenda.store.outcomes import outcomes_of_meeting
from services.agenda.store.proposals import insert_proposal, proposals_of_draft, record_forward
from services.agenda.store.returning import past_outcomes, root_of
from services.agenda.usecases.access import agenda_for, audit_of, draft_for, meeting_for
from services.agenda.usecases.check_draft import check_reference
from services.agenda.usecases.keep_withdrawal_tasks import hold_texts, keep_tasks_of_proposal
from services.agenda.usecases.proposing import ProposalView, Proposing, check, view_of
from services.agenda.usecases.rooms import exposed_in_room
from services.chassis.database import Transaction
from services.chassis.once import Once
from services.chassis.telemetry import current_traceparent
from services.kernel.parties import Reader
from services.kernel.policy import Policy


@dataclass(frozen=True, slots=True)
class ItemSource:
    """An item of a draft or of an agenda."""

    kind: OriginKind
    source_id: UUID
    item_id: UUID


@dataclass(frozen=True, slots=True)
class _Found:
    """The item as it stands, and the proposal it was made of, if any."""

    meeting: Meeting
    content: ItemContent
    origin: ItemOrigin
    proposal_id: UUID | None


async def forward_item(
    once: Once[ProposalView],
    reader: Reader,
    source: ItemSource,
    meeting_id: UUID,
    forwarding: Forwarding,
    *,
    proposing: Proposing,
) -> ProposalView:
    """The proposal for the other meeting. Its texts are decided for everybody there, its words for all
    parties of that series; where the item comes from is told to those only who may read that as well.

    Raises `NoAccess` for either side, `UnknownItem`, `ItemNotPutOff`, `SameMeeting`, `SameSeries`,
    `MeetingHasBegun`, `MeetingCancelled`, `AlreadyForwarded`, `ReferenceNotReleasable` with the tear line
    where one would do, or what is wrong with the content there.
    """
    policy, now, identity = proposing.policy, proposing.clock(), proposing.ids()
    async with proposing.database.transaction() as tx:
        found = await _found(tx, reader, source, policy)
        meeting = await meeting_for(tx, reader, Command.PROPOSE, meeting_id, policy)
    require_other_body(found.meeting, meeting)
    meeting.require_ahead(now)
    content = forwarding.content(found.content, same_series=meeting.series == found.meeting.series)
    text = ProposalText(content, forwarding.rationale, meeting.edition)
    await check(meeting.series, text, identity, frozenset(found.content.references), proposing)
    answers = await _decided(meeting, content, proposing)
    items = tabled_items(
        [DraftItem(identity, content, (), now, current_traceparent())],
        answers,
        marking=content.marking,
        series=policy.get_series(meeting.series),
        policy=policy,
        draft_id=identity,
        at=now,
    )
    proposal = Proposal(
        id=identity,
        series=meeting.series,
        party=reader.party,
        text=text,
        state=ProposalState.PROPOSED,
        version=1,
        proposed_by=reader.subject,
        proposed_at=now,
        meeting_id=meeting.id if meeting.level is MeetingLevel.WORKING else None,
    )
    async with once.transaction() as tx:
        await hold_texts(tx, content.references)
        current = await _found(tx, reader, source, policy)
        if (current.content, current.origin) != (found.content, found.origin):
            raise StaleVersion("the item has changed while its texts were decided")
        exposed = await exposed_in_room(tx, meeting, items, answers, policy=policy, now=now)
        require_no_exposure(exposed)
        origin = {"from": source.kind.value, "source_id": str(source.source_id), "of": str(source.item_id)}
        audit = audit_of(
            once,
            reader,
            "proposal.made",
            "proposal",
            identity,
            now,
            series=proposal.series,
            decisions=sorted(one.decision_id for answer in answers.values() for one in answer.decisions),
            **origin,
        )
        await insert_proposal(tx, proposal, audit)
        await insert_origin(tx, proposal, found.origin, meeting.id)
        if found.proposal_id is not None:
            await record_forward(tx, found.proposal_id, identity)
        await keep_tasks_of_proposal(tx, proposal, now)
        return await once.answer(tx, await view_of(tx, reader, proposal, policy))


async def _decided(
    meeting: Meeting, content: ItemContent, proposing: Proposing
) -> Mapping[Reference, TextAnswer]:
    """Raises `ReferenceNotReleasable`."""
    parties = proposing.policy.get_series(meeting.series).parties
    answers: dict[Reference, TextAnswer] = {}
    for reference in content.references:
        answer, advice = await check_reference(proposing.threatfeed, meeting, reference, parties)
        if answer is None or not answer.allowed:
            raise refused_text(reference, answer, advice)
        answers[reference] = answer
    return answers


async def _found(tx: Transaction, reader: Reader, source: ItemSource, policy: Policy) -> _Found:
    """Raises `NoAccess`, `UnknownItem` or `ItemNotPutOff`."""
    if source.kind is OriginKind.DRAFT_ITEM:
        draft = await draft_for(tx, reader, Command.PROPOSE, source.source_id, policy)
        content, meeting_id = draft.item(source.item_id).content, draft.meeting_id
        proposal_id = (await proposals_of_draft(tx, draft.id)).get(source.item_id)
    else:
        agenda = await agenda_for(tx, reader, Command.READ_AGENDA, source.source_id, policy)
        require(policy, reader, Command.PROPOSE, agenda.series, f"agenda '{agenda.id}'")
        item = next((one for one in read_items(agenda.payload) if one.id == source.item_id), None)
        if item is None:
            raise UnknownItem("the agenda has no such item")
        outcomes = await outcomes_of_meeting(tx, agenda.meeting_id)
        agreed = [one for one in outcomes if one.item_id == item.id and one.state is OutcomeState.AGREED]
        require_put_off(agreed[-1].kind if agreed and agreed[-1].agenda_id == agenda.id else None)
        texts = tuple(
            Reference(one.assessment_id, one.revision, one.rendition, one.mode) for one in item.references
        )
        content, meeting_id, proposal_id = item.content(texts), agenda.meeting_id, None
    meeting = await meeting_for(tx, reader, Command.PROPOSE, meeting_id, policy)
    history = await _history(tx, meeting, source.item_id)
    origin = ItemOrigin(source.kind, meeting.series, meeting.id, source.source_id, source.item_id, history)
    return _Found(meeting, content, origin, proposal_id)


async def _history(tx: Transaction, meeting: Meeting, item_id: UUID) -> tuple[PastStep, ...]:
    """What became of the item at this edition and, where it came back, at the ones before."""
    if meeting.level is MeetingLevel.WORKING:
        return ()
    root = await root_of(tx, meeting.id, item_id)
    return tuple(
        PastStep(one.outcome_id, one.meeting_id, one.edition, one.kind, one.reason)
        for one in await past_outcomes(tx, meeting.series, meeting.edition + 1)
        if one.root_item_id == root
    )
