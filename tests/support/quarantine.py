"""A threatfeed api with records in quarantine, put there by the consumer's own batch processing."""

import json
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx
import psycopg

from deploy.local.keys import issue_token
from deploy.local.platform import PlatformAccess
from services.chassis.consumer.batches import BatchProcessor
from services.chassis.consumer.halts import ConsumerDesk
from services.chassis.consumer.positions import Partition
from services.chassis.consumer.records import Record, Subscription
from services.chassis.crashpoints import CrashPoints
from services.chassis.http.application import HttpParts, create_api
from services.chassis.migrations import migrate
from services.chassis.process import Process
from services.chassis.quarantine.desk import QuarantineDesk
from services.kernel.clearance import Clearing
from services.kernel.markings.levels import Level
from services.kernel.parties import Reader
from services.kernel.policy import Policy
from services.threatfeed.app import MIGRATIONS
from services.threatfeed.consumers import party_of, submissions, views
from services.threatfeed.http.routes import routes
from services.threatfeed.usecases.holding import Holding
from services.threatfeed.usecases.make_views import ViewMaker
from tests.support.postgres import Databases
from tests.support.processes import SettableClock, process_parts
from tests.support.submissions import real_policy, real_taxonomies

NCSC = "threatfeed.submission.ncsc.v1"
ENISA = "threatfeed.submission.enisa.v1"
CEILING = Level.parse("UK OFFICIAL-SENSITIVE")

Json = dict[str, Any]


@dataclass(slots=True)
class Quarantine:
    """An api, its database and its operators."""

    platform: PlatformAccess
    process: Process
    dsn: str
    policy: Policy
    subscription: Subscription[Any]
    follower: Subscription[Any]
    clock: SettableClock
    client: httpx.AsyncClient
    app: Any
    _offsets: dict[str, int] = field(default_factory=dict)

    async def receive(
        self, *values: bytes | None, topic: str = NCSC, headers: Sequence[tuple[str, bytes]] = ()
    ) -> list[str]:
        """Has the consumer read records; gives their names."""
        first = self._offsets.get(topic, 0)
        self._offsets[topic] = first + len(values)
        records = [
            Record(topic, 0, first + at, b"key", value, tuple(headers), 1_760_000_000_000)
            for at, value in enumerate(values)
        ]
        processor = BatchProcessor(
            self.subscription,
            self.process.database,
            clock=self.process.clock,
            telemetry=self.process.telemetry,
            crash=self.process.crash,
        )
        await processor.process(Partition(topic, 0), records)
        self.clock.forward(seconds=1)
        return [f"{topic}:0:{record.offset}" for record in records]

    def read_with(self, subscription: Subscription[Any], crash: CrashPoints | None = None) -> None:
        """The service as another version of its code would run it."""
        self.subscription = subscription
        self.app.state.quarantine = QuarantineDesk(
            self.process.database, [subscription], self.process.clock, crash or self.process.crash
        )

    def token(self, subject: str, party: str, organisation: str, *roles: str) -> Json:
        token = issue_token(
            self.platform.keys,
            subject=subject,
            party=party,
            organisation=organisation,
            roles=roles or ("operator",),
            at=datetime.now(UTC),
        )
        return {"authorization": f"Bearer {token}"}

    def uk(self, subject: str = "operator") -> Json:
        return self.token(subject, "UK", "DSIT")

    def eu(self) -> Json:
        return self.token("cnect-operator", "EU", "CNECT")

    async def get(self, path: str, who: Json | None = None, **query: object) -> httpx.Response:
        address = f"/v1/quarantine{path}"
        return await self.client.get(address, params=query, headers=who or self.uk())  # type: ignore[arg-type]

    async def post(
        self, path: str, body: Json, *, etag: str = "", who: Json | None = None, key: str | None = None
    ) -> httpx.Response:
        headers = {**(who or self.uk()), "idempotency-key": key or str(uuid4())}
        if etag:
            headers["if-match"] = etag
        return await self.client.post(f"/v1/quarantine{path}", json=body, headers=headers)

    async def entry(self, record: str) -> Json:
        answer = await self.get(f"/{record}")
        assert answer.status_code == 200, answer.text
        found: Json = answer.json()
        return found

    async def replay(self, record: str, **more: Any) -> httpx.Response:
        etag = more.pop("etag", None) or (await self.entry(record))["etag"]
        return await self.post(f"/{record}/replays", more.pop("body", {}), etag=etag, **more)

    async def edit(self, record: str, value: object, **more: Any) -> httpx.Response:
        raw = value if isinstance(value, bytes) else json.dumps(value).encode()
        body = {"value": b64encode(raw).decode(), "note": "as the agency said", **more.pop("body", {})}
        etag = (await self.entry(record))["etag"]
        return await self.post(f"/{record}/edits", body, etag=etag, **more)

    async def content(self, record: str, **query: object) -> bytes:
        answer = await self.get(f"/{record}/content", **query)
        assert answer.status_code == 200, answer.text
        return b64decode(answer.json()["value"])

    def rows(self, query: str, *parameters: object) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.dsn) as connection:
            return connection.execute(query, parameters).fetchall()

    def receipts(self, record: str) -> list[Json]:
        """The receipts of a record that are on their way, in their order."""
        topic, partition, offset = record.split(":")
        found = self.rows(
            "SELECT unnest(data) FROM outbox WHERE starts_with(topic, 'threatfeed.receipt.') ORDER BY id"
        )
        told = [json.loads(bytes(value)) for (value,) in found]
        wanted = (topic, int(partition), offset)
        return [one for one in told if (one["topic"], one["partition"], one["offset"]) == wanted]

    def admitted(self) -> list[str]:
        """The agencies' own ids of what is held."""
        return [name for (name,) in self.rows("SELECT object_id FROM assessment ORDER BY object_id")]

    def audited(self, action: str) -> list[tuple[Any, ...]]:
        return self.rows("SELECT actor, subject_id FROM audit WHERE action = %s ORDER BY id", action)


@asynccontextmanager
async def quarantine_at_work(
    platform: PlatformAccess, postgres: Databases, policy: Policy | None = None
) -> AsyncIterator[Quarantine]:
    dsn = postgres.database("threatfeed", lambda dsn: migrate(dsn, MIGRATIONS))
    held, clock = policy or real_policy(), SettableClock()
    subscription = submissions(held, real_taxonomies(), Holding("UK", CEILING, held), clock)
    clearing = Clearing(held, "UK", CEILING, lambda topic: party_of(topic, held))
    async with process_parts(platform, "threatfeed", dsn, clock=clock) as process:
        follower = views(ViewMaker(held, process.ids), clock)
        app = create_api(
            "threatfeed",
            "v1",
            HttpParts(process.database, process.verifier, clock, process.ids),
            routes(),
            health=process.health,
            telemetry=process.telemetry,
            policy=held,
            consumers=ConsumerDesk(process.database, clock),
            quarantine=QuarantineDesk(process.database, [subscription, follower], clock),
            sight_of=lambda principal: clearing.of(Reader.from_claims(principal.subject, principal.claims)),
        )
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://threatfeed") as client:
            yield Quarantine(platform, process, dsn, held, subscription, follower, clock, client, app)
