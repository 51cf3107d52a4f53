"""Ten weeks that go by while everything dies: reporting rounds, and notices of what nobody takes on.

A day goes by once all that is due on it is there, so what is told twice, too early, to the wrong step, or
never, is found.
"""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import Any, Final, TypeAlias

from tenacity import RetryError

from benchmarks.chaos.oracle import Tally, expect
from benchmarks.thread_chaos.counts import Counts
from benchmarks.thread_chaos.due import Asking, LeftAlone, Plan, Told
from benchmarks.thread_chaos.officials import Officials
from benchmarks.waiting import until
from services.cli.business_clock import BusinessClock
from services.cli.layout import read_policy
from services.cli.year.cycle import CYCLES

_Read: TypeAlias = Callable[..., list[tuple[Any, ...]]]
_WEEKS: Final = 10.5
_HOUR: Final = time(16, tzinfo=UTC)
"""Every party is at work then."""
_PATIENCE: Final = 120.0
_OPENED: Final = "SELECT id::text, opened_at FROM action WHERE id = ANY(%s::uuid[])"
_NOTICES: Final = """
    SELECT action_id::text, trigger, party, step, sent_on FROM escalation_notice
    WHERE action_id = ANY(%s::uuid[])
"""
_ROUNDS: Final = """
    SELECT series, planned_for, opened_at::date, reminded_at::date, fell_due_at::date, closed_at::date
    FROM report_round WHERE planned_for > %s
"""
_ASKED: Final = """
    SELECT series, planned_for, action_id::text, party FROM report_obligation
    JOIN report_round ON id = round_id WHERE planned_for > %s AND action_id = ANY(%s::uuid[])
"""
_LOOKED: Final = "SELECT count(*) FROM scheduler_heartbeat WHERE last_success_at >= %s"
_ALL_NOTICES: Final = """
    SELECT count(*), count(DISTINCT (action_id, trigger, episode, party, step)),
           count(DISTINCT (action_id, trigger, episode, party, sent_on))
    FROM escalation_notice
"""
_RECORDED: Final = """
    SELECT subject_id, detail ->> 'trigger', party, detail ->> 'step', (detail ->> 'episode')::int
    FROM audit WHERE action = 'action.escalated'
"""
_SENT: Final = "SELECT action_id::text, trigger, party, step, episode FROM escalation_notice"


class Days:
    """Working days after the meetings, one after the other."""

    def __init__(self, clock: BusinessClock, officials: Officials, counts: Counts) -> None:
        self._clock = clock
        self._officials = officials
        self._counts = counts
        series = tuple(cycle.series for cycle in CYCLES)
        self._plan = Plan(read_policy(), series, clock.now().date())
        self.problems: list[str] = []

    async def pass_by(self) -> None:
        """Until the last of them."""
        self._plan.left = tuple(await until(self._left_alone, within=_PATIENCE, every=0.2))
        for count in range(1, round(_WEEKS * 7) + 1):
            day = self._plan.start + timedelta(days=count)
            if self._plan.is_worked(day):
                self._plan.days.append(day)
                self._clock.forward_to(datetime.combine(day, _HOUR))
                await self._settled()

    def verify(self, tally: Tally) -> None:
        """That each round and each notice was there once, on its day, and nothing besides."""
        plan, read = self._plan, self._counts.settled
        found, rounds = Counter(self._notices(read)), Counter(self._rounds(read))
        expect(tally, "notices of what nobody took on", found, Counter(plan.notices()))
        expect(tally, "reporting rounds by their days", rounds, Counter(plan.rounds()))
        asked = Counter(read("actions", _ASKED, plan.start, [one.id for one in plan.left]))
        expect(tally, "owners asked in rounds", asked, Counter(plan.asked()))
        ((sent, steps, days),) = read("actions", _ALL_NOTICES)
        if not sent == steps == days:
            tally.problems.append(f"{sent} notices, {steps} steps, {days} days of a party")
        recorded = Counter(read("actions", _RECORDED))
        expect(tally, "notices recorded once", recorded, Counter(read("actions", _SENT)))
        tally.figures |= {
            "days that went by": len(plan.days),
            "notices": sent,
            "notices of what nobody took on": found.total(),
            "reporting rounds": rounds.total(),
        }

    async def _left_alone(self) -> list[LeftAlone]:
        """In each series one action, once all are opened."""
        left = [course for course in self._officials.courses if course.left]
        rows = self._counts.rows("actions", _OPENED, [course.action_id for course in left])
        opened = {name: at.astimezone(UTC).date() for name, at in rows}
        if len(opened) < len(CYCLES):
            return []
        return [
            LeftAlone(one.action_id, one.series, opened[one.action_id], self._owners(one.series))
            for one in left
        ]

    async def _settled(self) -> None:
        """Waits for what is due on the last day, and for a look at everything after that."""

        async def asked() -> bool:
            return set(self._rounds(self._counts.rows)) == set(self._plan.rounds())

        async def told() -> bool:
            return set(self._notices(self._counts.rows)) >= set(self._plan.notices())

        try:
            await until(asked, within=_PATIENCE, every=0.05)
            now = self._clock.now()

            async def looked() -> bool:
                return self._counts.of("actions", _LOOKED, now) > 0

            await until(looked, within=_PATIENCE, every=0.05)
            await until(told, within=_PATIENCE, every=0.05)
        except RetryError:
            day = self._plan.days[-1]
            self.problems.append(f"what was due on {day} was not there after {_PATIENCE:.0f} s")

    def _notices(self, read: _Read) -> list[Told]:
        names = [one.id for one in self._plan.left]
        return [Told(*row) for row in read("actions", _NOTICES, names)]

    def _rounds(self, read: _Read) -> list[Asking]:
        return [Asking(*row) for row in read("actions", _ROUNDS, self._plan.start)]

    def _owners(self, series: str) -> tuple[str, ...]:
        """The parties that own what the officials of a series undertake."""
        cycle = next(one for one in CYCLES if one.series == series)
        owners = cycle.undertakings[0].action["owners"]
        if not isinstance(owners, list):
            raise TypeError("owners are listed")
        return tuple(one["party"] for one in owners if one["accountable"])
