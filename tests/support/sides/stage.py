"""The agenda at work on a story of both sides."""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID, uuid5

import grpc
import httpx

from deploy.local.platform import PlatformAccess
from services.agenda.app import TITLE, rpc_services
from services.agenda.http.routes import routes
from services.chassis.documents import read_documents
from services.chassis.lifecycle import Component
from services.chassis.rpc.server import RpcServer
from services.chassis.settings import ListenerSettings
from services.kernel.parties import Entitlement, Role
from services.kernel.policy import Policy
from tests.support.dialogue import Account, Dialogue, open_dialogue
from tests.support.peers import HeldAssessment
from tests.support.postgres import Databases
from tests.support.processes import POLICY, running
from tests.support.sides.asking import Application
from tests.support.sides.peers import DiscreetThreatfeed
from tests.support.sides.telling import Memory, Step, is_id
from tests.support.sides.words import WORDS
from tests.support.worlds.at_work import NamedIds

_NAMES: Final = UUID("5f2f7d60-1df6-4c0f-8a6e-2f0d6f8f4b11")


@dataclass(slots=True)
class Stage:
    """The agenda at work on a story: what was made in it, by name, and the ids met in its answers."""

    dialogue: Dialogue
    ids: NamedIds
    channel: grpc.aio.Channel
    held: dict[str, Any] = field(default_factory=dict)
    memory: Memory = field(default_factory=Memory)

    @property
    def met(self) -> Mapping[str, Mapping[str, None]]:
        return self.memory.met

    @property
    def client(self) -> httpx.AsyncClient:
        return self.dialogue.client

    @property
    def streaming(self) -> httpx.AsyncClient:
        return self.dialogue.client

    @property
    def application(self) -> Application:
        services = [one.name for one in rpc_services(self.dialogue.parts)]
        return Application(TITLE, routes(), services, WORDS)

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Ids that are met meanwhile are not remembered: the questions are about others first."""
        remembered, self.memory = self.memory, Memory()
        yield
        self.memory = remembered

    def token(self, who: Account) -> str:
        return self.dialogue.token(who)

    @property
    def policy(self) -> Policy:
        return self.dialogue.parts.policy

    async def done(self, who: Account, method: str, path: str, body: object = None, **options: Any) -> Any:
        """The answer of a request that must succeed; its ids are remembered for the questions."""
        key = str(uuid5(_NAMES, f"{path} {self.dialogue.clock()} {body}"))
        response = await self.dialogue.ask(who, method, path, body, key=key, **options)
        assert response.is_success, f"{method} {path}: {response.text}"
        self.remember(path, response)
        return response.json()

    def remember(self, path: str, response: httpx.Response) -> None:
        location = response.headers.get("location", "")
        owner = location.split("/")[2] if location else _collection(path)
        self.memory.collect(owner, response.json())

    def meet(self, name: str, value: str) -> None:
        self.memory.meet(name, value)

    def assessment(self, name: str, *seen_by: str, **changes: Any) -> HeldAssessment:
        """An assessment that threatfeed holds and shows these parties."""
        held = self.dialogue.assessment(
            id=uuid5(_NAMES, name), title=f"Whole {name}", joint_title=f"Joint {name}",
            seen_by=frozenset(seen_by), **changes,
        )  # fmt: skip
        self.meet("assessment_id", str(held.id))
        return held

    async def version_of(self, who: Account, path: str) -> Any:
        """What an aggregate stands at, as the account reads it."""
        return (await self.done(who, "GET", path))["version"]


def policy_of_the_story() -> Policy:
    """As shipped, but that the United Kingdom signs no conclusion of the dialogue before its adviser."""
    policy = Policy.from_documents(read_documents(POLICY))
    series = replace(policy.get_series("uk-eu"), legal_clearance={"UK": ("FCDO",)})
    return replace(policy, series={**policy.series, "uk-eu": series})


@contextmanager
def in_both_series(stage: Stage) -> Iterator[None]:
    """The secretariat of FCDO may act in both series of the United Kingdom for as long as the block lasts."""
    dialogue, policy = stage.dialogue, stage.policy
    more = Entitlement("uk-us-cmr", "UK", "FCDO", Role.SECRETARIAT)
    both = replace(policy, entitlements=policy.entitlements | {more})
    dialogue.app.state.agenda = replace(dialogue.parts, policy=both)
    yield
    dialogue.app.state.agenda = dialogue.parts


def _collection(path: str) -> str:
    return next(part for part in reversed(path.partition("?")[0].split("/")) if not is_id(part))


@asynccontextmanager
async def told(
    platform: PlatformAccess, postgres: Databases, steps: Sequence[Step[Stage]], ends: datetime
) -> AsyncIterator[Stage]:
    """The agenda once these steps have happened."""
    ids = NamedIds()
    async with AsyncExitStack() as stack:
        dialogue = await stack.enter_async_context(
            open_dialogue(
                platform, postgres, ids=ids, threatfeed=DiscreetThreatfeed(), policy=policy_of_the_story()
            )
        )
        process = dialogue.process
        rpc = RpcServer(
            rpc_services(dialogue.parts),
            ListenerSettings(port=0),
            verifier=process.verifier,
            health=process.health,
            telemetry=process.telemetry,
        )
        await stack.enter_async_context(running(Component("rpc", rpc.run)))
        channel = await stack.enter_async_context(grpc.aio.insecure_channel(f"127.0.0.1:{rpc.port}"))
        stage = Stage(dialogue, ids, channel)
        for step in steps:
            ids.begin(step.name)
            dialogue.clock.at = step.at
            await step.happen(stage)
        dialogue.clock.at = ends
        yield stage
