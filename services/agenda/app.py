"""Puts the agenda's processes together."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from fastapi import FastAPI

from services.agenda.clients.actions import Actions
from services.agenda.clients.threatfeed import Threatfeed
from services.agenda.consumers import actions, assessments, releases
from services.agenda.http.routes import routes
from services.agenda.rpc.drafts import draft_service
from services.agenda.rpc.meetings import meeting_service
from services.agenda.rpc.outcomes import outcome_service
from services.agenda.rpc.own_side import own_side_service
from services.agenda.rpc.proposals import proposal_service
from services.agenda.rpc.service import agenda_service
from services.agenda.settings import AgendaSettings
from services.agenda.signatures import OfficialKeys
from services.agenda.usecases.parts import AgendaParts
from services.chassis.consumer.halts import ConsumerDesk
from services.chassis.documents import read_documents
from services.chassis.health import Health
from services.chassis.http.application import HttpParts, HttpServer, create_api
from services.chassis.identity import TokenVerifier
from services.chassis.lifecycle import Component
from services.chassis.process import Process
from services.chassis.quarantine.desk import QuarantineDesk
from services.chassis.rpc.client import open_channel
from services.chassis.rpc.server import RpcServer, Service
from services.chassis.telemetry import Telemetry
from services.kernel.clearance import Clearing
from services.kernel.markings.levels import Level
from services.kernel.parties import Reader
from services.kernel.policy import Policy

SERVICE = "agenda"
TITLE = "Entente agenda"
MIGRATIONS = Path(__file__).parent / "store" / "migrations"


def create_app(
    parts: AgendaParts, verifier: TokenVerifier, health: Health, telemetry: Telemetry, **state: Any
) -> FastAPI:
    """The REST application; `state` is what the routes of quarantine need."""
    return create_api(
        TITLE,
        "v1",
        HttpParts(parts.database, verifier, parts.clock, parts.ids),
        routes(),
        health=health,
        telemetry=telemetry,
        agenda=parts,
        **state,
    )


def rpc_services(parts: AgendaParts) -> list[Service]:
    """Every service over gRPC."""
    return [
        agenda_service(parts),
        draft_service(parts),
        proposal_service(parts),
        own_side_service(parts),
        meeting_service(parts),
        outcome_service(parts),
    ]


@asynccontextmanager
async def compose_api(process: Process, settings: AgendaSettings) -> AsyncIterator[Sequence[Component]]:
    policy = Policy.from_documents(read_documents(settings.policy))
    keys = OfficialKeys.read(settings.api_keys())
    peers = settings.api_peers()
    async with (
        open_channel(peers.threatfeed, process.telemetry) as threatfeed,
        open_channel(peers.actions, process.telemetry) as action_peer,
    ):
        parts = AgendaParts(
            database=process.database,
            policy=policy,
            clock=process.clock,
            ids=process.ids,
            keys=keys,
            threatfeed=Threatfeed(threatfeed),
            actions=Actions(action_peer),
        )
        rpc = RpcServer(
            rpc_services(parts),
            settings.rpc,
            verifier=process.verifier,
            health=process.health,
            telemetry=process.telemetry,
        )
        clearing = Clearing(policy, settings.home_party, Level.parse(settings.ceiling))
        app = create_app(
            parts,
            process.verifier,
            process.health,
            process.telemetry,
            consumers=ConsumerDesk(process.database, process.clock),
            quarantine=QuarantineDesk(
                process.database,
                [assessments(process.clock), actions(process.clock)],
                process.clock,
                process.crash,
            ),
            sight_of=lambda who: clearing.of(Reader.from_claims(who.subject, who.claims)),
        )
        yield [
            Component("rpc", rpc.run),
            Component("http", HttpServer(app, settings.http).run),
        ]


@asynccontextmanager
async def compose_worker(process: Process, _: AgendaSettings) -> AsyncIterator[Sequence[Component]]:
    yield [
        process.probes(),
        process.relay(),
        process.quarantine_depth(),
        process.consumer(assessments(process.clock)),
        process.consumer(releases(process.clock)),
        process.consumer(actions(process.clock)),
    ]
