"""threatfeed's api as it is put together, on a database of a test's own and the session's broker."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import grpc
import httpx
from entente.threatfeed.v1 import feed_service_pb2_grpc, picture_service_pb2_grpc

from deploy.local.keys import issue_token
from deploy.local.platform import PlatformAccess
from deploy.local.ports import free_port
from services.chassis.consumer.batches import BatchProcessor
from services.chassis.consumer.positions import Partition
from services.chassis.consumer.records import Record
from services.chassis.migrations import migrate
from services.chassis.process import Process
from services.chassis.settings import ListenerSettings
from services.cli.accounts import account
from services.cli.layout import REFERENCE
from services.kernel.markings.levels import Level
from services.threatfeed.app import MIGRATIONS, compose_api
from services.threatfeed.consumers import submission_topic, submissions
from services.threatfeed.settings import ThreatfeedSettings
from services.threatfeed.usecases.holding import Holding
from tests.support.postgres import Databases
from tests.support.processes import SettableClock, process_parts, process_settings, running
from tests.support.submissions import real_policy, real_taxonomies
from tests.support.waiting import eventually


@dataclass(slots=True)
class ThreatfeedApi:
    """An api at work, asked over real connections."""

    platform: PlatformAccess
    process: Process
    clock: SettableClock
    client: httpx.AsyncClient
    pictures: Any
    feeds: Any

    def bearer(self, name: str) -> dict[str, str]:
        """The header of a role account, such as fcdo-secretariat."""
        who = account(name)
        token = issue_token(
            self.platform.keys,
            subject=who.name,
            party=who.party,
            organisation=who.organisation,
            roles=who.roles,
            at=datetime.now(UTC),
        )
        return {"authorization": f"Bearer {token}"}

    async def ask(self, name: str, path: str) -> httpx.Response:
        return await self.client.get(path, headers=self.bearer(name))

    def metadata(self, name: str) -> list[tuple[str, str]]:
        return list(self.bearer(name).items())

    async def receive(self, agency: str, *documents: object, partition: int = 0, first: int = 0) -> None:
        """Has the worker's own batch processing take in records of an agency."""
        policy = real_policy()
        holding = Holding("UK", Level.parse("UK OFFICIAL-SENSITIVE"), policy)
        processor = BatchProcessor(
            submissions(policy, real_taxonomies(), holding, self.clock),
            self.process.database,
            clock=self.clock,
            telemetry=self.process.telemetry,
            crash=self.process.crash,
        )
        topic = submission_topic(agency)
        records = [
            Record(topic, partition, first + place, b"key", _raw(document), (), 1_760_000_000_000)
            for place, document in enumerate(documents)
        ]
        await processor.process(Partition(topic, partition), records)


def _raw(document: object) -> bytes:
    return document if isinstance(document, bytes) else json.dumps(document).encode()


async def _answers(client: httpx.AsyncClient) -> bool:
    try:
        return (await client.get("/readyz")).is_success
    except httpx.ConnectError:
        return False


@asynccontextmanager
async def open_threatfeed_api(
    platform: PlatformAccess, postgres: Databases, at: datetime
) -> AsyncIterator[ThreatfeedApi]:
    dsn = postgres.database("threatfeed", lambda dsn: migrate(dsn, MIGRATIONS))
    clock = SettableClock(at)
    base = process_settings(platform, "threatfeed", dsn)
    members = {name: getattr(base, name) for name in type(base).model_fields}
    http, rpc = free_port(), free_port()
    settings = ThreatfeedSettings(
        **{**members, "http": ListenerSettings(port=http)},
        rpc=ListenerSettings(port=rpc),
        reference=REFERENCE,
        official_keys=platform.keys.official_keys.as_uri(),
    )
    async with (
        process_parts(platform, "threatfeed", dsn, clock=clock) as process,
        compose_api(process, settings) as components,
        running(*components),
        grpc.aio.insecure_channel(f"127.0.0.1:{rpc}") as channel,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{http}", trust_env=False) as client,
    ):
        await eventually(lambda: _answers(client), within=60, describe="the api is ready")
        yield ThreatfeedApi(
            platform,
            process,
            clock,
            client,
            picture_service_pb2_grpc.PictureServiceStub(channel),
            feed_service_pb2_grpc.FeedServiceStub(channel),
        )
