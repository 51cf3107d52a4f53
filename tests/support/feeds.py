"""A reader of a feed as its contract asks for: it forgets on reset, keeps the newest of each key, and drops
what it has seen.
"""

from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field

from services.chassis.feed import Beat, Entry, Reset, SnapshotEnd, Step, Token


@dataclass(slots=True)
class FeedClient:
    """What one reader holds, and the token with which it would resume."""

    held: dict[str, bytes] = field(default_factory=dict)
    token: Token | None = None
    resets: int = 0

    def take(self, steps: Iterable[Step]) -> None:
        for step in steps:
            self.take_one(step)

    def take_one(self, step: Step) -> None:
        match step:
            case Entry():
                self.held[step.key] = step.value
                self.token = step.token
            case Reset():
                self.held.clear()
                self.token = None
                self.resets += 1
            case SnapshotEnd() | Beat():
                self.token = step.token if step.token.epoch else None


def entry(sequence: int, key: str, *, epoch: str = "a") -> Entry:
    """The record at that place: its value names the place."""
    return Entry(Token(epoch, sequence), key, f"{epoch}:{sequence}:{key}".encode())


def latest(entries: Iterable[Entry]) -> dict[str, bytes]:
    """What a reader of all of them holds in the end."""
    return {one.key: one.value for one in entries}


async def one_by_one(batches: AsyncGenerator[Sequence[Step], None]) -> AsyncGenerator[Step, None]:
    """The steps of a feed singly."""
    async with aclosing(batches):
        async for steps in batches:
            for step in steps:
                yield step
