"""A secretariat forwards a proposal to another series of its own party."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from services.agenda.domain.permissions import Command, require
from services.agenda.domain.proposal import Proposal, ProposalCommand, ProposalState, ProposalText, forwarded
from services.agenda.domain.refusals import SameSeries
from services.agenda.store.proposals import insert_proposal, record_forward, update_proposal
from services.agenda.usecases.access import audit_of, proposal_for
from services.agenda.usecases.proposing import ProposalView, Proposing, check, view_of
from services.agenda.usecases.staleness import require_proposal_version
from services.chassis.once import Once
from services.kernel.parties import Reader


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a proposal goes, with what only that series can say of it."""

    series: str
    edition: int | None
    commitments: tuple[str, ...]
    leads: Mapping[str, str]
    rationale: str


async def forward_proposal(
    once: Once[ProposalView],
    reader: Reader,
    proposal_id: UUID,
    destination: Destination,
    expected: int,
    *,
    proposing: Proposing,
) -> ProposalView:
    """The new proposal in the other series, checked against that series. Readers of that series learn nothing
    else of the first one, not even that it exists; nor the other way round.

    Raises `NoAccess` for either series, `SameSeries`, `StaleVersion`, `IllegalTransition`, or what is wrong
    with the content there.
    """
    policy, now, identity = proposing.policy, proposing.clock(), proposing.ids()
    require(policy, reader, Command.PROPOSE, destination.series, f"series '{destination.series}'")
    async with proposing.database.transaction() as tx:
        held = await proposal_for(tx, reader, Command.PROPOSE, proposal_id, policy)
        await require_proposal_version(tx, reader, held, expected)
    if held.series == destination.series:
        raise SameSeries("the proposal is of that series", pointer="/series")
    content = forwarded(held.text.content, commitments=destination.commitments, leads=destination.leads)
    text = ProposalText(content, destination.rationale, destination.edition)
    await check(destination.series, text, identity, frozenset(), proposing)
    copy = Proposal(
        id=identity,
        series=destination.series,
        party=reader.party,
        text=text,
        state=ProposalState.PROPOSED,
        version=1,
        proposed_by=reader.subject,
        proposed_at=now,
    )
    async with once.transaction() as tx:
        origin = await proposal_for(tx, reader, Command.PROPOSE, proposal_id, policy, lock=True)
        await require_proposal_version(tx, reader, origin, expected)
        audit = audit_of(once, reader, "proposal.forwarded", "proposal", origin.id, now, to=str(identity))
        await update_proposal(tx, origin.after(ProposalCommand.FORWARD), expected, audit)
        made = audit_of(once, reader, "proposal.made", "proposal", identity, now, series=copy.series)
        await insert_proposal(tx, copy, made)
        await record_forward(tx, origin.id, identity)
        return await once.answer(tx, await view_of(tx, reader, copy, policy))
