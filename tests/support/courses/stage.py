"""The actions service at work on a story of several sides; what it hears is applied without Kafka."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID, uuid5

import grpc
import httpx
import psycopg

from deploy.local.platform import PlatformAccess
from deploy.local.ports import free_port
from services.actions.app import (
    MIGRATIONS,
    TITLE,
    make_http,
    make_publication,
    make_views,
    routers,
    rpc_services,
)
from services.actions.events import ACTION_TOPIC, read_status_entry, status_topic
from services.actions.rpc.parts import ActionParts
from services.actions.settings import ActionsSettings
from services.actions.usecases.escalate_actions import EscalationScheduler
from services.actions.usecases.given_evidence import Holding
from services.actions.usecases.note_expiries import ExpiryNotes
from services.actions.usecases.publication import Publication
from services.actions.usecases.refresh_statuses import StatusRefresh
from services.actions.usecases.run_rounds import RoundRunner
from services.actions.usecases.watch_status import Gallery
from services.chassis.feed import FeedView, Notice
from services.chassis.http.application import HttpServer
from services.chassis.lifecycle import Component
from services.chassis.migrations import migrate
from services.chassis.process import Process
from services.chassis.rpc.server import RpcServer
from services.chassis.settings import ListenerSettings
from services.kernel.markings.levels import Level
from services.kernel.policy import Policy
from tests.support.courses.words import WORDS
from tests.support.dialogue import TODAY, Account
from tests.support.postgres import Databases
from tests.support.processes import SettableClock, process_parts, running
from tests.support.sides.asking import Application
from tests.support.sides.telling import Memory, Step
from tests.support.tokens import KeptTokens
from tests.support.worlds.at_work import NamedIds

_NAMES: Final = UUID("c9a1a3de-5f0d-4b0c-a5a0-5f3f8f1f4a32")
STREAM: Final = "GET /v1/audiences/{audience}/status"


@dataclass(slots=True)
class Stage:
    """The service on a story: what was made in it, by name, and the ids met in its answers."""

    platform: PlatformAccess
    process: Process
    publication: Publication
    views: Mapping[str, FeedView]
    services: Sequence[str]
    clock: SettableClock
    ids: NamedIds
    dsn: str
    client: httpx.AsyncClient
    streaming: httpx.AsyncClient
    channel: grpc.aio.Channel
    workers: Sequence[Any]
    held: dict[str, Any] = field(default_factory=dict)
    memory: Memory = field(default_factory=Memory)
    _tokens: KeptTokens = field(init=False)

    def __post_init__(self) -> None:
        self._tokens = KeptTokens(self.platform.keys)

    @property
    def met(self) -> Mapping[str, Mapping[str, None]]:
        return self.memory.met

    @property
    def policy(self) -> Policy:
        return self.publication.policy

    @property
    def application(self) -> Application:
        return Application(TITLE, routers(), self.services, WORDS, frozenset({STREAM}))

    def over_a_connection(self) -> "Stage":
        """The same, asked over a real connection: what a stream needs."""
        return replace(self, client=self.streaming)

    def token(self, who: Account) -> str:
        return self._tokens.of(who.subject, who.party, who.organisation, who.roles)

    async def done(
        self, who: Account, method: str, path: str, body: object = None, *, version: object = None
    ) -> Any:
        """The answer of a request that must succeed; the ids in its members are remembered."""
        headers = {
            "authorization": f"Bearer {self.token(who)}",
            "idempotency-key": str(uuid5(_NAMES, f"{path} {self.clock()} {body}")),
        }
        if version is not None:
            headers["if-match"] = f'"{version}"'
        response = await self.client.request(method, path, json=body, headers=headers)
        assert response.is_success, f"{method} {path}: {response.text}"
        document = response.json()
        for owner, found in document.items():
            self.memory.collect(owner, found)
        self.memory.collect("", {one: found for one, found in document.items() if one.endswith("_id")})
        return document

    async def turned(self) -> None:
        """The worker has nothing left to do at this instant.

        The ids of notices are set after what they tell, as the scheduler gives them in the order in which it
        comes upon actions, also of such as one reader may not know of.
        """
        for worker in self.workers:
            while await worker.turn():
                continue
        query = "SELECT id, action_id, trigger, episode, party, step FROM escalation_notice"
        for identity, *told in self.rows(query):
            named = uuid5(_NAMES, "|".join(map(str, told)))
            self.rows("UPDATE escalation_notice SET id = %s WHERE id = %s RETURNING id", named, identity)

    def rows(self, query: str, *parameters: object) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.dsn) as connection:
            return connection.execute(query, parameters).fetchall()

    def feed(self, topic: str) -> list[bytes]:
        """What waits in the outbox for a topic, in order: of each record its key, id, headers and value.

        The trace that a record is told in is drawn at random.
        """
        query = "SELECT headers, keys, ids, data FROM outbox WHERE topic = %s ORDER BY id"
        return [
            repr((key, one, sorted(set(headers.items()) - _traces(headers)), value)).encode()
            for headers, keys, ids, data in self.rows(query, topic)
            for key, one, value in zip(keys, ids, data, strict=True)
        ]

    def snapshots(self, seen: Mapping[str, None]) -> list[bytes]:
        """What the other services are told of actions that the reader sees."""
        keys = tuple(repr((one.encode(),))[:-2] for one in seen)
        return [one for one in self.feed(ACTION_TOPIC) if one.decode().startswith(keys)]

    def follow(self) -> None:
        """The views take what the worker would have told them of until now."""
        for audience, view in self.views.items():
            query = "SELECT unnest(keys), unnest(data) FROM outbox WHERE topic = %s ORDER BY id"
            for key, value in self.rows(query, status_topic(audience)):
                entry = read_status_entry(bytes(key), bytes(value))
                assert entry is not None
                view.apply(entry)
            view.mark_caught_up()
            view.announce(Notice("scheduler", "resumed", "2026-11-23T09:00:00Z"))


def _traces(headers: Mapping[str, str]) -> set[tuple[str, str]]:
    return {(name, text) for name, text in headers.items() if name == "traceparent"}


@asynccontextmanager
async def told(
    platform: PlatformAccess, postgres: Databases, steps: Sequence[Step[Stage]], ends: datetime
) -> AsyncIterator[Stage]:
    """The service once these steps have happened."""
    dsn = postgres.database("actions", lambda dsn: migrate(dsn, MIGRATIONS))
    clock, ids, http_port = SettableClock(TODAY), NamedIds(), free_port()
    async with AsyncExitStack() as stack:
        whole = await stack.enter_async_context(process_parts(platform, "actions", dsn, clock=clock))
        process = replace(whole, ids=ids)
        settings = ActionsSettings(**dict(process.settings))
        publication = make_publication(process, settings)
        views = make_views(publication.policy, process.telemetry)
        parts = ActionParts(
            database=process.database,
            publication=publication,
            holding=Holding(settings.home_party, Level.parse(settings.ceiling)),
            clock=clock,
            gallery=Gallery(views, publication.policies, process.verifier),
        )
        services = rpc_services(parts)
        rpc = RpcServer(
            services,
            ListenerSettings(port=0),
            verifier=process.verifier,
            health=process.health,
            telemetry=process.telemetry,
        )
        app = make_http(process, parts)
        http = HttpServer(app, ListenerSettings(port=http_port), grace=1)
        await stack.enter_async_context(running(Component("http", http.run), Component("rpc", rpc.run)))
        stack.callback(lambda: [view.close() for view in views.values()])
        channel = await stack.enter_async_context(grpc.aio.insecure_channel(f"127.0.0.1:{rpc.port}"))
        client = await stack.enter_async_context(
            httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://actions.test")
        )
        streaming = await stack.enter_async_context(
            httpx.AsyncClient(base_url=f"http://127.0.0.1:{http_port}", timeout=20)
        )
        workers = [
            ExpiryNotes(process.database, publication, clock),
            RoundRunner(process.database, publication, clock),
            EscalationScheduler(process.database, publication, clock, every=settings.escalation.every),
            StatusRefresh(process.database, publication, clock),
        ]
        stage = Stage(
            platform,
            process,
            publication,
            views,
            [one.name for one in services],
            clock,
            ids,
            dsn,
            client,
            streaming,
            channel,
            workers,
        )
        for step in steps:
            ids.begin(step.name)
            clock.at = step.at
            await step.happen(stage)
        clock.at = ends
        stage.follow()
        yield stage
