"""Puts the threatfeed processes together."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from services.chassis.documents import read_documents
from services.chassis.http.application import HttpParts, HttpServer, create_api
from services.chassis.lifecycle import Component
from services.chassis.process import Process
from services.chassis.rpc.server import RpcServer
from services.kernel.markings.levels import Level
from services.kernel.policy import Policy
from services.threatfeed.consumers import submissions
from services.threatfeed.http.routes import routes
from services.threatfeed.rpc.assessments import AssessmentServicer, assessment_service
from services.threatfeed.settings import ThreatfeedSettings
from services.threatfeed.usecases.holding import Holding

SERVICE = "threatfeed"
MIGRATIONS = Path(__file__).parent / "store" / "migrations"


@asynccontextmanager
async def compose_api(process: Process, settings: ThreatfeedSettings) -> AsyncIterator[Sequence[Component]]:
    policy = Policy.from_documents(read_documents(settings.policy))
    servicer = AssessmentServicer(process.database, policy, process.clock)
    rpc = RpcServer(
        [assessment_service(servicer)],
        settings.rpc,
        verifier=process.verifier,
        health=process.health,
        telemetry=process.telemetry,
    )
    app = create_api(
        "Entente threatfeed",
        "v1",
        HttpParts(process.database, process.verifier, process.clock, process.ids),
        routes(),
        health=process.health,
        telemetry=process.telemetry,
        policy=policy,
    )
    yield [
        Component("rpc", rpc.run),
        Component("http", HttpServer(app, settings.http).run),
    ]


@asynccontextmanager
async def compose_worker(
    process: Process, settings: ThreatfeedSettings
) -> AsyncIterator[Sequence[Component]]:
    policy = Policy.from_documents(read_documents(settings.policy))
    holding = Holding(
        home_party=settings.home_party,
        ceiling=Level.parse(settings.ceiling),
        policy=policy,
    )
    yield [
        process.probes(),
        process.relay(),
        process.consumer(submissions(policy, holding, process.clock)),
    ]
