"""Lists, figures and changes are what plain Python finds in what happened, now and as of any time."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.actions.app import MIGRATIONS
from services.actions.domain.action import Rag
from services.actions.domain.figures import RATINGS, Figures, Period
from services.actions.domain.filters import ANY, ActionFilter, Archived, Order
from services.actions.domain.states import State
from services.actions.usecases.count_actions import count_actions
from services.actions.usecases.follow_ratings import Following, follow_ratings
from services.actions.usecases.list_actions import Listing, list_actions
from services.actions.usecases.list_changes import Since, list_changes, read_history
from services.actions.usecases.publication import Publication
from services.chassis.database import Database
from services.chassis.documents import LiveDocuments
from services.chassis.migrations import migrate
from services.chassis.settings import PostgresSettings
from services.kernel.parties import Reader
from services.kernel.policy import Policy
from tests.support.action_histories import SEEN_BY_EU, START, History, Record, histories, store_history
from tests.support.actions import CNECT, DSIT
from tests.support.counting import Numbers, found, in_order, numbers
from tests.support.laws import law
from tests.support.postgres import Databases
from tests.support.release import POLICY_FOLDER, shipped_policy

POLICY = shipped_policy()
PUBLICATION = Publication(LiveDocuments(POLICY_FOLDER, Policy.from_documents), uuid4, lambda _: None)
DAYS = st.dates(START.date(), (START + timedelta(days=600)).date())

FILTERS = st.builds(
    ActionFilter,
    states=st.just(()) | st.lists(st.sampled_from(State), min_size=1, max_size=4).map(tuple),
    claimed=st.just(()) | st.lists(st.sampled_from(Rag), min_size=1, max_size=2).map(tuple),
    computed=st.just(()) | st.lists(st.sampled_from(Rag), min_size=1, max_size=2).map(tuple),
    open_only=st.booleans(),
    contradicted=st.none() | st.booleans(),
    owner=st.sampled_from(["", "", "DSIT", "CNECT"]),
    party=st.sampled_from(["", "", "UK", "EU"]),
    supporting=st.sampled_from(["", "", "", "NCSC"]),
    commitment=st.sampled_from(["", "", "C3"]),
    instrument=st.sampled_from(["", POLICY.get_series("uk-eu").instruments[0]]),
    edition=st.sampled_from([None, None, 2025]),
    meeting_id=st.sampled_from(["", "", "first"]),
    overdue=st.none() | st.booleans(),
    blocked=st.none() | st.booleans(),
    standing=st.none() | st.booleans(),
    due_from=st.none() | DAYS,
    due_to=st.none(),
    archived=st.none() | st.sampled_from(Archived),
    text=st.sampled_from(["", "", "JOINT", "100% of_", "%"]),
)
"""Drawn member by member; most leave something over of a history only where few are given."""
ONE_MEMBER = st.sampled_from([name for name in ActionFilter.__slots__ if name != "due_to"]).flatmap(
    lambda name: FILTERS.map(lambda wanted: ActionFilter(**{name: getattr(wanted, name)}))
)


@contextmanager
def database_of(postgres: Databases) -> Iterator[tuple[asyncio.Runner, Database]]:
    dsn = postgres.database("actions", lambda dsn: migrate(dsn, MIGRATIONS))
    with asyncio.Runner() as runner:
        opening = Database.opened(PostgresSettings(dsn=dsn), "test")
        database = runner.run(opening.__aenter__())
        try:
            yield runner, database
        finally:
            runner.run(opening.__aexit__(None, None, None))


async def emptied(database: Database) -> None:
    async with database.transaction() as tx:
        await tx.execute("TRUNCATE action, audience_feed, outbox, audit CASCADE")


async def counted(
    database: Database, reader: Reader, wanted: ActionFilter, now: datetime, as_of: datetime | None = None
) -> Figures:
    return await count_actions(database, reader, "uk-eu", wanted, as_of, policy=POLICY, now=now)


async def listed(
    database: Database, reader: Reader, wanted: ActionFilter, order: Order, descending: bool, now: datetime
) -> list[Any]:
    actions: list[Any] = []
    token = ""
    while True:
        listing = Listing("uk-eu", wanted, order, descending, 2, token)
        page = await list_actions(database, reader, listing, policy=POLICY, now=now)
        actions.extend(page.actions)
        token = page.next_token
        if not token:
            return actions
        assert len(page.actions) == 2


def plain(figures: Figures) -> Numbers:
    return {figure.name.value: (figure.population, dict(figure.values)) for figure in figures.figures}


async def check(database: Database, history: History, wanted: list[ActionFilter], draw: Any) -> None:
    await emptied(database)
    read: dict[datetime, list[Figures]] = {}
    reached: list[datetime] = []

    async def remember(at: datetime) -> None:
        """Where the clock went back, what was read in the time gone over again no longer holds."""
        reached.append(at)
        for then in [then for then in read if then >= at]:
            del read[then]
        if at == max(reached):
            read[at] = [await counted(database, reader, ANY, at) for reader in (DSIT, CNECT)]

    record, latest = await store_history(database, history, PUBLICATION, remember)
    later = latest + timedelta(days=draw(st.integers(0, 120)))
    for reader in (DSIT, CNECT):
        for one in [ANY, *wanted]:
            shown = found(record, reader.party, one, POLICY, later)
            assert plain(await counted(database, reader, one, later)) == numbers(record, shown, later)
            order, descending = draw(st.sampled_from(Order)), draw(st.booleans())
            actions = await listed(database, reader, one, order, descending, later)
            in_list = found(record, reader.party, one.listed(), POLICY, later)
            expected = in_order((action for action, _ in in_list), order, descending=descending)
            assert [action.id for action in actions] == [action.id for action in expected]
        past = draw(st.datetimes(START.replace(tzinfo=None), later.replace(tzinfo=None))).replace(
            tzinfo=START.tzinfo
        )
        one = draw(st.sampled_from([ANY, *wanted]))
        shown = found(record, reader.party, one, POLICY, past)
        assert plain(await counted(database, reader, one, later, past)) == numbers(record, shown, past)
        await check_changes(database, record, reader, later)
        await check_trend(database, reader, one, later, past, draw)
    for at, figures in read.items():
        again = [await counted(database, reader, ANY, later, at) for reader in (DSIT, CNECT)]
        assert [plain(one) for one in again] == [plain(one) for one in figures]


async def check_trend(
    database: Database, reader: Reader, wanted: ActionFilter, now: datetime, as_of: datetime, draw: Any
) -> None:
    """A point is what figures as of its instant are."""
    asked = Following("uk-eu", draw(st.sampled_from(Period)), draw(st.integers(1, 24)), wanted, as_of)
    trend = await follow_ratings(database, reader, asked, policy=POLICY, now=now)
    assert trend.points[-1].as_of == as_of
    for point in {trend.points[0], trend.points[len(trend.points) // 2], trend.points[-1]}:
        figures = await counted(database, reader, wanted, now, point.as_of)
        assert (point.as_of, point.day) == (figures.as_of, figures.day)
        assert point.figures == tuple(one for one in figures.figures if one.name in RATINGS)


async def check_changes(database: Database, record: Record, reader: Reader, now: datetime) -> None:
    since = START + (now - START) / 2
    expected = [
        (version.action.id, version.at, version.kind)
        for action in {version.action.id for version in record.versions}
        for version in record.told(action)
        if version.at > since and (reader.party == "UK" or version.action.marking in SEEN_BY_EU)
    ]
    told, token = [], ""
    while True:
        page = await list_changes(
            database, reader, Since("uk-eu", since, size=3, token=token), policy=POLICY, now=now
        )
        told.extend((entry.change.action_id, entry.change.at, entry.change.kind) for entry in page.changes)
        token = page.next_token
        if not token:
            break
    assert sorted(told) == sorted(expected)
    assert [at for _, at, _ in told] == sorted(at for _, at, _ in told)
    for identity in {version.action.id for version in record.versions}:
        versions = record.of(identity)
        if reader.party != "UK" and versions[0].action.marking not in SEEN_BY_EU:
            continue
        history = await read_history(database, reader, identity, size=200, token="", policy=POLICY, now=now)
        assert [entry.change.kind for entry in history.changes] == [
            version.kind for version in record.told(identity)
        ]
        states = [
            field.after[0]
            for entry in history.changes
            for field in entry.change.fields
            if field.field == "state"
        ]
        every = [version.action.state.value for version in versions]
        assert states == [
            state for place, state in enumerate(every) if place == 0 or state != every[place - 1]
        ]
        ids = {
            one
            for entry in history.changes
            for field in entry.change.fields
            if field.field == "evidence"
            for one in (words.partition(" ")[0] for words in field.after)
        }
        shown = {
            str(item.id)
            for item in versions[-1].action.evidence
            if reader.party == "UK" or item.marking in SEEN_BY_EU
        }
        assert ids == shown


def test_lists_figures_and_changes_are_what_happened(postgres: Databases) -> None:
    with database_of(postgres) as (runner, database):

        @settings(law(6), suppress_health_check=list(HealthCheck))
        @given(
            history=histories(),
            wanted=st.lists(ONE_MEMBER, min_size=2, max_size=3),
            mixed=FILTERS,
            data=st.data(),
        )
        def holds(history: History, wanted: list[ActionFilter], mixed: ActionFilter, data: Any) -> None:
            runner.run(check(database, history, [*wanted, mixed], data.draw))

        holds()
