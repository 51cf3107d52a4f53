"""A year of escalation on a clock that is set: what real schedulers send over real PostgreSQL is what a plain
model says, no more and no less.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid5

import pytest

from services.actions.app import MIGRATIONS
from services.actions.domain.action import Action
from services.actions.settings import EscalationSettings
from services.actions.store.actions import find, insert, update
from services.actions.store.rounds import latest_obligation, mark_submitted
from services.actions.usecases.escalate_actions import EscalationScheduler
from services.actions.usecases.publication import Publication
from services.actions.usecases.run_rounds import RoundRunner
from services.chassis.audit import AuditEntry
from services.chassis.database import Database, Transaction
from services.chassis.documents import LiveDocuments
from services.chassis.ids import random_ids
from services.chassis.migrations import migrate
from services.chassis.settings import PostgresSettings
from services.kernel.policy import Policy
from tests.support.escalation.drawn import reopened_late, stories
from tests.support.escalation.model import expected
from tests.support.escalation.reminding import Reminding, expected_reminders
from tests.support.escalation.story import Happening, Story, Telling, check_table, live
from tests.support.escalation.tables import CLOCKS, LADDERS
from tests.support.postgres import Databases
from tests.support.processes import POLICY, SettableClock

EVERY = EscalationSettings().every


class Office:
    """A database of actions with two workers on it."""

    def __init__(self, databases: Sequence[Database], clock: SettableClock) -> None:
        self.clock = clock
        self.publication = Publication(
            LiveDocuments(POLICY, Policy.from_documents), random_ids, lambda _: None
        )
        self.database = databases[0]
        self.schedulers = [
            EscalationScheduler(database, self.publication, clock, every=EVERY) for database in databases
        ]
        self.rounds = RoundRunner(databases[0], self.publication, clock)

    async def run(self, told: Sequence[Story], ticks: Sequence[datetime]) -> set[Telling]:
        """Lives the stories up to each tick, then lets both workers look at once."""
        opening = sorted(told, key=lambda story: story.opened)
        happening = sorted(
            ((one, story) for story in told for one in story.happenings), key=lambda both: both[0].at
        )
        latest = datetime.min.replace(tzinfo=UTC)
        for tick in ticks:
            latest = max(latest, tick)
            while opening and opening[0].opened <= latest:
                await self._open(opening.pop(0))
            while happening and happening[0][0].at <= latest:
                await self._happen(*happening.pop(0))
            self.clock.at = tick
            await self.round(self.rounds)
            await asyncio.gather(*(self.round(scheduler) for scheduler in self.schedulers))
        return await self.sent()

    async def round(self, scheduler: EscalationScheduler | RoundRunner) -> None:
        while await scheduler.turn():
            pass

    async def _open(self, story: Story) -> None:
        action = story.action()
        async with self.database.transaction() as tx:
            assert await insert(tx, action, _audit(action))

    async def _happen(self, happening: Happening, story: Story) -> None:
        async with self.database.transaction() as tx:
            before = await find(tx, story.action_id, lock=True)
            assert before is not None
            after = live(before, story, happening, uuid5(story.action_id, happening.at.isoformat()))
            if happening.kind == "report":
                await self._answer(tx, story, happening.at)
            await update(tx, before, after, _audit(after))

    async def _answer(self, tx: Transaction, story: Story, at: datetime) -> None:
        """A report is the answer to the round that takes it."""
        party = story.owners[0][0]
        owed, day = await latest_obligation(tx, story.action_id, party), at.astimezone(CLOCKS[party]).date()
        if owed is not None and owed[0].takes(day) and owed[1].submitted_at is None:
            late = day > owed[0].days.due_on
            await mark_submitted(tx, owed[0].id, story.action_id, party, at, late=late)

    async def sent(self) -> set[Telling]:
        async with self.database.transaction() as tx:
            cursor = await tx.execute(
                "SELECT action_id, trigger, episode, party, step, sent_at FROM escalation_notice"
            )
            rows = await cursor.fetchall()
        found = {Telling(*row) for row in rows}
        assert len(found) == len(rows)
        return found


def _audit(action: Action) -> AuditEntry:
    return AuditEntry("story", "test", None, "action", str(action.id), action.changed_at)


@asynccontextmanager
async def office(postgres: Databases) -> AsyncIterator[Office]:
    settings = PostgresSettings(dsn=postgres.database("actions", lambda dsn: migrate(dsn, MIGRATIONS)))
    async with AsyncExitStack() as stack:
        databases = [
            await stack.enter_async_context(Database.opened(settings, f"worker-{number}"))
            for number in range(2)
        ]
        yield Office(databases, SettableClock())


def hours(first: date, last: date, step: int) -> list[datetime]:
    start = datetime(first.year, first.month, first.day, tzinfo=UTC)
    count = (last - first).days * 24 // step
    return [start + timedelta(hours=step * number) for number in range(count)]


def without(ticks: Iterable[datetime], first: date, days: int) -> list[datetime]:
    """The scheduler stands still for so many days."""
    stop = {first + timedelta(days=day) for day in range(days)}
    return [tick for tick in ticks if tick.date() not in stop]


def going_back(ticks: Sequence[datetime], at: date, back: timedelta) -> list[datetime]:
    """The clock shows the days before `at` twice."""
    place = next(index for index, tick in enumerate(ticks) if tick.date() >= at)
    again = [tick for tick in ticks[:place] if tick >= ticks[place] - back]
    return [*ticks[:place], *again, *ticks[place:]]


async def reminded(database: Database) -> dict[Reminding, set[tuple[UUID, str]]]:
    """The digests that were sent, with the actions and matters in each."""
    async with database.transaction() as tx:
        cursor = await tx.execute(
            """
            SELECT series, party, organisation, sent_at, action_id, unnest(matters)
            FROM reminder_digest JOIN reminder_entry ON digest_id = reminder_digest.id
            """
        )
        found: dict[Reminding, set[tuple[UUID, str]]] = {}
        for *about, action, matter in await cursor.fetchall():
            found.setdefault(Reminding(*about), set()).add((action, matter))
    return found


async def check(office: Office, told: Sequence[Story], ticks: Sequence[datetime]) -> set[Telling]:
    found, wanted = await office.run(told, ticks), expected(told, ticks)
    assert sorted(found - wanted) == []
    assert sorted(wanted - found) == []
    check_table(found)
    assert await reminded(office.database) == expected_reminders(told, ticks)
    return found


async def test_a_winter_of_both_series_is_told_as_the_model_says(postgres: Databases) -> None:
    """Clocks change on both sides of the Atlantic, Thanksgiving and Christmas are kept, a week is lost and
    two days come twice.
    """
    first, last = date(2026, 8, 24), date(2027, 1, 18)
    told = [*stories(12, seed=1, first=first, last=last), reopened_late()]
    ticks = [tick + timedelta(hours=13 + tick.day % 3) for tick in hours(date(2026, 10, 19), last, 24)]
    ticks = going_back(without(ticks, date(2026, 11, 9), 7), date(2026, 12, 10), timedelta(days=2))
    async with office(postgres) as working:
        found = await check(working, told, ticks)
    late = [one for one in found if one.action == reopened_late().action_id and one.trigger == "OVERDUE"]
    assert [
        (one.step, one.at.date()) for one in sorted(late, key=lambda one: one.at) if one.party == "UK"
    ] == [
        ("OWNER", date(2026, 11, 23)),
        ("DEPUTY", date(2026, 11, 27)),
        ("DIRECTOR", date(2026, 12, 4)),
        ("MINISTER", date(2026, 12, 18)),
    ]
    assert {one.step for one in found} == {"OWNER", "DEPUTY", "DIRECTOR", "MINISTER"}
    assert {one.party for one in found} == {"UK", "EU", "US"}
    assert {one.trigger for one in found} == set(LADDERS)


@pytest.mark.long
@pytest.mark.timeout(3_000)
@pytest.mark.parametrize(("seed", "step"), [(2, 1), (3, 7), (4, 24)])
async def test_two_years_of_both_series_are_told_as_the_model_says(
    postgres: Databases, seed: int, step: int
) -> None:
    first, last = date(2026, 1, 5), date(2027, 11, 30)
    told = stories(60, seed=seed, first=first, last=last)
    ticks = [tick + timedelta(minutes=20) for tick in hours(first, last, step)]
    if step == 24:
        ticks = [tick + timedelta(hours=14) for tick in ticks]
    for stop, days in ((date(2026, 3, 26), 7), (date(2027, 7, 1), 45)):
        ticks = without(ticks, stop, days)
    for back in (date(2026, 10, 27), date(2027, 3, 16)):
        ticks = going_back(ticks, back, timedelta(days=3))
    async with office(postgres) as working:
        found = await check(working, told, ticks)
    assert len(found) > 300
