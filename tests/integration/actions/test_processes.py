"""The real processes: they come up from their environment, tell when escalation stops, and end promptly with
streams open.
"""

import asyncio
import json
import signal
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import httpx

from deploy.local.keys import issue_token
from deploy.local.platform import PlatformAccess
from deploy.local.ports import free_port
from tests.support.kafka import Broker
from tests.support.postgres import Databases
from tests.support.processes import POLICY
from tests.support.receiving import Received, Receiver, receiving, secret
from tests.support.serving import service, waits_for_migrations, why_not_ready
from tests.support.waiting import eventually


async def notice(lines: AsyncIterator[str], state: str) -> dict[str, str]:
    """The next notice of the scheduler's that says so."""
    async for line in lines:
        if line.startswith("data:") and '"name":"scheduler"' in line:
            found: dict[str, str] = json.loads(line.removeprefix("data:"))
            if found["state"] == state:
                return found
    raise AssertionError("the stream ended")


async def on_topics(kafka: Broker, silent: dict[str, str], *states: str) -> None:
    """Waits until the topic of each audience holds that notice of silence, and after it others of these
    states.

    Records of other tests may lie there as well.
    """

    async def told(audience: str) -> bool:
        records = await kafka.records(f"actions.status.{audience}.v1", principal=f"audience-{audience}")
        kinds = [(record.key, dict(record.headers).get("ce_type")) for record in records]
        given = [
            json.loads(record.value)
            for record, kind in zip(records, kinds, strict=True)
            if kind == (b"notice:scheduler", b"entente.actions.v1.FeedNotice")
        ]
        if silent not in given:
            return False
        later = [one["state"] for one in given[given.index(silent) + 1 :]]
        return set(states) <= set(later)

    for audience in ("uk-eu.uk", "uk-us-cmr.us"):
        await eventually(partial(told, audience), within=30, describe=f"{audience} is told {silent} {states}")


def set_up(office: Receiver, folder: Path) -> None:
    """Enters the office as an endpoint, while the api runs."""
    for name in ("secrets", "endpoints"):
        (folder / name).mkdir()
    (folder / "secrets" / "office").write_text(secret("office"))
    url = f"http://127.0.0.1:{office.port}/"
    document = {"audience": "uk-eu.uk", "organisation": "FCDO", "role": "leadership", "url": url}
    (folder / "endpoints" / "office.yaml").write_text(json.dumps(document))


async def noticed(office: Receiver, notice: dict[str, str]) -> None:
    """Waits until the office was told that, signed."""

    def found() -> list[Received]:
        return [one for one in office.taken if one.document["data"] == notice]

    (told,) = await eventually(found, within=30, describe="the office is called")
    told.verify(secret("office"))
    assert told.document["type"] == "feed.notice"


async def test_api_and_worker_come_up_tell_of_a_stopped_worker_and_end_with_a_stream_open(
    platform: PlatformAccess, postgres: Databases, kafka: Broker, tmp_path: Path
) -> None:
    access = platform.services["actions"]
    api_port, worker_port = free_port(), free_port()
    environment = {
        **access.environment(),
        "ENTENTE_POSTGRES__DSN": postgres.database("empty", lambda _: None),
        "ENTENTE_DEPLOYMENT": "local",
        "ENTENTE_HOME_PARTY": "UK",
        "ENTENTE_CEILING": "UK OFFICIAL-SENSITIVE",
        "ENTENTE_POLICY": str(POLICY),
        "ENTENTE_RPC__PORT": str(free_port()),
        "ENTENTE_HTTP__PORT": str(api_port),
        "ENTENTE_ESCALATION__EVERY_SECONDS": "0.4",
        "ENTENTE_RELAY_STANDBY_SECONDS": "1",
        "ENTENTE_WEBHOOKS__ENDPOINTS": str(tmp_path / "endpoints"),
        "ENTENTE_WEBHOOKS__SECRETS": str(tmp_path / "secrets"),
    }
    worker_environment = {**environment, "ENTENTE_HTTP__PORT": str(worker_port)}
    leader = issue_token(
        platform.keys,
        subject="fcdo-leadership",
        party="UK",
        organisation="FCDO",
        roles=["leadership"],
        at=datetime.now(UTC),
    )
    async with (
        receiving(Receiver()) as office,
        service("actions", "api", environment) as api,
        service("actions", "worker", worker_environment) as worker,
    ):
        for port in (api_port, worker_port):
            await eventually(partial(waits_for_migrations, port), within=60, describe=f"port {port} answers")
        async with service("actions", "migrate", environment) as migrate:
            assert await asyncio.wait_for(migrate.wait(), 60) == 0
        for name, port in (("api", api_port), ("worker", worker_port)):
            why = ["not asked"]

            async def ready(port: int = port, why: list[str] = why) -> bool:
                why[0] = await why_not_ready(port)
                return not why[0]

            await eventually(ready, within=60, describe=lambda name=name, why=why: f"the {name}: {why[0]}")
        async with (
            httpx.AsyncClient(timeout=30) as client,
            client.stream(
                "GET",
                f"http://127.0.0.1:{api_port}/v1/audiences/uk-eu.uk/status",
                headers={"Authorization": f"Bearer {leader}"},
            ) as stream,
        ):
            lines = stream.aiter_lines()
            while await anext(lines) != "event: snapshot-complete":
                continue
            set_up(office, tmp_path)
            worker.send_signal(signal.SIGTERM)
            assert await asyncio.wait_for(worker.wait(), 10) == 0
            async with asyncio.timeout(30):
                silent = await notice(lines, "silent")
            # No worker is left that could publish it: the api does.
            await on_topics(kafka, silent)
            await noticed(office, silent)
            found = await client.get(f"http://127.0.0.1:{api_port}/readyz")
            assert found.status_code == 200
            assert set(found.json()["warnings"]) == {"escalation scheduler"}
            figures = (await client.get(f"http://127.0.0.1:{api_port}/metrics")).text
            assert 'entente_scheduler_silent{scheduler="escalation"} 1.0' in figures
            async with service("actions", "worker", worker_environment):
                async with asyncio.timeout(60):
                    resumed = await notice(lines, "resumed")
                await on_topics(kafka, silent, "resumed")
                assert silent["at"] < resumed["at"]
            api.send_signal(signal.SIGTERM)
            async with asyncio.timeout(10):
                async for _ in lines:
                    continue
        assert await asyncio.wait_for(api.wait(), 10) == 0
