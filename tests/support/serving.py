"""Real processes of services, and what they say of themselves."""

import asyncio
import os
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import httpx

from tests.support.processes import POLICY

REPOSITORY = POLICY.parents[1]


@asynccontextmanager
async def service(name: str, kind: str, environment: Mapping[str, str]) -> AsyncIterator[Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        f"services.{name}",
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


async def why_not_ready(port: int) -> str:
    """Empty when the process is ready."""
    async with httpx.AsyncClient() as client:
        try:
            answer = await client.get(f"http://127.0.0.1:{port}/readyz")
        except httpx.TransportError as error:
            return f"does not answer: {error!r}"
        return "" if answer.status_code == 200 else answer.text


async def waits_for_migrations(port: int) -> bool:
    return "migrations are missing" in await why_not_ready(port)
