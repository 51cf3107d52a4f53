"""Asks the children of a system how they are."""

import asyncio

import httpx

from deploy.local.ports import LOOPBACK
from services.cli.supervisor import Child, Supervisor


async def probe(client: httpx.AsyncClient, supervisor: Supervisor, child: Child, port: int) -> None:
    """Tells the supervisor whether a child is ready and alive; one that does not answer is neither."""
    pid = child.pid
    if pid is None:
        return
    (why_not, _), (_, alive) = await asyncio.gather(_ask(client, port, "readyz"), _ask(client, port, "livez"))
    if child.pid == pid:
        supervisor.mark_ready(child, why_not)
        supervisor.mark_alive(child, alive=alive)


async def _ask(client: httpx.AsyncClient, port: int, path: str) -> tuple[str, bool]:
    try:
        response = await client.get(f"http://{LOOPBACK}:{port}/{path}")
    except httpx.HTTPError as error:
        return f"does not answer: {type(error).__name__}", False
    return ("", True) if response.is_success else (response.text, False)
