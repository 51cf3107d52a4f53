"""The FastAPI factory, the routes every process has, and the server that runs them."""

import asyncio
import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import uvicorn
from fastapi import APIRouter, FastAPI
from fastapi.responses import JSONResponse, Response
from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from services.chassis.clock import Clock
from services.chassis.database import Database
from services.chassis.health import Health
from services.chassis.http import problems
from services.chassis.http.description import new_application
from services.chassis.http.events import StreamingProtocol
from services.chassis.http.middleware import RequestFrame
from services.chassis.identity import TokenVerifier
from services.chassis.ids import IdSource
from services.chassis.settings import ListenerSettings
from services.chassis.telemetry import Telemetry

OPEN_PATHS = frozenset({"/livez", "/readyz", "/metrics", "/openapi.json"})
"""What needs no token: probes, figures without content, and the description of the API."""


@dataclass(frozen=True, slots=True)
class HttpParts:
    """What the routes of a process are given, as `request.app.state`."""

    database: Database
    verifier: TokenVerifier
    clock: Clock
    ids: IdSource


def create_api(
    title: str,
    version: str,
    parts: HttpParts,
    routers: Sequence[APIRouter],
    *,
    health: Health,
    telemetry: Telemetry,
    **state: Any,
) -> FastAPI:
    """An application with the given routes; `state` is what they need besides the parts."""
    app = new_application(title, version, routers)
    app.state.database = parts.database
    app.state.verifier = parts.verifier
    app.state.clock = parts.clock
    app.state.ids = parts.ids
    for name, value in state.items():
        setattr(app.state, name, value)
    problems.install(app)
    app.include_router(probes(health, telemetry))
    FastAPIInstrumentor.instrument_app(
        app,
        tracer_provider=telemetry.provider,
        excluded_urls="livez,readyz,metrics",
        exclude_spans=["receive", "send"],
    )
    app.add_middleware(RequestFrame, ids=parts.ids)
    return app


def create_probe_app(health: Health, telemetry: Telemetry, ids: IdSource) -> FastAPI:
    """The small application of a process that serves nothing else."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    problems.install(app)
    app.include_router(probes(health, telemetry))
    app.add_middleware(RequestFrame, ids=ids)
    return app


def probes(health: Health, telemetry: Telemetry) -> APIRouter:
    router = APIRouter(include_in_schema=False)

    @router.get("/livez")
    async def livez() -> Response:
        stopped = health.not_alive()
        return JSONResponse({"stopped": stopped}, 503 if stopped else 200)

    @router.get("/readyz")
    async def readyz() -> Response:
        reasons = await health.not_ready()
        content = {"not_ready": reasons, "warnings": health.warnings()}
        return JSONResponse(content, 503 if reasons else 200)

    @router.get("/metrics")
    async def metrics() -> Response:
        return Response(generate_latest(telemetry.metrics.registry), media_type=CONTENT_TYPE_LATEST)

    return router


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leaves signals to the lifecycle of the process."""
        yield


class HttpServer:
    """Serves an application until told to stop; open requests get `grace` seconds to end."""

    def __init__(self, app: FastAPI, settings: ListenerSettings, grace: int = 5) -> None:
        self._server = _Server(
            uvicorn.Config(
                app,
                host=settings.host,
                port=settings.port,
                log_config=None,
                access_log=False,
                server_header=False,
                date_header=True,
                timeout_graceful_shutdown=grace,
                lifespan="off",
                http=StreamingProtocol,
            )
        )

    async def run(self, stop: asyncio.Event) -> None:
        serving = asyncio.create_task(self._server.serve())
        waiting = asyncio.create_task(stop.wait())
        await asyncio.wait([serving, waiting], return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        self._server.should_exit = True
        await serving
