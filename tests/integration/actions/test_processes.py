"""The real processes: they come up from their environment, and end promptly with streams open."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial

import httpx

from deploy.local.keys import issue_token
from deploy.local.platform import PlatformAccess
from deploy.local.ports import free_port
from tests.support.postgres import Databases
from tests.support.processes import POLICY
from tests.support.waiting import eventually

REPOSITORY = POLICY.parents[1]


@asynccontextmanager
async def service(kind: str, environment: Mapping[str, str]) -> AsyncIterator[Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "services.actions",
        kind,
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONPATH": f"{REPOSITORY}{os.pathsep}{REPOSITORY / 'proto'}", **environment},
        stderr=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def ready(port: int) -> bool:
    async with httpx.AsyncClient() as client:
        try:
            return (await client.get(f"http://127.0.0.1:{port}/readyz")).status_code == 200
        except httpx.TransportError:
            return False


async def test_api_and_worker_come_up_and_end_with_a_stream_open(
    platform: PlatformAccess, postgres: Databases
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
    async with service("api", environment) as api, service("worker", worker_environment) as worker:
        async with service("migrate", environment) as migrate:
            assert await asyncio.wait_for(migrate.wait(), 60) == 0
        for port in (api_port, worker_port):
            await eventually(partial(ready, port), within=60, describe=f"port {port} is ready")
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
            for process in (api, worker):
                process.send_signal(signal.SIGTERM)
            async with asyncio.timeout(10):
                async for _ in lines:
                    continue
        assert await asyncio.wait_for(api.wait(), 10) == 0
        assert await asyncio.wait_for(worker.wait(), 10) == 0
