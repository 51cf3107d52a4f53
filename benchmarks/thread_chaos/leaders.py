"""Leaders who follow the feeds of their audiences through every kill, one on each channel."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from functools import partial
from itertools import cycle
from typing import Final

import httpx
from aiokafka.errors import KafkaError
from entente.exchange.v1.action_status_pb2 import ActionStatus

from services.cli.accounts import account
from services.cli.clients.rest import token_of
from services.cli.clients.status_feeds import ConnectionLost, Kind, Step, watch_kafka, watch_rpc, watch_sse
from services.cli.record import Access

LEADERS: Final = {
    "uk-eu.uk": "uk-leadership",
    "uk-eu.eu": "eu-leadership",
    "uk-us-cmr.uk": "stratcom-leadership",
    "uk-us-cmr.us": "nsa-leadership",
}
_AGAIN_AFTER: Final = 0.2
_SILENCE: Final = 60.0

Channel = Callable[[str], AsyncGenerator[Step, None]]


@dataclass(slots=True)
class Leader:
    """Holds the newest status of every action, and notes whatever breaks the promises of the feed."""

    audience: str
    name: str
    channels: tuple[Channel, ...]
    token: str = ""
    held: dict[str, ActionStatus] = field(default_factory=dict)
    steps: int = 0
    resumed: int = 0
    connected: bool = False
    problems: list[str] = field(default_factory=list)

    @property
    def sequence(self) -> int:
        return int(self.token.rpartition(":")[2] or 0)

    async def follow(self) -> None:
        """Until it is cancelled; after each end on the next of its channels."""
        for channel in cycle(self.channels):
            held, self.connected = self.token, False
            try:
                async with aclosing(channel(held)) as steps:
                    while True:
                        step = await asyncio.wait_for(anext(steps), _SILENCE)
                        self.resumed += not self.connected and bool(held)
                        self.connected = True
                        self._take(step)
            except (
                ConnectionLost,
                httpx.TransportError,
                KafkaError,
                OSError,
                TimeoutError,
                StopAsyncIteration,
            ):
                pass
            await asyncio.sleep(_AGAIN_AFTER)

    def _take(self, step: Step) -> None:
        if step.kind is Kind.RESET:
            if self.token:
                self.problems.append(f"{self.name}: told to forget what it holds after {self.token}")
            return
        if step.status is None:
            return
        epoch, _, _ = self.token.rpartition(":")
        if epoch and not step.token.startswith(f"{epoch}:"):
            self.problems.append(f"{self.name}: another epoch: {step.token} after {self.token}")
        if step.status.sequence <= self.sequence:
            self.problems.append(f"{self.name}: told {step.token} after {self.token}")
        self.token = step.token
        self.steps += 1
        self.held[step.status.action_id] = step.status


def leaders(access: Access) -> list[Leader]:
    """For each audience one with a Kafka client and one who changes between gRPC and server-sent events."""
    found = []
    for audience, name in LEADERS.items():
        login, address = access.login(f"audience-{audience}"), access.services["actions"]
        token = token_of(access.keys, account(name))

        kafka = partial(watch_kafka, login, audience)
        rpc = partial(watch_rpc, address.rpc, token, audience)
        sse = partial(watch_sse, address.rest, token, audience)
        found.append(Leader(audience, f"{audience} on Kafka", (kafka,)))
        found.append(Leader(audience, f"{audience} on gRPC and SSE", (rpc, sse)))
    return found
