"""Leaders who follow the feeds of their audiences through every kill, one on each channel."""

from contextlib import aclosing
from dataclasses import dataclass, field
from functools import partial
from itertools import cycle
from typing import Final

from entente.exchange.v1.action_status_pb2 import ActionStatus

from services.cli.accounts import account
from services.cli.clients.rest import token_of
from services.cli.clients.status_feeds import (
    Channel,
    Feed,
    Kind,
    Step,
    follow_for_good,
    watch_kafka,
    watch_rpc,
    watch_sse,
)
from services.cli.record import Access

LEADERS: Final = {
    "uk-eu.uk": "uk-leadership",
    "uk-eu.eu": "eu-leadership",
    "uk-us-cmr.uk": "stratcom-leadership",
    "uk-us-cmr.us": "nsa-leadership",
}


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
    begun: bool = False
    """It holds a whole snapshot: from then on nothing is left out, for its buffer never fills here."""
    problems: list[str] = field(default_factory=list)

    @property
    def sequence(self) -> int:
        return int(self.token.rpartition(":")[2] or 0)

    async def follow(self) -> None:
        """Until it is cancelled; after each end on the next of its channels."""
        channels = cycle(self.channels)

        def connect(token: str) -> Feed:
            return next(channels)(token)

        async with aclosing(follow_for_good(connect)) as steps:
            async for step in steps:
                if step.kind is Kind.LOST:
                    self.connected = False
                    continue
                self.resumed += not self.connected and bool(self.token)
                self.connected = True
                self._take(step)

    def _take(self, step: Step) -> None:
        if step.kind is Kind.RESET:
            if self.token:
                self.problems.append(f"{self.name}: told to forget what it holds after {self.token}")
            return
        self.begun = self.begun or step.kind is Kind.SNAPSHOT_COMPLETE
        if step.status is None:
            return
        epoch, _, _ = self.token.rpartition(":")
        if epoch and not step.token.startswith(f"{epoch}:"):
            self.problems.append(f"{self.name}: another epoch: {step.token} after {self.token}")
        if step.status.sequence <= self.sequence:
            self.problems.append(f"{self.name}: told {step.token} after {self.token}")
        elif self.begun and step.status.sequence != self.sequence + 1:
            self.problems.append(f"{self.name}: a gap, told {step.token} after {self.token}")
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
