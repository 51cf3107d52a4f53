"""Ask the owners of a series how their actions go: open reporting rounds, remind, and note who is silent."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import structlog

from services.actions.domain.action import Action
from services.actions.domain.rounds import Answer, Counts, Obligation, Round, RoundStep, asked
from services.actions.store.actions import find_all, find_open, lock_all
from services.actions.store.rounds import (
    add_obligations,
    latest_planned,
    lock_running,
    mark_excused,
    mark_missed,
    mark_reminded,
    obligations,
    plan,
    store_step,
)
from services.actions.usecases.publication import Publication
from services.actions.usecases.round_calendar import round_days, today_of
from services.chassis.audit import AuditEntry, append_all
from services.chassis.clock import Clock
from services.chassis.database import Database, Transaction
from services.kernel.calendars import HolidaysUnknown

_RECORDED = {
    RoundStep.OPEN: "report-round.opened",
    RoundStep.LEAVE_OUT: "report-round.not-held",
    RoundStep.REMIND: "report-round.reminded",
    RoundStep.FALL_DUE: "report-round.fell-due",
    RoundStep.CLOSE: "report-round.closed",
}
_REMINDER = "report-round.owner-reminded"
_SILENCE = "report-round.owner-silent"
_BATCH = 100


class RoundRunner:
    """Takes the steps of all series' rounds, one a transaction; several workers share them."""

    def __init__(self, database: Database, publication: Publication, clock: Clock) -> None:
        self._database = database
        self._publication = publication
        self._clock = clock
        self._silent: list[UUID] = []

    async def turn(self) -> bool:
        """The next step of each series' rounds, or a batch of what one left to be told; gives whether there
        may be more.
        """
        if self._silent:
            await self._tell()
            return True
        taken = False
        for series in sorted(self._publication.policy.series):
            taken = await self._advance(series) or taken
        return taken

    async def _advance(self, series: str) -> bool:
        policy, at = self._publication.policy, self._clock()
        if policy.get_series(series).reporting is None:
            return False
        today = today_of(policy, series, at)
        async with self._database.transaction() as tx:
            running = await lock_running(tx, series)
            due = ((asking, asking.next_step(today)) for asking in running)
            found = next(((asking, step) for asking, step in due if step is not None), None)
            if found is None:
                return not running and await self._plan(tx, series, min(today.values()))
            silent = await self._take(tx, *found, at)
        self._silent.extend(silent)
        return True

    async def _tell(self) -> None:
        """Tells the audiences of the next who are silent: a batch, for no writer to wait long. What a stop
        leaves out here, the next look at the open actions tells.
        """
        async with self._database.transaction() as tx:
            actions = await lock_all(tx, self._silent[:_BATCH])
            await self._publication.tell_again(tx, actions, self._clock())
        self._silent = self._silent[_BATCH:]

    async def _plan(self, tx: Transaction, series: str, day: date) -> bool:
        """Plans the latest round of a series whose day has come; those before it were not held."""
        policy = self._publication.policy
        rule = policy.get_series(series).reporting
        planned_for = None if rule is None else rule.planned_for(day)
        if rule is None or planned_for is None:
            return False
        latest = await latest_planned(tx, series)
        if latest is not None and latest >= planned_for:
            return False
        try:
            days = round_days(policy, series, rule, planned_for)
        except HolidaysUnknown as refusal:
            structlog.get_logger("rounds").error("no round is planned", series=series, reason=refusal.detail)
            return False
        return await plan(tx, Round(self._publication.ids(), series, days))

    async def _take(self, tx: Transaction, asking: Round, step: RoundStep, at: datetime) -> Sequence[UUID]:
        """Gives the actions whose owners are silent from here on."""
        silent: Sequence[UUID] = ()
        match step:
            case RoundStep.OPEN:
                await self._open(tx, asking)
            case RoundStep.REMIND:
                await self._remind(tx, asking, at)
            case RoundStep.FALL_DUE:
                silent = await self._fall_due(tx, asking, at)
        moved = asking.after(step, at)
        await store_step(tx, moved)
        owed = await obligations(tx, asking.id)
        actions = await _actions(tx, owed)
        counts = Counts.of(one.answer(actions[one.action_id]) for one in owed)
        detail = {
            "series": asking.series,
            "planned_for": asking.days.planned_for.isoformat(),
            "due_on": asking.days.due_on.isoformat(),
            "population": counts.population,
            "submitted": counts.submitted,
            "late": counts.late,
            "missed": counts.missed,
        }
        await append_all(tx, [_entry(_RECORDED[step], asking, None, at, detail)])
        return silent

    async def _open(self, tx: Transaction, asking: Round) -> None:
        owed = [
            Obligation(asking.id, action.id, owner.party, owner.organisation)
            for action in await find_open(tx, asking.series)
            for owner in asked(action)
        ]
        await add_obligations(tx, owed)

    async def _remind(self, tx: Transaction, asking: Round, at: datetime) -> None:
        owed = await obligations(tx, asking.id)
        actions = await _actions(tx, owed)
        waiting = [one for one in owed if one.answer(actions[one.action_id]) is Answer.OUTSTANDING]
        await mark_reminded(tx, waiting, at)
        await append_all(tx, _by_owner(_REMINDER, asking, waiting, at))

    async def _fall_due(self, tx: Transaction, asking: Round, at: datetime) -> Sequence[UUID]:
        """Whoever has not answered is silent from here on."""
        actions = {
            one.id: one
            for one in await lock_all(tx, {one.action_id for one in await obligations(tx, asking.id)})
        }
        unanswered = [one for one in await obligations(tx, asking.id) if one.submitted_at is None]
        silent = [one for one in unanswered if one.stands(actions[one.action_id])]
        await mark_excused(tx, (one for one in unanswered if not one.stands(actions[one.action_id])), at)
        await mark_missed(tx, silent, at)
        await append_all(tx, _by_owner(_SILENCE, asking, silent, at))
        return sorted({one.action_id for one in silent})


async def _actions(tx: Transaction, owed: Iterable[Obligation]) -> dict[UUID, Action]:
    return {action.id: action for action in await find_all(tx, sorted({one.action_id for one in owed}))}


def _by_owner(kind: str, asking: Round, owed: Sequence[Obligation], at: datetime) -> list[AuditEntry]:
    """One entry an organisation, whatever it owes."""
    found: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for one in owed:
        found[one.party, one.organisation].append(str(one.action_id))
    return [
        _entry(kind, asking, party, at, {"organisation": organisation, "actions": actions})
        for (party, organisation), actions in sorted(found.items())
    ]


def _entry(
    kind: str, asking: Round, party: str | None, at: datetime, detail: Mapping[str, Any]
) -> AuditEntry:
    return AuditEntry(
        action=kind,
        actor="actions",
        party=party,
        subject_kind="report-round",
        subject_id=str(asking.id),
        at=at,
        detail=detail,
    )
