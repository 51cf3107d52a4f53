"""Follows the thread from any id on it, in both directions, as one reader may see it."""

from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from services.agenda.clients.actions import Actions
from services.agenda.clients.threatfeed import Threatfeed
from services.agenda.domain.agenda import Agenda, AgendaState
from services.agenda.domain.outcome import Outcome, OutcomeState
from services.agenda.domain.permissions import Command, may
from services.agenda.domain.references import AssessmentState
from services.agenda.domain.thread import ActionThread, Node, NodeKind, Thread, in_order
from services.agenda.statements import read_items
from services.agenda.store.agendas import agendas_by_id
from services.agenda.store.assessments import standings
from services.agenda.store.outcomes import outcomes_of_items
from services.agenda.store.threads import (
    ItemPlace,
    ItemReference,
    ProposedItem,
    items_of_action,
    items_of_id,
    items_sharing,
    places,
    proposed_items,
    references_of,
)
from services.chassis.database import Database, Transaction
from services.kernel.parties import Reader
from services.kernel.policy import Policy
from services.kernel.refusals import NoAccess, Refusal, RefusalKind

T = TypeVar("T")

_THREATFEED = "threatfeed"
_ACTIONS = "actions"
WITHDRAWN = "Withdrawn by its originator"
"""What is said in the place of a title that is nobody's to read any more."""
_HIDDEN = frozenset({RefusalKind.FORBIDDEN, RefusalKind.NOT_FOUND, RefusalKind.INVALID})
"""Answers of a peer that mean: not for this caller, or not there (yet)."""


@dataclass(frozen=True, slots=True)
class Tracing:
    """What tracing needs besides the caller."""

    database: Database
    policy: Policy
    threatfeed: Threatfeed
    actions: Actions


@dataclass(frozen=True, slots=True)
class _Held:
    """What this service holds of the thread and the reader may see."""

    references: Sequence[ItemReference]
    proposed: Sequence[ProposedItem]
    agendas: Sequence[Agenda]
    outcomes: Sequence[Outcome]
    items: frozenset[UUID]
    withdrawn: frozenset[UUID]
    """The assessments that their originators withdrew."""


async def trace_thread(reader: Reader, wanted: str, *, tracing: Tracing) -> Thread:
    """Every node that hangs together with the id. Raises `NoAccess`."""
    missing: set[str] = set()
    held = await _held(reader, wanted, tracing)
    if not held.items:
        found = await _asked(_ACTIONS, tracing.actions.trace(wanted), missing)
        if found is not None and found.outcome_id:
            held = await _held(reader, found.outcome_id, tracing)
    if not held.items and not missing:
        raise NoAccess(f"thread '{wanted}'")
    nodes = [*_item_nodes(held), *_outcome_nodes(held)]
    nodes.extend(await _assessment_nodes(held, tracing, missing))
    for outcome in held.outcomes:
        if outcome.state is OutcomeState.AGREED and outcome.action_id is not None:
            found = await _asked(_ACTIONS, tracing.actions.trace(str(outcome.action_id)), missing)
            if found is not None:
                nodes.extend(_action_nodes(found, outcome))
    return Thread(in_order(nodes), tuple(sorted(missing)))


async def _assessment_nodes(held: _Held, tracing: Tracing, missing: set[str]) -> list[Node]:
    nodes = []
    revisions: dict[UUID, int] = {}
    for reference in held.references:
        known = revisions.get(reference.assessment_id, 0)
        revisions[reference.assessment_id] = max(known, reference.revision)
    for assessment_id, revision in revisions.items():
        seen = await _asked(_THREATFEED, tracing.threatfeed.assessment(assessment_id, revision), missing)
        if seen is not None:
            nodes.append(
                Node(NodeKind.ASSESSMENT, str(assessment_id), seen.title, seen.state, seen.published_at)
            )
        elif assessment_id in held.withdrawn and _THREATFEED not in missing:
            # Nobody reads its title any more; that something rests on it is no secret to whoever sees that.
            nodes.append(Node(NodeKind.ASSESSMENT, str(assessment_id), WITHDRAWN, "WITHDRAWN", None))
    return nodes


async def _asked(peer: str, question: Awaitable[T], missing: set[str]) -> T | None:
    """A peer's answer; None where it hides the matter from the caller, or is down and then noted so."""
    try:
        return await question
    except Refusal as refusal:
        if refusal.kind is RefusalKind.UNAVAILABLE:
            missing.add(peer)
        elif refusal.kind not in _HIDDEN:
            raise
        return None


async def _held(reader: Reader, wanted: str, tracing: Tracing) -> _Held:
    async with tracing.database.transaction() as tx:
        start = await _start(tx, reader.party, wanted)
        known: set[UUID] = set()
        drafted: set[UUID] = set()
        tabled: set[UUID] = set()
        agenda_ids: set[UUID] = set()
        references: tuple[ItemReference, ...] = ()
        while start - known:
            known |= start
            for place in await places(tx, start):
                if not _visible(reader, place, tracing.policy):
                    continue
                if place.agenda_id is None:
                    drafted.add(place.item_id)
                else:
                    tabled.add(place.item_id)
                    agenda_ids.add(place.agenda_id)
            references = await references_of(tx, reader.party, sorted(drafted), sorted(tabled))
            start = await items_sharing(tx, reader.party, {found.assessment_id for found in references})
        known_of = await standings(tx, {found.assessment_id for found in references})
        return _Held(
            references=references,
            proposed=await proposed_items(tx, reader.party, sorted(drafted)),
            agendas=await agendas_by_id(tx, sorted(agenda_ids)),
            outcomes=await outcomes_of_items(tx, sorted(tabled)),
            items=frozenset(drafted | tabled),
            withdrawn=frozenset(
                identity
                for identity, standing in known_of.items()
                if standing.state is AssessmentState.WITHDRAWN
            ),
        )


async def _start(tx: Transaction, party: str, wanted: str) -> set[UUID]:
    """The items an id leads to; an agreed item may be written `<agenda>:<item>`."""
    try:
        return await items_of_id(tx, party, UUID(wanted.rpartition(":")[2]))
    except ValueError:
        return await items_of_action(tx, wanted)


def _visible(reader: Reader, place: ItemPlace, policy: Policy) -> bool:
    """What is on the table is every party's, a draft only for those of its own party who may read it."""
    if place.agenda_id is not None:
        return may(policy, reader, Command.TRACE, place.series)
    return place.party == reader.party and may(policy, reader, Command.READ_DRAFT, place.series)


def _item_nodes(held: _Held) -> list[Node]:
    nodes = {
        item.item_id: Node(
            NodeKind.PROPOSED_ITEM, str(item.item_id), item.title, "PROPOSED", item.proposed_at
        )
        for item in held.proposed
    }
    agreed = []
    for agenda in sorted(held.agendas, key=lambda one: one.version):
        for item in read_items(agenda.payload):
            if item.id not in held.items:
                continue
            nodes[item.id] = Node(
                NodeKind.PROPOSED_ITEM, str(item.id), item.title, "TABLED", agenda.tabled_at
            )
            if agenda.state is AgendaState.AGREED:
                identity = f"{agenda.id}:{item.id}"
                agreed.append(Node(NodeKind.AGREED_ITEM, identity, item.title, "AGREED", agenda.agreed_at))
    return [*nodes.values(), *agreed]


def _outcome_nodes(held: _Held) -> list[Node]:
    return [
        Node(
            NodeKind.OUTCOME,
            str(outcome.id),
            outcome.label,
            outcome.state.value,
            outcome.agreed_at or outcome.proposed_at,
        )
        for outcome in held.outcomes
    ]


def _action_nodes(found: ActionThread, outcome: Outcome) -> list[Node]:
    label = f"{found.reference} {found.text}".strip()
    nodes = [Node(NodeKind.ACTION, found.action_id, label, found.state, outcome.agreed_at)]
    nodes.extend(
        Node(NodeKind.EVIDENCE, entry.id, entry.title, "SUBMITTED", entry.submitted_at)
        for entry in found.evidence
    )
    if found.closure_id:
        nodes.append(Node(NodeKind.CLOSURE, found.closure_id, found.reference, found.state, found.closed_at))
    return nodes
