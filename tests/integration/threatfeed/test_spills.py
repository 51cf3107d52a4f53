"""A text that may not be held here is found nowhere: not in database, logs, spans or metrics."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

import psycopg
import pytest
from prometheus_client import generate_latest

from deploy.local.platform import PlatformAccess
from services.chassis.migrations import migrate
from services.cli.clients.topics import delete_through
from services.cli.failures import CommandFailed
from services.kernel.markings.levels import Level
from services.threatfeed.app import MIGRATIONS
from services.threatfeed.consumers import submissions
from services.threatfeed.usecases.holding import Holding
from tests.support.kafka import Broker
from tests.support.postgres import Databases
from tests.support.processes import Traces, process_parts, running
from tests.support.submissions import narrative, real_policy, real_taxonomies
from tests.support.waiting import eventually

CANARY = "CANARY-7c1f"
SECRET = {"national": "UK SECRET"}
GREEN = {"tlp": "TLP:GREEN"}


def marked(identity: str, marking: dict[str, str], **more: Any) -> dict[str, Any]:
    return narrative(id=identity, title=f"Title {CANARY}", text=f"Text {CANARY}", marking=marking, **more)


SPILLS: dict[str, tuple[bytes, str]] = {
    "above the ceiling": (json.dumps(marked("A", SECRET)).encode(), "ABOVE_OCCASION_CEILING"),
    "not for foreigners": (
        json.dumps(marked("B", {"national": "UNCLASSIFIED//NOFORN"})).encode(),
        "",
    ),
    "one tear line above the ceiling": (
        json.dumps(marked("C", GREEN, tear_line={"text": CANARY, "marking": SECRET})).encode(),
        "ABOVE_OCCASION_CEILING",
    ),
    "a field is wrong": (json.dumps(marked("D", SECRET, published="never")).encode(), "SUSPECTED"),
    "the banner is unknown": (
        json.dumps(marked("E", {"national": "UK TOP SECRET - NOT A - KNOWN - WORD"})).encode(),
        "SUSPECTED",
    ),
    "no JSON": (f'{{"marking": "UK SECRET", "text": "{CANARY}'.encode(), "SUSPECTED"),
    "portion marks": (json.dumps(marked("F", {"tlp": f"(S//NF) {CANARY}"})).encode(), "SUSPECTED"),
}


@dataclass(slots=True)
class Spilled:
    """A worker that was given every spill, and what is left of them."""

    dsn: str
    topic: str
    offsets: dict[str, int]
    telemetry: Traces
    printed: str = ""

    def rows(self, query: str, *parameters: object) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.dsn) as connection:
            return connection.execute(query, parameters).fetchall()

    def dump(self) -> str:
        """Every row of every table, as text."""
        tables = self.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        assert len(tables) > 15
        return "\n".join(
            str(row)
            for (table,) in tables
            for (row,) in self.rows(f'SELECT t::text FROM "{table}" AS t')  # noqa: S608 names of the catalogue
        )


@pytest.fixture
async def spilled(
    platform: PlatformAccess, kafka: Broker, postgres: Databases, capfd: pytest.CaptureFixture[str]
) -> AsyncIterator[Spilled]:
    dsn = postgres.database("threatfeed", lambda dsn: migrate(dsn, MIGRATIONS))
    topic = await kafka.topic("threatfeed.submission.ncsc.v1", consumers=["threatfeed"])
    holding = Holding("UK", Level.parse("UK OFFICIAL-SENSITIVE"), real_policy())
    traces = Traces.kept_in_memory()
    async with process_parts(platform, "threatfeed", dsn, traces=traces) as process:
        subscription = replace(
            submissions(real_policy(), real_taxonomies(), holding, process.clock),
            topics=(topic,),
            pattern=None,
            group=kafka.group("threatfeed"),
        )
        offsets = {}
        for name, (raw, _) in SPILLS.items():
            metadata = await kafka.publish(topic, raw, key=CANARY.encode(), headers=[("x", CANARY.encode())])
            offsets[name] = int(metadata.offset)
        good = await kafka.publish(topic, json.dumps(narrative()).encode(), key=b"good")
        async with running(process.consumer(subscription)):
            found = Spilled(dsn, topic, offsets, traces)
            await eventually(
                lambda: found.rows("SELECT 1 FROM consumed WHERE next_offset > %s", int(good.offset)),
                within=60,
                describe="everything applied",
            )
        captured = capfd.readouterr()
        found.printed = captured.out + captured.err
        yield found


async def test_a_spill_is_recorded_by_place_and_digest_and_left_nowhere(spilled: Spilled) -> None:
    incidents = {
        position: (digest, size, rule)
        for position, digest, size, rule in spilled.rows(
            "SELECT position, sha256, bytes, rule_id FROM spill WHERE topic = %s", spilled.topic
        )
    }
    assert set(incidents) == set(spilled.offsets.values())
    for name, (raw, rule) in SPILLS.items():
        digest, size, found = incidents[spilled.offsets[name]]
        assert (digest, size) == (sha256(raw).hexdigest(), len(raw)), name
        assert found == rule or (rule == "" and found), name
    kept = spilled.rows("SELECT count(*), count(value), count(key) FROM quarantine")
    assert kept == [(len(SPILLS), 0, 0)]
    audited = spilled.rows("SELECT count(*) FROM audit WHERE action = 'spill.found'")
    assert audited == [(len(SPILLS),)]
    assert spilled.rows("SELECT count(*) FROM assessment") == [(1,)]
    assert CANARY not in spilled.dump()
    assert spilled.printed.count("spill") >= len(SPILLS)
    assert CANARY not in spilled.printed
    spans = [span.to_json() for span in spilled.telemetry.exporter.get_finished_spans()]
    assert spans
    assert not [span for span in spans if CANARY in span]
    metrics = generate_latest(spilled.telemetry.telemetry.metrics.registry).decode()
    assert 'reason="HOLDING_REFUSED"' in metrics
    assert CANARY not in metrics


async def test_the_runbook_s_deletion_takes_the_record_out_of_the_topic(kafka: Broker) -> None:
    topic = await kafka.topic("threatfeed.submission.ncsc.v1")
    for value in ("before", CANARY, "after"):
        await kafka.publish(topic, value.encode())
    first = await asyncio.to_thread(delete_through, kafka.admin, topic, 0, 1)
    assert first == 2
    assert [record.value for record in await kafka.records(topic)] == [b"after"]
    with pytest.raises(CommandFailed):
        await asyncio.to_thread(delete_through, kafka.admin, topic, 0, 99)
    with pytest.raises(CommandFailed):
        await asyncio.to_thread(delete_through, kafka.admin, "threatfeed.assessment.v1", 0, 0)
