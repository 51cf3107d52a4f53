"""A threatfeed api with assessments in it, and the officials who read them."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import grpc
import httpx
from entente.threatfeed.v1 import assessment_service_pb2, assessment_service_pb2_grpc

from deploy.local.keys import issue_token
from deploy.local.platform import PlatformAccess
from deploy.local.ports import free_port
from services.chassis.consumer.records import Record
from services.chassis.http.application import HttpServer
from services.chassis.lifecycle import Component
from services.chassis.migrations import migrate
from services.chassis.officials import OfficialKeys
from services.chassis.periodic import periodic
from services.chassis.process import Process
from services.chassis.rpc.server import RpcServer
from services.chassis.settings import ListenerSettings
from services.kernel.identifiers import assessment_id
from services.kernel.markings.levels import Level
from services.kernel.policy import Policy
from services.threatfeed.app import MIGRATIONS, http_api, make_parts, rpc_services
from services.threatfeed.domain.themes import ThemeMatcher
from services.threatfeed.formats.submission import read_submission
from services.threatfeed.usecases.holding import Holding
from services.threatfeed.usecases.ingest_submissions import ingest_submissions
from services.threatfeed.usecases.make_views import ViewMaker
from services.threatfeed.usecases.submission import Submission
from tests.support.postgres import Databases
from tests.support.processes import SettableClock, process_parts, running
from tests.support.submissions import real_policy, real_taxonomies

UK_ONLY = "UK OFFICIAL-SENSITIVE - HMG USE ONLY"
JOINT = "UK OFFICIAL REL EU"
CEILING = Level.parse("UK OFFICIAL-SENSITIVE")
OCCASION = assessment_service_pb2.Occasion(series="uk-eu")
OCCASION.used_at.FromDatetime(datetime.now(UTC) + timedelta(days=14))


@dataclass(slots=True)
class Reading:
    """A threatfeed api with some assessments in it."""

    platform: PlatformAccess
    process: Process
    clock: SettableClock
    policy: Policy
    dsn: str
    stub: "assessment_service_pb2_grpc.AssessmentServiceAsyncStub"
    client: httpx.AsyncClient
    channel: grpc.aio.Channel
    address: str
    """Where the api answers over a real connection, which streams need."""

    def token(self, subject: str, party: str, organisation: str, *roles: str) -> str:
        return issue_token(
            self.platform.keys,
            subject=subject,
            party=party,
            organisation=organisation,
            roles=roles,
            at=datetime.now(UTC),
        )

    def uk(self) -> dict[str, str]:
        token = self.token("fcdo-secretariat", "UK", "FCDO", "secretariat")
        return {"authorization": f"Bearer {token}"}

    def gchq(self) -> dict[str, str]:
        """An official of the United Kingdom in another series."""
        token = self.token("gchq-secretariat", "UK", "GCHQ", "secretariat")
        return {"authorization": f"Bearer {token}"}

    def auditor(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.token('auditor', 'UK', 'FCDO', 'auditor')}"}

    def operator(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.token('operator', 'UK', 'DSIT', 'operator')}"}

    def eu(self) -> dict[str, str]:
        token = self.token("eeas-secretariat", "EU", "EEAS", "secretariat")
        return {"authorization": f"Bearer {token}"}


@asynccontextmanager
async def open_reading(
    platform: PlatformAccess, postgres: Databases, deployed: Policy | None = None
) -> AsyncIterator[Reading]:
    """`deployed` is the policy of the api where it is another one than that of what is held."""
    dsn = postgres.database("threatfeed", lambda dsn: migrate(dsn, MIGRATIONS))
    policy, clock = deployed or real_policy(), SettableClock()
    async with process_parts(platform, "threatfeed", dsn, clock=clock) as process:
        parts = make_parts(
            process,
            Holding("UK", CEILING, policy),
            real_taxonomies(),
            OfficialKeys.read(str(platform.keys.official_keys)),
        )
        server = RpcServer(
            rpc_services(parts),
            ListenerSettings(port=0),
            verifier=process.verifier,
            health=process.health,
            telemetry=process.telemetry,
        )
        app = http_api(parts)
        port = free_port()
        http = HttpServer(app, ListenerSettings(port=port), grace=1)
        async with (
            running(
                Component("http", http.run),
                Component("rpc", server.run),
                periodic("views followed", parts.signal.look, every=0.05, health=process.health),
            ),
            grpc.aio.insecure_channel(f"127.0.0.1:{server.port}") as channel,
            httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://threatfeed") as client,
        ):
            stub = assessment_service_pb2_grpc.AssessmentServiceStub(channel)
            address = f"http://127.0.0.1:{port}"
            yield Reading(platform, process, clock, policy, dsn, stub, client, channel, address)


async def hold(reading: Reading, *documents: dict[str, object], policy: Policy | None = None) -> list[UUID]:
    """Has assessments of ncsc ingested under a policy, and the views of them made."""
    rules = policy or real_policy()
    holding = Holding("UK", CEILING, rules)
    matcher = ThemeMatcher.compile(rules.themes)
    batch = []
    for offset, document in enumerate(documents):
        raw = json.dumps(document).encode()
        record = Record("threatfeed.submission.ncsc.v1", 0, offset, b"k", raw, (), 0)
        readings = read_submission(
            raw, None, agency="ncsc", policy=rules, themes=matcher, taxonomies=real_taxonomies()
        )
        batch.append(Submission(record, "ncsc", readings))
    async with reading.process.database.transaction() as tx:
        assert await ingest_submissions(tx, batch, holding, reading.process.clock()) == []
    identities = [assessment_id("ncsc", str(document["id"])) for document in documents]
    await make_views(reading, *identities)
    return identities


def maker(reading: Reading, policy: Policy | None = None) -> ViewMaker:
    return ViewMaker(policy or reading.policy, reading.process.ids)


async def make_views(reading: Reading, *identities: UUID) -> None:
    async with reading.process.database.transaction() as tx:
        await maker(reading).make(tx, identities, reading.process.clock())


def document(identity: str, marking: str, **more: object) -> dict[str, object]:
    return {
        "id": identity,
        "version": 1,
        "title": f"Title of {identity}",
        "text": f"Text of {identity}",
        "published": "2026-11-20T09:00:00Z",
        "marking": {"national": marking},
        **more,
    }


TEAR_LINE = {"title": "What may be said", "text": "Less.", "marking": {"national": JOINT}}
