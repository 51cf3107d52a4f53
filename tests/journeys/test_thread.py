"""The whole thread, played by real processes over a broker and a database of their own."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import httpx
import psutil
import psycopg
import pytest

from deploy.local.folders import Folders
from deploy.local.platform import SERVICES, Platform
from deploy.local.ports import LOOPBACK
from services.agenda.usecases.trace_thread import WITHDRAWN
from services.cli.clients.submissions import open_feed
from services.cli.contents import contents_of
from services.cli.layout import SAMPLES, deployment
from services.cli.record import Access, ProcessMark, SystemRecord, port_of
from services.cli.supervisor import Supervisor
from services.cli.system import Options, System, running_system, service_specs
from services.cli.thread.stage import Stage, ThreadRecord, open_stage
from services.cli.thread.walking import STEPS, is_complete, trace, walk
from services.cli.year.playing import STEPS as YEAR
from services.cli.year.playing import play_year
from tests.support.canaries import (
    BEFORE,
    FEW,
    TITLE,
    WITHDRAWAL,
    crawler,
    soon_nothing_is_left,
)
from tests.support.platform import temporary_folders
from tests.support.spans import LinkedTraces, SpanName
from tests.support.waiting import eventually

_SEED = 20260304
_PROCESSES = (
    *(f"{service}-{kind}" for service in SERVICES for kind in ("api", "worker")),
    "threatfeed-picture",
    "threatfeed-relay",
    "threatfeed-views",
)
_READY_WITHIN = 90.0


@pytest.mark.timeout(300)
async def test_the_thread_is_unbroken_from_assessment_to_closure() -> None:
    with temporary_folders() as folders:
        options = Options(folders, spans=True, shuffle=_SEED)
        async with running_system(options) as system:
            _databases_write_to_the_disk(system)
            await _play(system)
            await _play_a_year(system)
            assert system.supervisor.restarts == 0
            _one_linked_trace(folders)
            await _survives_the_death_of_a_worker(system)
            marks = _marks(folders)
        assert not [mark for mark in marks if mark.find()]
        _nothing_runs_in(folders)


@pytest.mark.long
@pytest.mark.timeout(300)
async def test_services_that_start_before_their_platform_find_the_thread_as_it_was() -> None:
    with temporary_folders() as folders:
        options = Options(folders)
        async with running_system(options) as system, open_stage(system.access, _say) as stage:
            await walk(stage)
        async with (
            _services_before_platform(options, system),
            open_stage(system.access, _say) as stage,
        ):
            await _thread_is_still_there(stage)
        _nothing_runs_in(folders)


def _say(_: str) -> None:
    """The journey is told by its assertions."""


def _databases_write_to_the_disk(system: System) -> None:
    """Before they answer, unlike that of the session of tests."""
    for service in SERVICES:
        with psycopg.connect(system.platform.services[service].dsn) as connection:
            for setting in ("fsync", "synchronous_commit", "full_page_writes"):
                assert connection.execute(f"SHOW {setting}").fetchone() == ("on",)


async def _play(system: System) -> None:
    async with open_stage(system.access, _say, spans=True) as stage:
        timings = await walk(stage, until=WITHDRAWAL)
        await _each_party_reads_its_own_title(stage)
        assert (await crawler(stage, quick=True).crawl(FEW)).surfaces() >= BEFORE
        sent = time.monotonic()
        timings += await walk(stage)
        assert [timing.step for timing in timings] == [name for name, _ in STEPS]
        assert is_complete(ThreadRecord.read(system.access.folders.state))
        await soon_nothing_is_left(stage, FEW, sent, quick=True)
        chain = await trace(stage, stage.record.action_id)
        assert not chain.missing()
        assert chain.of_kind("ACTION")[0].state == "CLOSED"
        await _nobody_reads_the_title_of_what_was_withdrawn(stage)


async def _play_a_year(system: System) -> None:
    """Proposed, ranked, negotiated, signed, held and concluded in both series, and carried over by itself."""
    told: list[str] = []
    async with open_stage(system.access, told.append) as stage:
        timings = await play_year(stage)
        assert [timing.step for timing in timings] == [name for name, _ in YEAR]
    for series in ("uk-eu", "uk-us-cmr"):
        for shown in (
            "proposes",
            " points",
            "cannot hold together",
            "re-opens one item",
            "agreed by 4 signatures",
            "took longer than planned",
            "outcomes: ",
            "minutes accepted",
            ": accept, action",
            "returning",
            "matter arising",
        ):
            assert any(line.startswith(series) and shown in line for line in told), (series, shown)
    for side in ("UK", "US"):
        refused = [one for one in told if one.startswith("uk-us-cmr") and f"{side}: " in one]
        assert any("before its clearance was refused (LEGAL_CLEARANCE_MISSING)" in one for one in refused), (
            side
        )
    for shown in (
        "confirm, action UKEU-2027-A01 is CLOSED",
        "UK: matter arising UKEU-2027-A01 is CLOSED",
        "EU: matter arising UKEU-2027-A02 is IN_PROGRESS",
        ", 270 days later than agreed",
    ):
        assert any(line.startswith("uk-eu") and shown in line for line in told), shown
    assert any(line.startswith("uk-us-cmr") and "stratcom-owner: review" in line for line in told)
    shown_where = [line for line in told if line.startswith("entente agenda table ")]
    assert len(shown_where) == 2
    assert all(line.endswith(f" --state {system.access.folders.state}") for line in shown_where)


async def _each_party_reads_its_own_title(stage: Stage) -> None:
    titles = {}
    for account in ("fcdo-secretariat", "eeas-secretariat"):
        chain = await trace(stage, stage.record.action_id, account)
        (titles[account],) = [one.label for one in chain.nodes if one.id == stage.record.assessments["ncsc"]]
    assert titles == {
        "fcdo-secretariat": TITLE,
        "eeas-secretariat": "Ransomware against managed service providers",
    }


async def _nobody_reads_the_title_of_what_was_withdrawn(stage: Stage) -> None:
    for account in ("fcdo-secretariat", "eeas-secretariat"):
        chain = await trace(stage, stage.record.action_id, account)
        (node,) = [one for one in chain.nodes if one.id == stage.record.assessments["ncsc"]]
        assert (node.label, node.state) == (WITHDRAWN, "WITHDRAWN")


def _one_linked_trace(folders: Folders) -> None:
    """Links lead from the agency's record over Kafka, gRPC and HTTP up to the leadership message, which is
    sent in a trace of its own.
    """
    traces = LinkedTraces.read(folders.logs.glob("*.spans.jsonl"))
    decided = "/entente.threatfeed.v1.AssessmentService/DecideReleasability"
    for start in traces.traces_with("publish submission"):
        reached = traces.reached_from(start)
        if SpanName("threatfeed-worker", "process threatfeed.submission.ncsc.v1") in reached:
            break
    assert reached >= {
        SpanName("agenda-api", "POST /v1/drafts/{draft_id}/items"),
        SpanName("agenda-api", decided),
        SpanName("threatfeed-api", decided),
        SpanName("agenda-api", "POST /v1/outcomes/{outcome_id}/agreements"),
        SpanName("actions-worker", "process agenda.outcome.v1"),
        SpanName("actions-api", "POST /v1/actions/{action_id}/confirm"),
        SpanName("actions-api", "tell uk-eu.uk"),
    }
    for told in traces.traces_with("tell uk-eu.uk"):
        assert {span.name for span in traces.spans[told]} == {"tell uk-eu.uk"}


async def _survives_the_death_of_a_worker(system: System) -> None:
    """A record published while the worker is dead is read when it is back, and once."""
    worker = next(one for one in system.supervisor.children if one.spec.name == "threatfeed-worker")
    assert worker.pid is not None
    os.kill(worker.pid, signal.SIGKILL)
    sample = (SAMPLES / "ncsc" / "ransomware-msp.v1.json").read_text()
    raw = sample.replace("NCSC-2026-0142", "NCSC-2026-0999").encode()
    async with open_feed("ncsc", system.access.login("agency-ncsc")) as feed:
        (published,) = await feed.publish([contents_of("new.json", raw)], within=60)
        assert not published.rejected
        assert published.contents.key == "NCSC-2026-0999"
    assert (worker.restarts, worker.last_exit) == (1, -signal.SIGKILL)
    await eventually(lambda: worker.state == "ready", within=_READY_WITHIN)


async def _thread_is_still_there(stage: Stage) -> None:
    assert is_complete(stage.record)
    chain = await trace(stage, stage.record.action_id)
    assert not chain.missing()
    assert stage.clock.now() > datetime.now(UTC) + timedelta(days=13)


@asynccontextmanager
async def _services_before_platform(options: Options, before: System) -> AsyncIterator[None]:
    """The processes are started while there is neither broker nor database, then those follow."""
    specs = service_specs(options, before.platform, before.access.services)
    supervisor = Supervisor(specs, patience=4.0)
    platform = Platform(options.folders)
    supervisor.start()
    try:
        await eventually(lambda: all(child.pid or child.restarts for child in supervisor.children))
        await asyncio.to_thread(platform.start, deployment())
        async with httpx.AsyncClient(trust_env=False) as client:
            await eventually(
                lambda: _all_ready(client, before.access),
                within=_READY_WITHIN,
                describe="all processes ready",
            )
        yield
    finally:
        await supervisor.stop()
        await asyncio.to_thread(platform.stop)


async def _all_ready(client: httpx.AsyncClient, access: Access) -> bool:
    ports = [port_of(access.services, name) for name in _PROCESSES]
    return all([await _is_ready(client, port) for port in ports])


async def _is_ready(client: httpx.AsyncClient, port: int) -> bool:
    try:
        return (await client.get(f"http://{LOOPBACK}:{port}/readyz")).is_success
    except httpx.HTTPError:
        return False


def _marks(folders: Folders) -> list[ProcessMark]:
    record = SystemRecord.read(folders)
    assert record is not None
    assert len(record.children) == len(_PROCESSES)
    return list(record.children.values())


def _nothing_runs_in(folders: Folders) -> None:
    status = Platform(folders).status()
    assert (status.kafka_pid, status.postgres_pid) == (None, None)
    state = str(folders.state)
    assert not [
        process.info["cmdline"]
        for process in psutil.process_iter(["cmdline"])
        if any(state in argument for argument in process.info["cmdline"] or [])
    ]
