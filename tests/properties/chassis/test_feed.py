"""Wherever and on whatever channel a reader resumes, it ends with what a reader of everything holds."""

import asyncio
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from services.chassis.feed import Entry, FeedView, Token
from tests.support.feeds import FeedClient, entry, latest, one_by_one

KEYS = st.sampled_from("uvwxyz")
HISTORIES = st.lists(KEYS, min_size=1, max_size=40).map(
    lambda keys: [entry(number, key) for number, key in enumerate(keys, start=1)]
)


def compacted(entries: Sequence[Entry], cleaned_up_to: int) -> list[Entry]:
    """What a broker may have left: up to a point, only the newest of each key."""
    newest = {one.key: one for one in entries[:cleaned_up_to]}
    return [*sorted(newest.values(), key=lambda one: one.token.sequence), *entries[cleaned_up_to:]]


@given(history=HISTORIES, data=st.data(), ring=st.integers(1, 12))
def test_a_reader_that_resumes_at_any_token_ends_in_the_same_state(
    history: list[Entry], data: st.DataObject, ring: int
) -> None:
    held = data.draw(st.integers(0, len(history)))
    cleaned = data.draw(st.integers(0, len(history)))
    client = FeedClient(latest(history[:held]), Token("a", held))
    view = FeedView(ring=ring)
    for one in compacted(history, cleaned):
        view.apply(one)
    client.take(view.catch_up(client.token))
    assert client.held == latest(history)
    assert client.resets == 0


@given(history=HISTORIES, data=st.data())
def test_a_connection_that_breaks_anywhere_in_a_catch_up_loses_nothing(
    history: list[Entry], data: st.DataObject
) -> None:
    view = FeedView(ring=4)
    for one in history:
        view.apply(one)
    client = FeedClient()
    for _ in range(data.draw(st.integers(0, 4))):
        steps = view.catch_up(client.token)
        client.take(steps[: data.draw(st.integers(0, len(steps)))])
    client.take(view.catch_up(client.token))
    assert client.held == latest(history)


@given(history=HISTORIES, data=st.data())
def test_repeats_and_readings_anew_change_nothing(history: list[Entry], data: st.DataObject) -> None:
    old = [entry(number, "o", epoch="0") for number in range(1, 4)]
    once, often = FeedView(), FeedView()
    for one in [*old, *history]:
        once.apply(one)
        often.apply(one)
        again = data.draw(st.integers(0, len(old)))
        for repeat in [*old[:again], one]:
            if once.token.epoch == "a":
                often.apply(repeat)
    assert often.token == once.token
    assert often.catch_up(None) == once.catch_up(None)


CONNECTIONS = st.lists(st.lists(st.integers(0, 5), min_size=1, max_size=6), max_size=6)
"""Connections one after the other; of each, how many records arrive before each step that is read."""


@given(history=HISTORIES, connections=CONNECTIONS, renewed=st.booleans())
def test_a_live_reader_that_lags_stops_and_resumes_ends_in_the_same_state(
    history: list[Entry], connections: list[list[int]], renewed: bool
) -> None:
    later = [entry(number, key, epoch="b") for number, key in enumerate("uvu", start=1)] if renewed else []

    async def scenario() -> FeedClient:
        view = FeedView(ring=5)
        view.mark_caught_up()
        client = FeedClient()
        waiting = [*history, *later]
        for arrivals in connections:
            steps = one_by_one(view.follow(client.token, 0.0001))
            for count in arrivals:
                for one in waiting[:count]:
                    view.apply(one)
                del waiting[:count]
                client.take_one(await anext(steps))
            await steps.aclose()
        for one in waiting:
            view.apply(one)
        client.take(view.catch_up(client.token))
        return client

    client = asyncio.run(scenario())
    assert client.held == (latest(later) if renewed else latest(history))
