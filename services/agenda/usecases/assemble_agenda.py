"""A party plans its draft under the time there is: what must hold, and the agenda that follows from it."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from services.agenda.domain.assembly.planning import Planning, Timed, arranged, problem_of, timed
from services.agenda.domain.assembly.problem import Problem
from services.agenda.domain.assembly.refusals import NoFeasibleAgenda
from services.agenda.domain.assembly.validation import require_sound
from services.agenda.domain.assembly.wording import in_words
from services.agenda.domain.draft import Draft
from services.agenda.domain.items import DraftItem
from services.agenda.domain.permissions import Command
from services.agenda.domain.ranking.run import RankingRun
from services.agenda.domain.staleness import changed_fields
from services.agenda.domain.time_budget import TimeBudget
from services.agenda.solver.assemble import Assembly, assemble
from services.agenda.solver.conflicts import Conflict
from services.agenda.store.meetings import sitting_of
from services.agenda.store.planning import find_planning, park_items, parked_items, put_planning
from services.agenda.store.ranking_runs import latest_run
from services.agenda.store.steps import planning_steps
from services.agenda.usecases.access import audit_of, draft_for, meeting_for
from services.agenda.usecases.budgeting import time_of_plan
from services.agenda.usecases.drafting import draft_to_change, put_draft, require_version
from services.agenda.usecases.staleness import stale_answer
from services.chassis.clock import Clock
from services.chassis.database import Database, Transaction
from services.chassis.once import Once
from services.kernel.parties import Reader
from services.kernel.policy import Policy


@dataclass(frozen=True, slots=True)
class Assembling:
    """What planning and solving need besides the caller."""

    database: Database
    policy: Policy
    clock: Clock


@dataclass(frozen=True, slots=True)
class PlanningView:
    """A planning, the items that the last solution had no room for, and the ranking that gives worth."""

    planning: Planning
    parked: Sequence[DraftItem]
    run: RankingRun | None


@dataclass(frozen=True, slots=True)
class Proposal:
    """What was solved: an agenda, or the conflict in words. `draft_version` is that of the draft as it now
    is, `ranking_run` the number of the ranking that gave items their worth; 0 where there is none. A conflict
    takes no time."""

    applied: bool
    draft_version: int
    items: tuple[Timed, ...] = ()
    left_out: tuple[UUID, ...] = ()
    value: int = 0
    gap: float = 0.0
    conflict: tuple[str, ...] = ()
    ranking_run: int = 0
    time: TimeBudget | None = None


async def read_planning(
    database: Database, reader: Reader, draft_id: UUID, *, policy: Policy
) -> PlanningView:
    """Raises `NoAccess`."""
    async with database.transaction() as tx:
        draft = await draft_for(tx, reader, Command.READ_DRAFT, draft_id, policy)
        return PlanningView(
            await find_planning(tx, draft.id),
            await parked_items(tx, draft.id),
            await latest_run(tx, draft.id),
        )


async def plan_draft(
    once: Once[PlanningView],
    reader: Reader,
    draft_id: UUID,
    planning: Planning,
    expected: int,
    *,
    assembling: Assembling,
) -> PlanningView:
    """Raises `NoAccess`, `StaleVersion`, or what is wrong with the planning by itself."""
    now = assembling.clock()
    async with once.transaction() as tx:
        draft = await draft_for(tx, reader, Command.EDIT_DRAFT, draft_id, assembling.policy, lock=True)
        held = await find_planning(tx, draft.id)
        await _require_planning(tx, reader, draft.id, held, expected)
        changed = replace(planning, version=expected + 1)
        parked = await parked_items(tx, draft.id)
        run = await latest_run(tx, draft.id)
        require_sound(await _problem(tx, reader, draft, PlanningView(changed, parked, run), assembling))
        fields = [one for one in changed_fields(held, changed) if one != "version"]
        audit = audit_of(
            once, reader, "draft.planned", "draft", draft.id, now, version=changed.version, fields=fields
        )
        await put_planning(tx, draft.id, changed, expected, audit)
        return await once.answer(tx, PlanningView(changed, parked, run))


async def solve_draft(
    once: Once[Proposal],
    reader: Reader,
    draft_id: UUID,
    expected: int,
    *,
    validate_only: bool,
    assembling: Assembling,
) -> Proposal:
    """The agenda that the planning leads to; put into the draft unless `validate_only`.

    Items without room are parked beside the draft and are candidates again. Raises `NoAccess`,
    `StaleVersion`, `AssemblyUndecided`, what is wrong with the planning, and `NoFeasibleAgenda` where it
    was to be applied.
    """
    now = assembling.clock()
    async with assembling.database.transaction() as tx:
        draft = await draft_for(tx, reader, Command.EDIT_DRAFT, draft_id, assembling.policy)
        await require_version(tx, draft, expected)
        planning = await find_planning(tx, draft.id)
        parked = await parked_items(tx, draft.id)
        view = PlanningView(planning, parked, await latest_run(tx, draft.id))
        problem = await _problem(tx, reader, draft, view, assembling)
        sitting = await sitting_of(tx, draft.meeting_id)
    # Solving takes seconds: beside the event loop, and with no transaction open.
    answer = await asyncio.to_thread(assemble, problem)
    proposal = _proposal(problem, answer, draft, view.run, applied=not validate_only)
    if not proposal.conflict:
        time = time_of_plan(proposal.items, (*draft.items, *parked), planning, sitting)
        proposal = replace(proposal, time=time)
    if proposal.conflict and not validate_only:
        raise NoFeasibleAgenda("; ".join(proposal.conflict))
    async with once.transaction() as tx:
        texts = [reference for item in parked for reference in item.content.references]
        current = await draft_to_change(tx, reader, draft_id, assembling.policy, texts)
        await require_version(tx, current, expected)
        if validate_only:
            return await once.answer(tx, proposal)
        await _require_planning(tx, reader, draft.id, await find_planning(tx, draft.id), planning.version)
        changed, waiting = arranged(current, parked, proposal.items)
        audit = audit_of(
            once,
            reader,
            "draft.assembled",
            "draft",
            draft.id,
            now,
            planning=planning.version,
            ranking_run=proposal.ranking_run,
        )
        await park_items(tx, draft.id, waiting)
        await put_draft(tx, changed, expected, audit)
        return await once.answer(tx, replace(proposal, draft_version=changed.version))


async def _problem(
    tx: Transaction,
    reader: Reader,
    draft: Draft,
    view: PlanningView,
    assembling: Assembling,
) -> Problem:
    meeting = await meeting_for(tx, reader, Command.READ_DRAFT, draft.meeting_id, assembling.policy)
    parties = assembling.policy.get_series(draft.series).parties
    return problem_of(view.planning, draft, view.parked, meeting, parties, view.run)


def _proposal(
    problem: Problem, answer: Assembly | Conflict, draft: Draft, run: RankingRun | None, *, applied: bool
) -> Proposal:
    number = 0 if run is None else run.number
    if isinstance(answer, Conflict):
        words = in_words(problem, answer.constraints)
        return Proposal(False, draft.version, conflict=words, ranking_run=number)
    taken = answer.plan.taken()
    return Proposal(
        applied=applied,
        draft_version=draft.version,
        items=timed(problem, answer.plan),
        left_out=tuple(UUID(entry.id) for entry in problem.candidates if entry.id not in taken),
        value=answer.value,
        gap=answer.gap,
        ranking_run=number,
    )


async def _require_planning(
    tx: Transaction, reader: Reader, draft_id: UUID, planning: Planning, expected: int
) -> None:
    """Raises `StaleVersion`; what was planned is read anew, so the fields that changed are named alone."""
    if planning.version != expected:
        raise await stale_answer(tx, reader, planning_steps(draft_id), planning.version, expected, {})
