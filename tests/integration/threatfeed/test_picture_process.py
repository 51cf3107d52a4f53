"""The picture worker as it runs: on the real broker, killed, stopped and fed with poison."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from services.chassis.lifecycle import CRASHED
from services.cli.probing import probe
from services.cli.supervisor import Child, ChildSpec, Supervisor
from tests.support.kafka import Broker
from tests.support.picture import PictureProcess, PictureTopics, counted, running_picture, told
from tests.support.waiting import eventually

UK_ONLY = "UK OFFICIAL-SENSITIVE - HMG USE ONLY"


async def test_each_audience_gets_the_picture_of_what_it_may_see(kafka: Broker, tmp_path: Path) -> None:
    topics = await PictureTopics.make(kafka)
    await topics.tell(told("A", themes=("RANSOMWARE",), sectors=("health",)))
    await topics.tell(told("B", marking=UK_ONLY, themes=("RANSOMWARE",)))
    await topics.tell(told("C", days_ago=9))
    async with running_picture(topics, tmp_path) as worker:
        await worker.ready()
        own = await topics.shows("uk-eu.uk", "UK", 2)
        other = await topics.shows("uk-eu.eu", "UK", 1)
        assert (counted(own, "themes", "RANSOMWARE"), counted(other, "themes", "RANSOMWARE")) == (2, 1)
        assert counted(own, "parties", "UK", window=1) == 3
        await topics.tell(told("B", version=2, state="WITHDRAWN"))
        await topics.shows("uk-eu.uk", "UK", 1)
        (records,) = {len(await kafka.records(topics.pictures[one])) for one in ("uk-eu.eu", "uk-us-cmr.us")}
        assert records == 1, "an audience hears nothing of a change that it may not see"


@pytest.mark.long
async def test_killed_and_rebuilt_it_draws_the_same_picture(kafka: Broker, tmp_path: Path) -> None:
    topics = await PictureTopics.make(kafka)
    events = [told(f"K{n}", days_ago=n % 40, themes=(f"T{n % 3}",)) for n in range(80)]
    revisions = [told(f"K{n}", days_ago=2, version=2, revision=2) for n in range(0, 80, 5)]
    async with running_picture(topics, tmp_path) as worker:
        await worker.ready()
        for event in events[:40]:
            await topics.tell(event)
        telling = asyncio.create_task(_tell(topics, [*events[40:], *revisions, *events[:20]]))
        await worker.kill()
        await worker.start()
        await telling
        expected = sum(1 for n in range(80) if n % 5 == 0 or n % 40 < 7)
        await topics.shows("uk-eu.uk", "UK", expected)
        continued = await topics.latest_bytes()
    anew = await PictureTopics.make(kafka)
    async with running_picture(replace(anew, source=topics.source), tmp_path):
        await anew.shows("uk-eu.uk", "UK", expected)
        assert await anew.latest_bytes() == continued
        assert len(continued) == 4


async def _tell(topics: PictureTopics, events: list[object]) -> None:
    for event in events:
        await topics.tell(event)  # type: ignore[arg-type]


async def test_poison_is_passed_over_and_its_neighbours_count(kafka: Broker, tmp_path: Path) -> None:
    topics = await PictureTopics.make(kafka, partitions=1)
    good, poison = told("G1"), told("P")
    await topics.tell(good)
    await topics.tell(poison, value=b"\xff\xff no message")
    await topics.tell(replace(good, type="another.Type"))
    await topics.tell(replace(good, subject="another-key"))
    await kafka.publish(topics.source, None, key=b"tombstone")
    await kafka.publish(topics.source, b"", key=b"\xff", headers=[("ce_id", b"\xff")])
    await topics.tell(told("G2"))
    async with running_picture(topics, tmp_path) as worker:
        await worker.ready()
        await topics.shows("uk-eu.uk", "UK", 2)
        async with httpx.AsyncClient(trust_env=False) as client:
            figures = (await client.get(f"http://127.0.0.1:{worker.port}/metrics")).text
        assert 'entente_picture_refused_total{reason="EVENT_MALFORMED"} 3.0' in figures
        assert "entente_picture_records_total 7.0" in figures


async def test_a_handler_that_raises_ends_the_process_and_loses_nothing(
    kafka: Broker, tmp_path: Path
) -> None:
    topics = await PictureTopics.make(kafka, partitions=1)
    await topics.tell(told("before"))
    broken, after = told("broken"), told("after")
    async with running_picture(topics, tmp_path, TEST_DEFECT_AT=broken.subject) as worker:
        await topics.shows("uk-eu.uk", "UK", 1)
        await topics.tell(broken)
        await topics.tell(after)
        assert worker.process is not None
        assert await asyncio.wait_for(worker.process.wait(), 60) == CRASHED
    async with running_picture(topics, tmp_path):
        await topics.shows("uk-eu.uk", "UK", 3)


@asynccontextmanager
async def supervised(worker: PictureProcess, silence: float) -> AsyncIterator[Child]:
    """The worker under the supervisor of a local system, which probes it as that system does."""
    spec = ChildSpec("threatfeed-picture", worker.command, worker.environment, worker.folder / "picture.log")
    supervisor = Supervisor([spec], first_delay=0.1, longest_silence=silence)
    (child,) = supervisor.children

    async def watch() -> None:
        async with httpx.AsyncClient(timeout=0.5, trust_env=False) as client:
            while True:
                await probe(client, supervisor, child, worker.port)
                await asyncio.sleep(0.2)

    supervisor.start()
    watching = asyncio.create_task(watch())
    try:
        yield child
    finally:
        watching.cancel()
        await asyncio.wait([watching])
        await supervisor.stop()


@pytest.mark.long
async def test_a_worker_that_stands_still_is_noticed_from_outside_and_restarted(
    kafka: Broker, tmp_path: Path
) -> None:
    topics = await PictureTopics.make(kafka)
    worker = PictureProcess(topics, tmp_path)
    async with supervised(worker, silence=3.0) as child:
        await topics.tell(told("S1"))
        await topics.shows("uk-eu.uk", "UK", 1)
        stopped = child.pid
        assert stopped is not None
        os.kill(stopped, signal.SIGSTOP)
        await topics.tell(told("S2"))
        await eventually(lambda: child.restarts == 1, within=30, describe="the worker is started again")
        assert child.last_exit == -signal.SIGKILL
        await topics.shows("uk-eu.uk", "UK", 2)
        assert child.pid != stopped
