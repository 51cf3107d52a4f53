"""A feed view: snapshots, replays, coalescing, resets, and readers that are too slow."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import aclosing, asynccontextmanager

import pytest

from services.chassis.feed import (
    LARGEST_BUFFER,
    Beat,
    Entry,
    FeedCatchingUp,
    FeedView,
    Notice,
    ReaderTooSlow,
    Reset,
    ResumeTokenMalformed,
    SnapshotEnd,
    Step,
    Token,
)
from services.chassis.identity import TokenExpired
from tests.support.feeds import FeedClient, entry, one_by_one

QUIET = 0.01
LONG = 30.0


def view_of(*entries: Entry, ring: int = 100) -> FeedView:
    view = FeedView(ring=ring)
    for one in entries:
        view.apply(one)
    view.mark_caught_up()
    return view


def plain(steps: Iterable[Step]) -> list[str]:
    """Steps in short: sequence and key, `~` before a coalesced one."""
    short = []
    for step in steps:
        match step:
            case Entry():
                short.append(f"{'~' if step.coalesced else ''}{step.token.sequence}{step.key}")
            case Reset():
                short.append(f"reset {step.epoch}")
            case SnapshotEnd():
                short.append(f"end {step.token}")
            case Beat():
                short.append(f"beat {step.token}")
    return short


@asynccontextmanager
async def following(
    view: FeedView, resume: Token | None = None, beat: float = LONG
) -> AsyncIterator[AsyncIterator[Step]]:
    async with aclosing(one_by_one(view.follow(resume, beat))) as steps:
        yield steps


async def some(steps: AsyncIterator[Step], count: int) -> list[str]:
    async with asyncio.timeout(5):
        return plain([await anext(steps) for _ in range(count)])


@pytest.mark.parametrize("text", ["x", ":1", "a:", "a:-1", "a:1.5", "a:٣", "a:" + "9" * 30, "e" * 100 + ":1"])
def test_a_token_that_was_not_given_out_here_is_refused(text: str) -> None:
    with pytest.raises(ResumeTokenMalformed):
        Token.parse(text)


def test_a_token_is_read_back_and_an_empty_one_means_nothing_held() -> None:
    assert Token.parse(str(Token("5f-1", 12))) == Token("5f-1", 12)
    assert Token.parse("") is None
    assert Token.parse(str(FeedView().token)) is None


def test_a_new_reader_gets_the_newest_of_each_key_in_the_order_of_the_feed() -> None:
    view = view_of(entry(1, "x"), entry(2, "y"), entry(3, "x"))
    assert plain(view.catch_up(None)) == ["2y", "3x", "end a:3"]


def test_a_reader_of_an_empty_feed_gets_an_empty_snapshot() -> None:
    assert plain(view_of().catch_up(None)) == ["end "]


def test_a_resuming_reader_gets_exactly_what_it_missed() -> None:
    view = view_of(*(entry(n, "x") for n in range(1, 6)))
    assert plain(view.catch_up(Token("a", 3))) == ["4x", "5x"]
    assert plain(view.catch_up(Token("a", 5))) == []


def test_what_the_ring_has_forgotten_is_caught_up_by_key() -> None:
    view = view_of(entry(1, "x"), entry(2, "y"), entry(3, "x"), entry(4, "z"), entry(5, "z"), ring=2)
    assert plain(view.catch_up(Token("a", 3))) == ["4z", "5z"]
    assert plain(view.catch_up(Token("a", 1))) == ["~2y", "~3x", "~5z"]


def test_across_a_hole_of_compaction_a_reader_is_caught_up_by_key() -> None:
    view = view_of(entry(4, "x"), entry(5, "y"), entry(9, "z"))
    assert plain(view.catch_up(Token("a", 4))) == ["~5y", "~9z"]
    assert plain(view.catch_up(Token("a", 8))) == ["9z"]


@pytest.mark.parametrize("resume", [Token("b", 1), Token("a", 3)])
def test_a_token_of_another_epoch_or_of_the_future_resets(resume: Token) -> None:
    view = view_of(entry(1, "x"), entry(2, "y"))
    assert plain(view.catch_up(resume)) == ["reset a", "1x", "2y", "end a:2"]


def test_a_token_given_to_an_empty_feed_resets() -> None:
    assert plain(view_of().catch_up(Token("a", 3))) == ["reset ", "end "]


def test_repeats_are_dropped_also_those_of_a_past_epoch() -> None:
    entries = [entry(1, "x"), entry(2, "y"), entry(1, "x", epoch="b")]
    view = view_of(*entries, *entries)
    assert view.token == Token("b", 1)
    assert plain(view.catch_up(None)) == ["1x", "end b:1"]


async def test_a_feed_that_is_still_being_read_has_no_readers() -> None:
    view = FeedView()
    view.apply(entry(1, "x"))
    with pytest.raises(FeedCatchingUp):
        await anext(view.follow(Token("a", 5), LONG))


async def test_a_reader_that_was_moments_ahead_elsewhere_is_not_told_to_forget() -> None:
    view = view_of(entry(1, "x"))
    async with following(view, Token("a", 3), beat=5.0) as steps:
        first = asyncio.create_task(some(steps, 1))
        await asyncio.sleep(0)
        for number in (2, 3, 4):
            view.apply(entry(number, "y"))
        assert await first == ["4y"]


async def test_a_reader_whose_token_nobody_reaches_is_told_to_forget() -> None:
    view = FeedView(ring=100, ahead=0.01)
    view.apply(entry(1, "x"))
    view.mark_caught_up()
    async with following(view, Token("a", 3)) as steps:
        assert await some(steps, 3) == ["reset a", "1x", "end a:1"]


async def test_a_reader_gets_the_snapshot_and_then_what_is_new() -> None:
    view = view_of(entry(1, "x"))
    async with following(view) as steps:
        assert await some(steps, 2) == ["1x", "end a:1"]
        view.apply(entry(2, "y"))
        assert await some(steps, 1) == ["2y"]


async def test_what_happens_while_the_snapshot_is_read_follows_it() -> None:
    view = view_of(entry(1, "x"))
    async with following(view) as steps:
        assert await some(steps, 1) == ["1x"]
        view.apply(entry(2, "x"))
        assert await some(steps, 2) == ["end a:1", "2x"]


async def test_a_reader_whose_buffer_is_not_full_gets_every_change_however_many_come_at_once() -> None:
    view = view_of(entry(1, "x"))
    async with following(view) as steps:
        await some(steps, 2)
        numbers = range(2, LARGEST_BUFFER + 2)
        for number in numbers:
            view.apply(entry(number, "x"))
        assert await some(steps, LARGEST_BUFFER) == [f"{number}x" for number in numbers]


async def test_what_waits_in_a_full_buffer_is_coalesced_by_key_until_it_is_taken() -> None:
    view = view_of(entry(1, "x"))
    async with following(view) as steps:
        await some(steps, 2)
        view.apply(entry(2, "y"))
        last = LARGEST_BUFFER + 3
        for number in range(3, last):
            view.apply(entry(number, "x"))
        view.apply(entry(last, "z"))
        assert await some(steps, 3) == ["2y", f"~{last - 1}x", f"{last}z"]
        for number in (last + 1, last + 2):
            view.apply(entry(number, "x"))
        assert await some(steps, 2) == [f"{last + 1}x", f"{last + 2}x"]


async def test_a_quiet_feed_beats_with_the_token_of_what_the_reader_was_given() -> None:
    view = view_of(entry(1, "x"))
    async with following(view, Token("a", 1), QUIET) as steps:
        assert await some(steps, 2) == ["beat a:1", "beat a:1"]
        view.apply(entry(2, "y"))
        assert await some(steps, 2) == ["2y", "beat a:2"]


async def test_a_new_epoch_resets_open_readers_and_ends_their_snapshot() -> None:
    view = view_of(entry(1, "x"), entry(2, "y"))
    async with following(view) as steps:
        await some(steps, 3)
        view.apply(entry(1, "y", epoch="b"))
        assert await some(steps, 3) == ["reset b", "1y", "end b:1"]


async def test_a_reader_with_too_much_waiting_is_closed_and_resumes_by_token() -> None:
    view = view_of(entry(1, "x"))
    client = FeedClient()
    async with following(view) as steps:
        client.take([await anext(steps), await anext(steps)])
        for number in range(LARGEST_BUFFER + 50):
            view.apply(entry(number + 2, f"k{number}"))
        with pytest.raises(ReaderTooSlow):
            await anext(steps)
    client.take(view.catch_up(client.token))
    assert len(client.held) == LARGEST_BUFFER + 51


async def test_readers_are_counted_and_end_when_told_to() -> None:
    counts: list[int] = []
    view = FeedView(counts.append)
    view.mark_caught_up()
    seen: list[Step] = []

    async def read() -> None:
        seen.extend([step async for step in one_by_one(view.follow(None, LONG))])

    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        group.create_task(read())
        await asyncio.sleep(0)
        view.close()
    assert plain(seen) == ["end "]
    assert counts == [1, 0]


async def test_a_notice_reaches_open_readers_and_those_who_come_later_and_moves_no_token() -> None:
    view = view_of(entry(1, "x"))
    silent, resumed = Notice("SCHEDULER", "SILENT", "1"), Notice("SCHEDULER", "RESUMED", "2")
    async with following(view, Token("a", 1), QUIET) as steps:
        view.announce(silent)
        view.announce(silent)
        assert await anext(steps) == silent
        assert await some(steps, 1) == ["beat a:1"]
    async with following(view) as steps:
        assert await some(steps, 2) == ["1x", "end a:1"]
        assert await anext(steps) == silent
        view.announce(silent)
        view.announce(resumed)
        assert await anext(steps) == resumed


async def test_steps_are_given_out_in_small_heaps_and_rights_are_looked_at_before_each() -> None:
    view = view_of(*(entry(number, f"k{number}") for number in range(1, 8)))
    given = 0

    def allowed() -> float:
        if given >= 6:
            raise TokenExpired("rights have ended")
        return LONG

    batches = view.follow(None, LONG, allowed, most=3)
    while given < 6:
        given += len(await anext(batches))
    with pytest.raises(TokenExpired):
        await anext(batches)


async def test_ten_thousand_changes_of_one_key_wait_as_one() -> None:
    view = view_of(entry(1, "x"))
    async with following(view) as steps:
        await some(steps, 2)
        for number in range(2, 10_002):
            view.apply(entry(number, "x"))
        assert await some(steps, 1) == ["~10001x"]
