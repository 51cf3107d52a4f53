"""A party keeps a backlog of its own proposals: it proposes, rewrites, parks, takes up again, withdraws."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from services.agenda.clients.threatfeed import Threatfeed
from services.agenda.domain.forwarding import ItemOrigin
from services.agenda.domain.history.changes import content_differences, differences
from services.agenda.domain.items import check_content
from services.agenda.domain.lateness import Dues, MissedDeadline
from services.agenda.domain.permissions import Command, may, require
from services.agenda.domain.proposal import (
    Proposal,
    ProposalCommand,
    ProposalState,
    ProposalText,
    check_text,
)
from services.agenda.domain.references import Reference
from services.agenda.domain.refusals import OfAnotherEdition
from services.agenda.domain.staleness import changed_fields
from services.agenda.store.drafts import find_draft
from services.agenda.store.meetings import meetings_of_series
from services.agenda.store.origins import origins_of
from services.agenda.store.proposals import (
    Backlog,
    Position,
    backlog,
    forwards_of,
    insert_proposal,
    update_proposal,
)
from services.agenda.usecases.access import audit_of, proposal_for
from services.agenda.usecases.keep_withdrawal_tasks import hold_texts, keep_tasks_of_proposal
from services.agenda.usecases.lateness import dues_of_meetings
from services.agenda.usecases.staleness import require_proposal_version
from services.chassis.clock import Clock
from services.chassis.database import Database, Transaction
from services.chassis.ids import IdSource
from services.chassis.once import Once
from services.kernel.parties import Reader
from services.kernel.policy import Policy
from services.kernel.series import DeadlineStep


@dataclass(frozen=True, slots=True)
class ProposalView:
    """A proposal as its party sees it. `closes` is the last day for proposals to its edition, None where no
    meeting is planned, and `missed` says whether it came later. `forwarded` names its counterparts in those
    other series that the reader is of, and `origin` the item elsewhere of which it was made, on the same
    condition.
    """

    proposal: Proposal
    closes: date | None
    missed: MissedDeadline | None
    forwarded: tuple[tuple[UUID, str], ...]
    origin: ItemOrigin | None = None

    @property
    def late(self) -> bool | None:
        return None if self.closes is None else self.missed is not None


@dataclass(frozen=True, slots=True)
class Proposing:
    """What proposing needs besides the caller."""

    database: Database
    policy: Policy
    threatfeed: Threatfeed
    clock: Clock
    ids: IdSource


async def propose(
    once: Once[ProposalView], reader: Reader, series: str, text: ProposalText, *, proposing: Proposing
) -> ProposalView:
    """Raises `NoAccess`, or what is wrong with the text."""
    require(proposing.policy, reader, Command.PROPOSE, series, f"series '{series}'")
    identity, now = proposing.ids(), proposing.clock()
    await check(series, text, identity, frozenset(), proposing)
    proposal = Proposal(
        id=identity,
        series=series,
        party=reader.party,
        text=text,
        state=ProposalState.PROPOSED,
        version=1,
        proposed_by=reader.subject,
        proposed_at=now,
    )
    async with once.transaction() as tx:
        await hold_texts(tx, text.content.references)
        audit = audit_of(once, reader, "proposal.made", "proposal", identity, now, series=series)
        await insert_proposal(tx, proposal, audit)
        await keep_tasks_of_proposal(tx, proposal, now)
        return await once.answer(tx, await view_of(tx, reader, proposal, proposing.policy))


async def rewrite_proposal(
    once: Once[ProposalView],
    reader: Reader,
    proposal_id: UUID,
    text: ProposalText,
    expected: int,
    *,
    proposing: Proposing,
) -> ProposalView:
    """Raises `NoAccess`, `OfAnotherEdition` where it is for a working-level meeting, `StaleVersion`,
    `IllegalTransition`, or what is wrong with the text.
    """
    async with proposing.database.transaction() as tx:
        held = await proposal_for(tx, reader, Command.PROPOSE, proposal_id, proposing.policy)
    if held.meeting_id is not None and text.edition != held.text.edition:
        raise OfAnotherEdition("the proposal is for a meeting of its edition", pointer="/edition")
    known = frozenset(held.text.content.references)
    await check(held.series, text, proposal_id, known, proposing)
    return await _change(
        once,
        reader,
        proposal_id,
        expected,
        "proposal.rewritten",
        lambda one: one.edited(text),
        proposing,
        text.content.references,
    )


async def park_proposal(
    once: Once[ProposalView], reader: Reader, proposal_id: UUID, expected: int, *, proposing: Proposing
) -> ProposalView:
    """Raises `NoAccess`, `StaleVersion` or `IllegalTransition`."""
    command = ProposalCommand.PARK
    return await _change(
        once, reader, proposal_id, expected, "proposal.parked", lambda one: one.after(command), proposing
    )


async def withdraw_proposal(
    once: Once[ProposalView], reader: Reader, proposal_id: UUID, expected: int, *, proposing: Proposing
) -> ProposalView:
    """Raises `NoAccess`, `StaleVersion` or `IllegalTransition`."""
    command = ProposalCommand.WITHDRAW
    return await _change(
        once, reader, proposal_id, expected, "proposal.withdrawn", lambda one: one.after(command), proposing
    )


async def resume_proposal(
    once: Once[ProposalView], reader: Reader, proposal_id: UUID, expected: int, *, proposing: Proposing
) -> ProposalView:
    """Raises `NoAccess`, `StaleVersion`, `IllegalTransition` or `ProposalInDraft`."""
    now = proposing.clock()
    async with once.transaction() as tx:
        held = await proposal_for(tx, reader, Command.PROPOSE, proposal_id, proposing.policy)
        await hold_texts(tx, held.text.content.references)
        # Drafts are locked before proposals, here as when one is taken.
        draft = await find_draft(tx, held.draft_id, lock=True) if held.draft_id else None
        proposal = await proposal_for(tx, reader, Command.PROPOSE, proposal_id, proposing.policy, lock=True)
        await require_proposal_version(tx, reader, proposal, expected)
        items = {item.id for item in draft.items} if draft else set()
        resumed = proposal.resumed(in_draft=proposal.item_id in items)
        changes = differences(proposal, resumed, "state")
        audit = audit_of(once, reader, "proposal.resumed", "proposal", proposal.id, now, changes=changes)
        await update_proposal(tx, resumed, expected, audit)
        await keep_tasks_of_proposal(tx, resumed, now)
        return await once.answer(tx, await view_of(tx, reader, resumed, proposing.policy))


async def read_proposal(
    database: Database, reader: Reader, proposal_id: UUID, *, policy: Policy
) -> ProposalView:
    """Raises `NoAccess`."""
    async with database.transaction() as tx:
        proposal = await proposal_for(tx, reader, Command.READ_PROPOSAL, proposal_id, policy)
        return await view_of(tx, reader, proposal, policy)


async def list_proposals(
    database: Database,
    reader: Reader,
    series: str,
    *,
    states: Collection[ProposalState],
    edition: int | None,
    after: Position | None,
    size: int,
    policy: Policy,
) -> tuple[tuple[ProposalView, ...], Position | None]:
    """A page of the own party's, the oldest first, over all editions or of one; and where the next begins.

    Raises `NoAccess`.
    """
    require(policy, reader, Command.READ_PROPOSAL, series, f"series '{series}'")
    wanted = Backlog(series, reader.party, states or tuple(ProposalState), edition)
    async with database.transaction() as tx:
        found = await backlog(tx, wanted, after=after, size=size + 1)
        views = await views_of(tx, reader, found[:size], policy)
    last = found[size - 1] if len(found) > size else None
    return views, (last.proposed_at, last.id) if last else None


async def check(
    series: str, text: ProposalText, identity: UUID, known: frozenset[Reference], proposing: Proposing
) -> None:
    """Whether everything exists that a text names; of assessments, whether the caller may see them.

    Raises the refusals of `check_text` and `check_content`, or the peer's.
    """
    check_text(text)
    policy = proposing.policy
    content = text.content
    check_content(content, policy.get_series(series), policy, draft_id=identity, at=proposing.clock())
    for reference in content.references:
        if reference not in known:
            await proposing.threatfeed.assessment(reference.assessment_id, reference.revision)


async def view_of(tx: Transaction, reader: Reader, proposal: Proposal, policy: Policy) -> ProposalView:
    (view,) = await views_of(tx, reader, [proposal], policy)
    return view


async def views_of(
    tx: Transaction, reader: Reader, proposals: Sequence[Proposal], policy: Policy
) -> tuple[ProposalView, ...]:
    """Proposals of one series, as the reader sees them."""
    if not proposals:
        return ()
    meetings = [one for one in await meetings_of_series(tx, proposals[0].series) if one.parent is None]
    dues = await dues_of_meetings(tx, meetings)
    by_edition = {meeting.edition: dues[meeting.id] for meeting in meetings}
    forwards = await forwards_of(tx, [proposal.id for proposal in proposals])
    origins = await origins_of(tx, [proposal.id for proposal in proposals])
    return tuple(
        ProposalView(
            proposal,
            *_closing(proposal, by_edition),
            tuple(
                (other, where)
                for other, where in forwards.get(proposal.id, [])
                if may(policy, reader, Command.READ_PROPOSAL, where)
            ),
            _readable(origins.get(proposal.id), reader, policy),
        )
        for proposal in proposals
    )


def _readable(origin: ItemOrigin | None, reader: Reader, policy: Policy) -> ItemOrigin | None:
    if origin is None or not may(policy, reader, Command.READ_PROPOSAL, origin.series):
        return None
    return origin


def _rewritten(before: ProposalText, after: ProposalText) -> list[str]:
    named = [one for one in changed_fields(before, after) if one != "content"]
    return [*changed_fields(before.content, after.content), *named]


def _closing(proposal: Proposal, by_edition: Mapping[int, Dues]) -> tuple[date | None, MissedDeadline | None]:
    edition = proposal.text.edition
    dues = None if edition is None or proposal.meeting_id else by_edition.get(edition)
    closes = None if dues is None else dues.closes(DeadlineStep.EXCHANGE_DRAFTS)
    if dues is None or closes is None:
        return None, None
    return closes.due, dues.missed(DeadlineStep.EXCHANGE_DRAFTS, proposal.proposed_at)


async def _change(
    once: Once[ProposalView],
    reader: Reader,
    proposal_id: UUID,
    expected: int,
    action: str,
    change: Callable[[Proposal], Proposal],
    proposing: Proposing,
    texts: Iterable[Reference] = (),
) -> ProposalView:
    now = proposing.clock()
    async with once.transaction() as tx:
        seen = await proposal_for(tx, reader, Command.PROPOSE, proposal_id, proposing.policy)
        await hold_texts(tx, [*texts, *seen.text.content.references])
        proposal = await proposal_for(tx, reader, Command.PROPOSE, proposal_id, proposing.policy, lock=True)
        await require_proposal_version(tx, reader, proposal, expected)
        changed = change(proposal)
        detail = {"fields": _rewritten(proposal.text, changed.text)} if changed.text != proposal.text else {}
        changes = {
            **differences(proposal, changed, "state"),
            **content_differences(proposal.text.content, changed.text.content),
        }
        audit = audit_of(once, reader, action, "proposal", proposal.id, now, changes=changes, **detail)
        await update_proposal(tx, changed, expected, audit)
        await keep_tasks_of_proposal(tx, changed, now)
        return await once.answer(tx, await view_of(tx, reader, changed, proposing.policy))
