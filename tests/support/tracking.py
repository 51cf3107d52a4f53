"""The actions service at work for one test: its worker and its api, on real Kafka and PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import grpc
import httpx
import orjson
import psycopg
import pytest
from confluent_kafka.admin import AdminClient
from entente.actions.v1 import action_event_pb2, action_service_pb2_grpc
from google.protobuf.message import Message

from deploy.local.keys import issue_token
from deploy.local.platform import PlatformAccess
from deploy.local.ports import free_port
from services.actions.app import MIGRATIONS, compose_api, make_publication
from services.actions.consumers import assessments, outcomes
from services.actions.settings import ActionsSettings
from services.chassis.envelope import Event
from services.chassis.lifecycle import Component
from services.chassis.migrations import migrate
from services.chassis.process import Process
from services.chassis.settings import ListenerSettings
from tests.support.kafka import Broker
from tests.support.outcomes import event_of, outcome_agreed
from tests.support.postgres import Databases, DatabaseServer
from tests.support.processes import SettableClock, Traces, process_parts, running
from tests.support.waiting import eventually

_WAIT = 60.0


@dataclass(slots=True)
class Tracker:
    """Everything a test needs to work the service from outside."""

    platform: PlatformAccess
    kafka: Broker
    dsn: str
    process: Process
    settings: ActionsSettings
    outcome_topic: str
    assessment_topic: str
    http: httpx.AsyncClient
    rpc: "action_service_pb2_grpc.ActionServiceAsyncStub"
    traces: Traces
    api: Sequence[Component] = field(default_factory=tuple)

    def token(
        self,
        organisation: str,
        party: str,
        *roles: str,
        subject: str | None = None,
        lifetime: timedelta = timedelta(hours=1),
        **changes: str,
    ) -> str:
        return issue_token(
            self.platform.keys,
            subject=subject or f"{organisation.lower()}-{roles[0]}",
            party=party,
            organisation=organisation,
            roles=roles,
            at=datetime.now(UTC) - timedelta(minutes=5),
            lifetime=lifetime,
            **changes,
        )

    def headers(self, organisation: str, party: str, *roles: str, **changes: Any) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token(organisation, party, *roles, **changes)}"}

    def metadata(self, organisation: str, party: str, *roles: str) -> list[tuple[str, str]]:
        return [("authorization", f"Bearer {self.token(organisation, party, *roles)}")]

    async def tell(self, topic: str, message: Message, *, name: str = "first") -> None:
        await self.tell_event(topic, event_of(message, name=name))

    async def tell_event(self, topic: str, event: Event) -> None:
        await self.kafka.publish(
            topic,
            event.data,
            key=event.subject.encode(),
            headers=[(key, text.encode()) for key, text in event.headers().items()],
        )

    async def open(self, **changes: Any) -> str:
        """Opens an action of its own by the event of its outcome; gives its id."""
        identity = str(changes.pop("action_id", uuid4()))
        reference = changes.pop("reference", f"UKEU-2026-A{UUID(identity).int % 10**9:09}")
        await self.tell(
            self.outcome_topic,
            outcome_agreed(
                action_id=identity, reference=reference, outcome_id=f"outcome-{identity}", **changes
            ),
        )
        await eventually(
            lambda: self.rows("SELECT 1 FROM action WHERE id = %s", identity),
            within=_WAIT,
            describe=f"action {identity} opened",
        )
        return identity

    def rows(self, query: str, *parameters: object) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.dsn) as connection:
            return connection.execute(query, parameters).fetchall()

    async def drained(self) -> None:
        await eventually(
            lambda: not self.rows("SELECT 1 FROM outbox"), within=_WAIT, describe="the outbox is empty"
        )

    async def applied(self, topic: str, count: int) -> None:
        await eventually(
            lambda: self.rows("SELECT 1 FROM consumed WHERE topic = %s AND next_offset >= %s", topic, count),
            within=_WAIT,
            describe=f"{count} records of {topic} applied",
        )

    async def post(
        self, path: str, body: Mapping[str, Any], headers: Mapping[str, str], version: int, **more: str
    ) -> httpx.Response:
        return await self.http.post(
            path,
            json=body,
            headers={
                "Idempotency-Key": more.get("key", str(uuid4())),
                "If-Match": more.get("if_match", f'"{version}"'),
                **headers,
            },
        )

    async def work(self, identity: str) -> dict[str, Any]:
        """Takes an action from agreed to a claim of completion by DSIT."""
        owner = self.headers("DSIT", "UK", "owner")
        here = f"/v1/actions/{identity}"
        steps: list[tuple[str, dict[str, Any]]] = [
            ("accept", {}),
            ("progress", {"rag": "AMBER", "narrative": "Reviewers are late."}),
            ("completion-claim", {"evidence": [EVIDENCE], "narrative": "Published."}),
        ]
        answer: dict[str, Any] = {"version": 1}
        for name, body in steps:
            response = await self.post(f"{here}/{name}", body, owner, answer["version"])
            assert response.status_code == 200, response.text
            answer = response.json()
        return answer

    def epoch(self, audience: str) -> str:
        ((epoch,),) = self.rows("SELECT epoch FROM audience_feed WHERE audience = %s", audience)
        return str(epoch)

    async def told(self, audience: str) -> list[tuple[str, bytes, dict[str, str]]]:
        """What the audience's own login reads on Kafka of this test's epoch: token, bytes, headers."""
        await self.drained()
        epoch = self.epoch(audience)
        found = []
        for record in await self.kafka.records(
            f"actions.status.{audience}.v1", principal=f"audience-{audience}"
        ):
            document = orjson.loads(record.value)
            # Notices of other tests lie there as well, beside the order.
            if document.get("epoch") == epoch:
                token = f"{epoch}:{document['sequence']}"
                headers = {name: text.decode() for name, text in record.headers}
                found.append((token, record.value, headers))
        return found

    async def snapshots(self, identity: str) -> list[action_event_pb2.ActionSnapshot]:
        await self.drained()
        return [
            action_event_pb2.ActionSnapshot.FromString(record.value)
            for record in await self.kafka.records("actions.action.v1")
            if record.key == identity.encode()
        ]


EVIDENCE = {
    "title": "Guidance as published",
    "description": "The joint page.",
    "uri": "https://www.example.org/guidance",
    "digest": "sha256:" + "a" * 64,
    "marking": "TLP:CLEAR",
}


@asynccontextmanager
async def tracking(platform: PlatformAccess, kafka: Broker, postgres: Databases) -> AsyncIterator[Tracker]:
    dsn = postgres.database("actions", lambda dsn: migrate(dsn, MIGRATIONS))
    outcome_topic = await kafka.topic("agenda.outcome.v1", consumers=["actions"])
    assessment_topic = await kafka.topic("threatfeed.assessment.v1", consumers=["actions"])
    traces = Traces.kept_in_memory()
    async with process_parts(platform, "actions", dsn, clock=SettableClock(), traces=traces) as process:
        http_port, rpc_port = free_port(), free_port()
        settings = ActionsSettings(
            **{
                **dict(process.settings),
                "http": ListenerSettings(port=http_port),
                "rpc": ListenerSettings(port=rpc_port),
            }
        )
        publication = make_publication(process, settings)
        worker = [
            process.relay(),
            process.consumer(
                outcomes(publication, process.clock, topic=outcome_topic, group=kafka.group("actions"))
            ),
            process.consumer(
                assessments(publication, process.clock, topic=assessment_topic, group=kafka.group("actions"))
            ),
        ]
        async with (
            compose_api(process, settings) as api,
            running(*worker, *api),
            httpx.AsyncClient(base_url=f"http://127.0.0.1:{http_port}", timeout=30) as http,
            grpc.aio.insecure_channel(f"127.0.0.1:{rpc_port}") as channel,
        ):
            tracker = Tracker(
                platform,
                kafka,
                dsn,
                process,
                settings,
                outcome_topic,
                assessment_topic,
                http,
                action_service_pb2_grpc.ActionServiceStub(channel),
                traces,
                api,
            )
            await eventually(lambda: _ready(process), within=_WAIT, describe="the service is ready")
            await asyncio.wait_for(channel.channel_ready(), _WAIT)
            yield tracker


async def _ready(process: Process) -> bool:
    return not await process.health.not_ready()


@pytest.fixture
async def tracker(platform: PlatformAccess, kafka: Broker, postgres: Databases) -> AsyncIterator[Tracker]:
    """The actions service with an empty database."""
    async with tracking(platform, kafka, postgres) as tracker:
        yield tracker


@pytest.fixture(scope="module")
async def shared_tracker(platform: PlatformAccess, database_server: DatabaseServer) -> AsyncIterator[Tracker]:
    """The actions service of a module, for tests that look only at actions which they opened."""
    admin = AdminClient({**platform.kafka_admin.librdkafka(), "log_level": 0})
    databases = Databases(database_server)
    async with AsyncExitStack() as stack:
        kafka = Broker(platform, stack, admin)
        stack.push_async_callback(asyncio.to_thread, kafka.remove)
        async with tracking(platform, kafka, databases) as tracker:
            yield tracker
    databases.drop_all()
