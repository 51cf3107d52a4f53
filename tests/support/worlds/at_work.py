"""The services on a world: their two ways in, and the ids of what was made in it."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from uuid import UUID, uuid5

import grpc
import httpx

from deploy.local.platform import PlatformAccess
from deploy.local.ports import free_port
from services.chassis.http.application import HttpServer
from services.chassis.lifecycle import Component
from services.chassis.officials import OfficialKeys
from services.chassis.process import Process
from services.chassis.rpc.server import RpcServer
from services.chassis.settings import ListenerSettings
from services.kernel.markings.levels import Level
from services.kernel.policy import Policy
from services.threatfeed.app import ApiParts, http_api, make_parts, rpc_services
from services.threatfeed.usecases.holding import Holding
from tests.support.processes import SettableClock, running
from tests.support.submissions import real_taxonomies
from tests.support.tokens import KeptTokens

NAMES = UUID("0d6b5f0e-6d6b-4c0b-9d38-1b1c7a0b2f55")


class NamedIds:
    """Ids that follow from what happens, so that nothing that happened besides moves them."""

    def __init__(self) -> None:
        self._name, self._count = "", 0

    def begin(self, name: str) -> None:
        self._name, self._count = name, 0

    def __call__(self) -> UUID:
        self._count += 1
        return uuid5(NAMES, f"{self._name}|{self._count}")


@dataclass(slots=True)
class Loaded:
    """A world at work: its two ways in, and the ids of what was made in it."""

    platform: PlatformAccess
    process: Process
    clock: SettableClock
    ids: NamedIds
    policy: Policy
    parts: ApiParts
    client: httpx.AsyncClient
    channel: grpc.aio.Channel
    address: str
    told: dict[bytes, bytes] = field(default_factory=dict)
    offsets: dict[str, int] = field(default_factory=dict)
    consents: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    clearances: list[str] = field(default_factory=list)
    conflicts: list[str] = field(default_factory=list)
    denials: list[str] = field(default_factory=list)
    records: list[str] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    live: list[bytes] = field(default_factory=list)
    """What came over an open stream while the last steps happened."""

    _tokens: KeptTokens = field(init=False)

    def __post_init__(self) -> None:
        self._tokens = KeptTokens(self.platform.keys)

    def token(self, subject: str, party: str, organisation: str, roles: Sequence[str]) -> str:
        return self._tokens.of(subject, party, organisation, roles)


@asynccontextmanager
async def serving(
    platform: PlatformAccess, process: Process, clock: SettableClock, ids: NamedIds, policy: Policy
) -> AsyncIterator[Loaded]:
    """An api under a policy."""
    parts = make_parts(
        process,
        Holding("UK", Level.parse("UK SECRET"), policy),
        real_taxonomies(),
        OfficialKeys.read(str(platform.keys.official_keys)),
    )
    rpc = RpcServer(
        rpc_services(parts),
        ListenerSettings(port=0),
        verifier=process.verifier,
        health=process.health,
        telemetry=process.telemetry,
    )
    app, port = http_api(parts), free_port()
    http = HttpServer(app, ListenerSettings(port=port), grace=1)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(running(Component("http", http.run), Component("rpc", rpc.run)))
        channel = await stack.enter_async_context(grpc.aio.insecure_channel(f"127.0.0.1:{rpc.port}"))
        transport = httpx.ASGITransport(app)
        client = await stack.enter_async_context(
            httpx.AsyncClient(transport=transport, base_url="http://threatfeed")
        )
        address = f"http://127.0.0.1:{port}"
        yield Loaded(platform, process, clock, ids, policy, parts, client, channel, address)
        await parts.signal.close()
