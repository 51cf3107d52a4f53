"""Ten weeks that go by while everything dies: reporting rounds, and notices of what nobody takes on.

A day goes by once all that its plan says is there. The plan is counted here from the calendars alone, so what
is told twice, too early, to the wrong step, or never, is found.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, NamedTuple

from tenacity import RetryError

from benchmarks.chaos.oracle import Tally, expect
from benchmarks.thread_chaos.counts import Counts
from benchmarks.thread_chaos.officials import Course, Officials
from benchmarks.waiting import until
from services.calendars import closed_days
from services.cli.business_clock import BusinessClock
from services.cli.layout import read_policy
from services.cli.year.cycle import CYCLES
from services.kernel.working_days import is_working_day, working_day_number

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
_LONG: Final = timedelta(days=30)
"""How long an action may wait for somebody to take it on."""


class Asking(NamedTuple):
    """A round as far as it has come by a day; None for a step that is still to come."""

    series: str
    planned_for: date
    opened: date | None
    reminded: date | None
    fell_due: date | None
    closed: date | None


class Told(NamedTuple):
    """A notice, and the day of the party on which it was sent."""

    action_id: str
    trigger: str
    party: str
    step: str
    on: date


class Days:
    """Working days after the meetings, one after the other."""

    def __init__(self, clock: BusinessClock, officials: Officials, counts: Counts) -> None:
        self._clock = clock
        self._officials = officials
        self._counts = counts
        self._policy = read_policy()
        self._start = clock.now().date()
        self._days: list[date] = []
        self._opened: dict[str, date] = {}
        self.problems: list[str] = []

    async def pass_by(self) -> None:
        """Until the last of them."""
        await until(self._left_alone, within=_PATIENCE, every=0.2)
        for count in range(1, round(_WEEKS * 7) + 1):
            day = self._start + timedelta(days=count)
            if any(self._works(party, day) for party in self._policy.parties):
                self._days.append(day)
                self._clock.forward_to(datetime.combine(day, _HOUR))
                await self._settled(day)

    def verify(self, tally: Tally) -> None:
        """That each round and each notice was there once, on its day, and nothing besides."""
        names = list(self._opened)
        found = Counter(Told(*row) for row in self._counts.rows("actions", _NOTICES, names))
        expect(tally, "notices of what nobody took on", found, Counter(self._notices()))
        rounds = Counter(Asking(*row) for row in self._counts.rows("actions", _ROUNDS, self._start))
        expect(tally, "reporting rounds by their days", rounds, Counter(self._rounds(self._days[-1])))
        asked = Counter(self._counts.rows("actions", _ASKED, self._start, names))
        wanted = Counter(
            (one.series, one.planned_for, course.action_id, party)
            for one in self._rounds(self._days[-1])
            if one.opened is not None
            for course in self._left()
            if course.series == one.series
            for party in self._owners(course.series)
        )
        expect(tally, "owners asked in rounds", asked, wanted)
        ((sent, steps, days),) = self._counts.rows("actions", _ALL_NOTICES)
        if not sent == steps == days:
            tally.problems.append(f"{sent} notices, {steps} steps, {days} days of a party")
        recorded = Counter(self._counts.rows("actions", _RECORDED))
        expect(tally, "notices recorded once", recorded, Counter(self._counts.rows("actions", _SENT)))
        tally.figures |= {
            "days that went by": len(self._days),
            "notices": sent,
            "notices of what nobody took on": found.total(),
            "reporting rounds": rounds.total(),
        }

    async def _left_alone(self) -> bool:
        """Whether in each series there is an action that nobody takes on."""
        rows = self._counts.rows("actions", _OPENED, [course.action_id for course in self._left()])
        self._opened = {name: at.astimezone(UTC).date() for name, at in rows}
        return len(rows) == len(CYCLES)

    def _left(self) -> list[Course]:
        return [course for course in self._officials.courses if course.left]

    async def _settled(self, day: date) -> None:
        """Waits for what is due on a day, and for a look at everything after that."""

        async def asked() -> bool:
            rows = self._counts.rows("actions", _ROUNDS, self._start)
            return {Asking(*row) for row in rows} == set(self._rounds(day))

        async def told() -> bool:
            rows = self._counts.rows("actions", _NOTICES, list(self._opened))
            return {Told(*row) for row in rows} >= {one for one in self._notices() if one.on <= day}

        try:
            await until(asked, within=_PATIENCE, every=0.05)
            now = self._clock.now()

            async def looked() -> bool:
                return self._counts.of("actions", _LOOKED, now) > 0

            await until(looked, within=_PATIENCE, every=0.05)
            await until(told, within=_PATIENCE, every=0.05)
        except RetryError:
            self.problems.append(f"what was due on {day} was not there after {_PATIENCE:.0f} s")

    def _rounds(self, day: date) -> Iterator[Asking]:
        """Those that have been planned by a day, as far as they have come."""
        for cycle in CYCLES:
            series = self._policy.get_series(cycle.series)
            rule = series.reporting
            if rule is None:
                continue
            planned = rule.planned_after(self._start)
            while planned <= day:
                closed = closed_days(self._policy, series.parties, range(planned.year, planned.year + 2))
                opens = working_day_number(planned, 0, closed)
                reminds, due, closes = (
                    working_day_number(opens, count, closed)
                    for count in (rule.remind_after, rule.due_after, rule.close_after)
                )
                after = (self._first(opens), self._first(reminds), self._past(due), self._past(closes))
                steps = (one if one is not None and one <= day else None for one in after)
                yield Asking(cycle.series, planned, *steps)
                planned = rule.planned_after(planned)

    def _first(self, day: date) -> date | None:
        """The first of the days that went by from one on."""
        return next((one for one in self._days if one >= day), None)

    def _past(self, day: date) -> date | None:
        return next((one for one in self._days if one > day), None)

    def _notices(self) -> Iterator[Told]:
        """Of the actions that nobody takes on, on the days that went by: a step a working day at most."""
        last = self._days[-1]
        for course in self._left():
            ladders = self._policy.escalations[course.series].ladders
            since = {
                ("NOT_TAKEN_ON", party): self._opened[course.action_id] + _LONG
                for party in self._owners(course.series)
            }
            for one in self._rounds(last):
                if one.series == course.series and one.fell_due is not None:
                    due = self._due(one)
                    for party in self._owners(course.series):
                        since.setdefault(("MISSED_REPORT", party), due)
            for (trigger, party), good in since.items():
                ladder = next(steps for kind, steps in ladders.items() if kind.value == trigger)
                yield from self._climb(course, trigger, party, good, {k.value: v for k, v in ladder.items()})

    def _due(self, asking: Asking) -> date:
        series = self._policy.get_series(asking.series)
        years = range(asking.planned_for.year, asking.planned_for.year + 2)
        closed = closed_days(self._policy, series.parties, years)
        if series.reporting is None:
            raise RuntimeError("a series without rounds has one")
        opens = working_day_number(asking.planned_for, 0, closed)
        return working_day_number(opens, series.reporting.due_after, closed)

    def _climb(
        self, course: Course, trigger: str, party: str, good: date, ladder: Mapping[str, int]
    ) -> Iterator[Told]:
        left = list(ladder.items())
        for day in self._days:
            if not left or day <= good or not self._works(party, day):
                continue
            step, count = left[0]
            between = (good + timedelta(days=number) for number in range(1, (day - good).days + 1))
            if sum(self._works(party, one) for one in between) >= count:
                left.pop(0)
                yield Told(course.action_id, trigger, party, step, day)

    def _works(self, party: str, day: date) -> bool:
        return is_working_day(day, closed_days(self._policy, [party], [day.year]))

    def _owners(self, series: str) -> list[str]:
        cycle = next(one for one in CYCLES if one.series == series)
        owners = cycle.undertakings[0].dated(self._start)["owners"]
        if not isinstance(owners, list):
            raise TypeError("owners are listed")
        return [one["party"] for one in owners if one["accountable"]]
