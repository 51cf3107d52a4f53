"""Nothing depends on the order of starts: processes wait for their tables, and then work."""

from contextlib import AsyncExitStack
from functools import partial

from deploy.local.platform import PlatformAccess
from deploy.local.ports import free_port
from tests.support.postgres import Databases
from tests.support.processes import POLICY
from tests.support.serving import REPOSITORY, service, waits_for_migrations, why_not_ready
from tests.support.waiting import eventually

KINDS = ("worker", "relay", "views", "api")


async def test_every_process_that_is_there_before_its_tables_waits_for_them(
    platform: PlatformAccess, postgres: Databases
) -> None:
    shared = {
        **platform.services["threatfeed"].environment(),
        "ENTENTE_POSTGRES__DSN": postgres.database("empty", lambda _: None),
        "ENTENTE_DEPLOYMENT": "local",
        "ENTENTE_HOME_PARTY": "UK",
        "ENTENTE_CEILING": "UK OFFICIAL-SENSITIVE",
        "ENTENTE_POLICY": str(POLICY),
        "ENTENTE_REFERENCE": str(REPOSITORY / "deploy" / "reference"),
        "ENTENTE_OFFICIAL_KEYS": str(platform.services["threatfeed"].official_keys),
        "ENTENTE_RPC__PORT": str(free_port()),
    }
    ports = {kind: free_port() for kind in KINDS}
    async with AsyncExitStack() as stack:
        started = [
            await stack.enter_async_context(
                service("threatfeed", kind, {**shared, "ENTENTE_HTTP__PORT": str(ports[kind])})
            )
            for kind in KINDS
        ]
        for kind, port in ports.items():
            await eventually(partial(waits_for_migrations, port), within=90, describe=f"the {kind} waits")
        async with service(
            "threatfeed", "migrate", {**shared, "ENTENTE_HTTP__PORT": str(free_port())}
        ) as migrate:
            assert await migrate.wait() == 0
        for kind, port in ports.items():
            said = ["not asked"]

            async def ready(port: int = port, said: list[str] = said) -> bool:
                said[0] = await why_not_ready(port)
                return not said[0]

            await eventually(ready, within=90, describe=lambda kind=kind, said=said: f"the {kind}: {said[0]}")
        assert [process.returncode for process in started] == [None] * len(KINDS)
