"""Whoever follows what its party may read gets all of it, in order, and resumes where it left off."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import timedelta
from uuid import UUID

import grpc
import httpx
import psycopg
import pytest
from entente.threatfeed.v1 import assessment_service_pb2 as service

from deploy.local.platform import PlatformAccess
from services.threatfeed.usecases.make_views import forget_old_views
from tests.support.postgres import Databases
from tests.support.reading import JOINT, TEAR_LINE, UK_ONLY, Reading, document, hold, open_reading

WITHIN = 20.0


@pytest.fixture
async def reading(platform: PlatformAccess, postgres: Databases) -> AsyncIterator[Reading]:
    async with open_reading(platform, postgres) as opened:
        yield opened


class Follower:
    """A reader of the stream over gRPC, as `title` or `-reason` of each step."""

    def __init__(self, reading: Reading, headers: dict[str, str], token: str = "", **asked: object) -> None:
        request = service.WatchAssessmentsRequest(
            resume_token=token,
            filter=service.AssessmentFilter(**asked),  # type: ignore[arg-type]
        )
        self._call = reading.stub.WatchAssessments(request, metadata=list(headers.items()))
        self.token = token

    async def next(self) -> str:
        step = await asyncio.wait_for(self._call.read(), WITHIN)
        self.token = step.resume_token
        match step.WhichOneof("step"):
            case "assessment":
                return str(step.assessment.title)
            case "gone":
                return f"-{service.GoneReason.Name(step.gone.reason).removeprefix('GONE_REASON_')}"
            case other:
                return str(other)

    async def until(self, last: str) -> list[str]:
        found: list[str] = []
        while not found or found[-1] != last:
            found.append(await self.next())
        return found

    def close(self) -> None:
        self._call.cancel()


async def test_a_snapshot_is_followed_by_every_change_that_the_party_may_see(reading: Reading) -> None:
    await hold(reading, document("A", JOINT), document("B", UK_ONLY))
    follower = Follower(reading, reading.eu())
    assert await follower.until("snapshot_complete") == ["Title of A", "snapshot_complete"]
    await hold(reading, document("C", UK_ONLY), document("D", UK_ONLY, tear_line=TEAR_LINE))
    assert await follower.next() == "What may be said"
    await hold(reading, {"id": "A", "version": 2, "withdrawn": True, "reason": "Mistaken."})
    assert await follower.next() == "-WITHDRAWN"
    await hold(reading, document("D", UK_ONLY, version=2))
    assert await follower.next() == "-NOT_RELEASED"
    follower.close()


async def test_a_token_resumes_after_its_step_on_either_channel(reading: Reading) -> None:
    await hold(reading, *(document(f"A{n}", JOINT) for n in range(3)))
    follower = Follower(reading, reading.eu())
    await follower.until("snapshot_complete")
    follower.close()
    await hold(reading, document("A1", JOINT, version=2, title="Changed"), document("NEW", JOINT))
    await hold(reading, {"id": "A2", "version": 2, "withdrawn": True, "reason": "Mistaken."})
    resumed = Follower(reading, reading.eu(), follower.token)
    found = await resumed.until("snapshot_complete")
    assert sorted(found) == ["-WITHDRAWN", "Changed", "Title of NEW", "snapshot_complete"]
    resumed.close()
    assert sorted(await sse(reading, reading.eu(), follower.token)) == sorted(
        [
            ("assessment", "Changed"),
            ("assessment", "Title of NEW"),
            ("gone", "WITHDRAWN"),
            ("snapshot-complete", resumed.token),
        ]
    )


async def sse(reading: Reading, headers: dict[str, str], token: str) -> list[tuple[str, str]]:
    """The events up to the end of what was missed."""
    found: list[tuple[str, str]] = []
    headers, name = {**headers, "last-event-id": token}, ""
    async with (
        asyncio.timeout(WITHIN),
        httpx.AsyncClient(base_url=reading.address, trust_env=False) as client,
        client.stream("GET", "/v1/assessment-changes", headers=headers) as answer,
        aclosing(answer.aiter_lines()) as lines,
    ):
        async for line in lines:
            field, _, value = line.partition(": ")
            if field == "event":
                name = value
            elif field == "data":
                data = json.loads(value)
                found.append((name, data.get("title") or data.get("reason") or data["resumeToken"]))
            if name == "snapshot-complete" and field == "data":
                break
    return found


@pytest.mark.parametrize("token", ["another:1", "{epoch}:999999", "{other}:1"])
async def test_a_token_that_is_not_of_this_feed_begins_again(reading: Reading, token: str) -> None:
    await hold(reading, document("A", JOINT))
    uk, eu = epoch(reading, "UK"), epoch(reading, "EU")
    follower = Follower(reading, reading.eu(), token.format(epoch=eu, other=uk))
    assert await follower.until("snapshot_complete") == ["reset", "Title of A", "snapshot_complete"]
    follower.close()


async def test_a_token_from_before_what_is_remembered_begins_again(reading: Reading) -> None:
    await hold(reading, document("A", JOINT), document("B", JOINT))
    follower = Follower(reading, reading.eu())
    await follower.until("snapshot_complete")
    follower.close()
    await hold(reading, {"id": "A", "version": 2, "withdrawn": True, "reason": "Mistaken."})
    await forget_old_views(reading.process.database, reading.clock() + timedelta(days=91))
    again = Follower(reading, reading.eu(), follower.token)
    assert await again.until("snapshot_complete") == ["reset", "Title of B", "snapshot_complete"]
    again.close()


@pytest.mark.parametrize("token", ["x", ":", "a:-1", "a:1e3", f"a:{2**63}", "a:" + "1" * 200])
async def test_a_token_that_nobody_gave_out_is_refused(reading: Reading, token: str) -> None:
    follower = Follower(reading, reading.eu(), token)
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await follower.next()
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_a_filter_tells_of_what_it_no_longer_finds(reading: Reading) -> None:
    await hold(reading, document("A", JOINT, sectors=["energy"]), document("B", JOINT, sectors=["water"]))
    follower = Follower(reading, reading.uk(), sectors=["energy"])
    assert await follower.until("snapshot_complete") == ["Title of A", "snapshot_complete"]
    await hold(reading, document("A", JOINT, version=2, sectors=["water"]))
    assert await follower.next() == "-NOT_ASKED_FOR"
    follower.close()


async def test_a_change_while_the_snapshot_is_read_is_not_lost(reading: Reading) -> None:
    await hold(reading, *(document(f"A{n:03}", JOINT) for n in range(250)))
    follower = Follower(reading, reading.eu())
    first = await follower.next()
    withdrawn = first.removeprefix("Title of ")
    await hold(reading, {"id": withdrawn, "version": 2, "withdrawn": True, "reason": "Mistaken."})
    rest: list[str] = []
    while not {"snapshot_complete", "-WITHDRAWN"} <= set(rest):
        rest.append(await follower.next())
    assert rest.count("-WITHDRAWN") == 1
    assert len([one for one in rest if one.startswith("Title")]) == 249
    follower.close()


@pytest.mark.long
async def test_a_reader_who_leaves_a_thousand_times_leaves_nothing_behind(reading: Reading) -> None:
    await hold(reading, document("A", JOINT))
    for _ in range(10):
        followers = [Follower(reading, reading.eu()) for _ in range(100)]
        assert [await follower.next() for follower in followers[:5]] == ["Title of A"] * 5
        for follower in followers:
            follower.close()
    for _ in range(10):
        assert await asyncio.gather(*(left_in_the_middle(reading) for _ in range(10))) == [200] * 10
    with psycopg.connect(reading.dsn) as connection:
        row = connection.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        ).fetchone()
    assert row is not None
    assert row[0] < 25
    follower = Follower(reading, reading.eu())
    assert await follower.next() == "Title of A"
    follower.close()


async def left_in_the_middle(reading: Reading) -> int:
    """The status of a stream over HTTP that is left after its first line."""
    async with (
        asyncio.timeout(WITHIN),
        httpx.AsyncClient(base_url=reading.address, trust_env=False) as client,
        client.stream("GET", "/v1/assessment-changes", headers=reading.eu()) as answer,
        aclosing(answer.aiter_lines()) as lines,
    ):
        async for _ in lines:
            break
        return answer.status_code


def epoch(reading: Reading, party: str) -> str:
    with psycopg.connect(reading.dsn) as connection:
        row = connection.execute("SELECT epoch FROM party_feed WHERE party = %s", [party]).fetchone()
    assert row is not None
    return str(UUID(row[0]))
