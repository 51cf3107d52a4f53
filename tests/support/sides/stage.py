"""A story told to the agenda: steps of both sides. A world can leave out those that a reader may not know."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid5

import grpc
import httpx

from deploy.local.platform import PlatformAccess
from services.agenda.app import rpc_parts, rpc_services
from services.chassis.lifecycle import Component
from services.chassis.rpc.server import RpcServer
from services.chassis.settings import ListenerSettings
from services.kernel.parties import Reader
from services.kernel.policy import Policy
from tests.support.dialogue import TODAY, Account, Dialogue, open_dialogue
from tests.support.peers import HeldAssessment
from tests.support.postgres import Databases
from tests.support.processes import running
from tests.support.sides.peers import DiscreetThreatfeed
from tests.support.worlds.at_work import NamedIds

_NAMES: Final = UUID("5f2f7d60-1df6-4c0f-8a6e-2f0d6f8f4b11")

Audience = str
"""A series and a party, as `uk-eu.UK`, or those of its people in a role, as `uk-eu.UK/secretariat`."""


@dataclass(frozen=True)
class Step:
    """Something that somebody did. Its name gives the ids and the time of what it makes."""

    name: str
    known_to: frozenset[Audience]
    happen: "Callable[[Stage], Awaitable[None]]"
    at: datetime


@dataclass(slots=True)
class Story:
    """Steps in their order."""

    steps: list[Step] = field(default_factory=list)

    def step(
        self, *known_to: Audience, at: datetime | None = None
    ) -> "Callable[[Callable[[Stage], Awaitable[None]]], Callable[[Stage], Awaitable[None]]]":
        """Adds a step. Those audiences may know of it; to every other it did not happen."""

        def add(happen: "Callable[[Stage], Awaitable[None]]") -> "Callable[[Stage], Awaitable[None]]":
            moment = (at or TODAY) + timedelta(minutes=len(self.steps))
            self.steps.append(Step(happen.__name__, frozenset(known_to), happen, moment))
            return happen

        return add

    def known_to(self, audiences: frozenset[Audience]) -> list[Step]:
        return [step for step in self.steps if step.known_to & audiences]


@dataclass(slots=True)
class Stage:
    """The agenda at work on a story: what was made in it, by name, and the ids met in its answers."""

    dialogue: Dialogue
    ids: NamedIds
    channel: grpc.aio.Channel
    held: dict[str, Any] = field(default_factory=dict)
    met: dict[str, dict[str, None]] = field(default_factory=dict)
    """By the name of an argument, the ids that it can have."""

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
        self._collect(owner, response.json())

    def _collect(self, owner: str, found: Any) -> None:
        if isinstance(found, Mapping):
            for name, value in found.items():
                if name == "id" and _is_id(value):
                    self.meet(f"{owner.removesuffix('s')}_id", value)
                elif name.endswith("_id") and _is_id(value):
                    self.meet(name, value)
                else:
                    self._collect(name, value)
        elif isinstance(found, Sequence) and not isinstance(found, str):
            for one in found:
                self._collect(owner, one)

    def meet(self, name: str, value: str) -> None:
        self.met.setdefault(name, {})[value] = None

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


def _collection(path: str) -> str:
    return next(part for part in reversed(path.partition("?")[0].split("/")) if not _is_id(part))


def _is_id(value: object) -> bool:
    try:
        return isinstance(value, str) and bool(UUID(value))
    except ValueError:
        return False


def audiences_of(reader: Account, policy: Policy) -> frozenset[Audience]:
    """Of each series in which the reader has any role: the party, and the party in that role."""
    claims = {"party": reader.party, "organisation": reader.organisation, "roles": list(reader.roles)}
    known = Reader.from_claims(reader.subject, claims)
    found = set()
    for series in policy.series:
        for role in policy.roles(known, series):
            found |= {f"{series}.{reader.party}", f"{series}.{reader.party}/{role.value}"}
    return frozenset(found)


@asynccontextmanager
async def told(
    platform: PlatformAccess, postgres: Databases, steps: Sequence[Step], ends: datetime
) -> AsyncIterator[Stage]:
    """The agenda once these steps have happened."""
    ids = NamedIds()
    async with AsyncExitStack() as stack:
        dialogue = await stack.enter_async_context(
            open_dialogue(platform, postgres, ids=ids, threatfeed=DiscreetThreatfeed())
        )
        process = dialogue.process
        rpc = RpcServer(
            rpc_services(rpc_parts(dialogue.parts)),
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
