"""One action that changes ten thousand times: every channel and the history stay right, and bounded."""

import asyncio
import time
from statistics import median
from typing import Any
from uuid import UUID

import httpx
import psutil
import pytest
from entente.exchange.v1.action_status_pb2 import ActionStatus
from google.protobuf.json_format import Parse

from services.actions.app import make_publication
from services.actions.domain.states import RULES, Move
from services.actions.store.actions import find, update
from services.chassis.audit import AuditEntry
from services.chassis.feed import RING
from services.kernel.parties import Reader, Role
from tests.support.following import CHANNELS, Follower, channels
from tests.support.tracking import Tracker

UK, EU = "uk-eu.uk", "uk-eu.eu"
LEADERS = {UK: ("FCDO", "UK", "leadership"), EU: ("EEAS", "EU", "leadership")}
OWNER = ("DSIT", "UK", "owner")
CHANGES = 10_000
LARGEST_PAGE = 200
_PAGE_BYTES = 2**20
_MEASURED, _TOGETHER = 100, 100
_MOST_GROWTH = 256 * 2**20


async def post(tracker: Tracker, action: str, count: int, version: int) -> list[float]:
    """Blocks and frees the action by turns over REST; gives the seconds that each change took."""
    took, headers = [], tracker.headers(*OWNER)
    for number in range(count):
        name, body = ("unblock", {}) if number % 2 else ("block", {"reason": f"Reason {number}."})
        began = time.perf_counter()
        answer = await tracker.post(f"/v1/actions/{action}/{name}", body, headers, version + number)
        took.append(time.perf_counter() - began)
        assert answer.status_code == 200, answer.text
    return took


async def write(tracker: Tracker, action: str, count: int) -> None:
    """The same with less ado: many changes in one transaction, each of them told."""
    publication, clock = make_publication(tracker.process, tracker.settings), tracker.process.clock
    who = Reader("dsit-owner", "UK", "DSIT", frozenset({Role.OWNER}))
    for first in range(0, count, _TOGETHER):
        async with tracker.process.database.transaction() as tx:
            before = await find(tx, UUID(action), lock=True)
            assert before is not None
            for number in range(first, min(first + _TOGETHER, count)):
                at = clock()
                blocked = number % 2 == 0
                after = before.blocked_by("It waits.", who, at) if blocked else before.unblocked(who, at)
                kind = RULES[Move.BLOCK if blocked else Move.UNBLOCK].audit
                audit = AuditEntry(kind, who.subject, who.party, "action", action, at, detail={})
                await update(tx, before, after, audit)
                await publication.publish(tx, [after], at)
                before = after


async def history(tracker: Tracker, action: str) -> tuple[list[dict[str, Any]], list[httpx.Response]]:
    """Every entry, and the pages that they came on."""
    entries: list[dict[str, Any]] = []
    pages, token = [], ""
    while not pages or token:
        page = await tracker.http.get(
            f"/v1/actions/{action}/history",
            params={"page_size": LARGEST_PAGE, "page_token": token},
            headers=tracker.headers(*LEADERS[UK]),
        )
        assert page.status_code == 200, page.text
        pages.append(page)
        entries += page.json()["changes"]
        token = page.json()["next_page_token"]
    return entries, pages


@pytest.mark.long
@pytest.mark.timeout(1_800)
async def test_an_action_may_change_ten_thousand_times(tracker: Tracker) -> None:
    action = await tracker.open(due_date="2030-06-28")
    begun = {audience: f"{tracker.epoch(audience)}:1" for audience in LEADERS}
    end = {audience: f"{tracker.epoch(audience)}:{CHANGES + 2}" for audience in LEADERS}
    connect = {audience: channels(tracker, audience, who) for audience, who in LEADERS.items()}
    process, live = psutil.Process(), {name: Follower() for name in CHANNELS}
    before = process.memory_info().rss
    async with asyncio.timeout(1_500), asyncio.TaskGroup() as group:
        for name, follower in live.items():
            group.create_task(follower.leg(connect[UK][name](""), until=end[UK]))
        accepted = await tracker.post(f"/v1/actions/{action}/accept", {}, tracker.headers(*OWNER), 1)
        assert accepted.status_code == 200, accepted.text
        early = median(await post(tracker, action, _MEASURED, 2))
        began = time.perf_counter()
        await write(tracker, action, CHANGES - 2 * _MEASURED)
        took = time.perf_counter() - began
        late = median(await post(tracker, action, _MEASURED, CHANGES + 2 - _MEASURED))
    grown = process.memory_info().rss - before
    print(f"{CHANGES - 2 * _MEASURED} changes written in {took:.0f} s")
    print(f"one over REST took {early * 1000:.0f} ms, after all the others {late * 1000:.0f} ms")
    print(f"the api with three readers has grown by {grown / 2**20:.0f} MiB")
    assert late < 3 * early
    assert grown < _MOST_GROWTH

    told = [Parse(value, ActionStatus()) for _, value, _ in await tracker.told(UK)]
    assert [status.sequence for status in told] == list(range(1, CHANGES + 3))
    left_out = {name: len(follower.check(told)) for name, follower in live.items()}
    print(f"left out for readers who were there, and marked: {left_out}")
    assert left_out["kafka"] == 0
    for audience in LEADERS:
        await _catch_up(connect[audience], begun[audience], end[audience])

    entries, pages = await history(tracker, action)
    kinds = ["action.opened", "action.accepted", *("action.blocked", "action.unblocked") * (CHANGES // 2)]
    assert [one["kind"] for one in entries] == kinds
    assert entries == sorted(entries, key=lambda one: one["at"])
    assert max(len(page.json()["changes"]) for page in pages) <= LARGEST_PAGE
    assert max(len(page.content) for page in pages) < _PAGE_BYTES
    slowest = max(page.elapsed.total_seconds() for page in pages)
    print(f"{len(pages)} pages of history, the slowest in {slowest * 1000:.0f} ms")
    assert slowest < 2.0


async def _catch_up(connect: dict[str, Any], begun: str, end: str) -> None:
    """A new reader gets one status, and so does one from before all that is kept; a later one gets each that
    it missed.

    The topic itself is read whole on Kafka: what it forgets is the broker's to say.
    """
    epoch, missed = begun.partition(":")[0], list(range(CHANGES + 3 - RING // 2, CHANGES + 3))
    for name in CHANNELS:
        new = Follower()
        await asyncio.wait_for(new.leg(connect[name](""), until=end), 120)
        old = Follower(token=begun)
        await asyncio.wait_for(old.leg(connect[name](begun), until=end), 120)
        late = Follower(token=f"{epoch}:{missed[0] - 1}")
        await asyncio.wait_for(late.leg(connect[name](late.token), until=end), 120)
        assert list(late.got) == missed
        assert new.held == old.held == late.held
        assert new.resets == old.resets == late.resets == 0
        if name != "kafka":
            assert list(new.got) == list(old.got) == [CHANGES + 2]
            assert old.loose == {CHANGES + 2}
