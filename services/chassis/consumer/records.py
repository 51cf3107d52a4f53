"""What a consumer is made of: records, what became of them, and what a service plugs in."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Generic, TypeVar

from services.chassis.database import Transaction
from services.chassis.envelope import Headers
from services.kernel.refusals import Refusal, RefusalKind

T = TypeVar("T")


DIGEST_HEADER = "sha256"
"""The only header of a record whose content is not kept."""


@dataclass(frozen=True, slots=True)
class Replay:
    """An operator's replay of a record from quarantine.

    `number` counts the replays of the record from 1. `edition` numbers the operator's correction whose
    bytes are read; 0 stands for the bytes as they came. `received_at` is when the record was first read.
    """

    number: int
    edition: int
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Record:
    """One Kafka record as it lay on the broker. `timestamp` is in milliseconds.

    `replay` is None for a record that is read from its topic.
    """

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Headers
    timestamp: int
    replay: Replay | None = None

    def without_content(self) -> "Record":
        """The record as it may be kept where its content may not: position and digest only."""
        digest = sha256(self.value or b"").hexdigest()
        return replace(self, key=None, value=None, headers=((DIGEST_HEADER, digest.encode()),))


@dataclass(frozen=True, slots=True)
class Delivery(Generic[T]):
    """A record with what decoding made of it: content, or why there is none."""

    record: Record
    content: T | Refusal


class Unstorable(Refusal):
    """The database refuses the content of one record, however often it is tried."""

    kind = RefusalKind.INVALID
    reason = "UNSTORABLE"


Quarantined = tuple[Record, Refusal]


@dataclass(frozen=True, slots=True)
class Subscription(Generic[T]):
    """What a service plugs into a consumer.

    `decode` is synchronous, runs outside the transaction and raises a `Refusal` for invalid input; such a
    record goes to quarantine by itself, and `apply` still sees it. `apply` runs inside the fenced
    transaction and gives further records for quarantine; it must store nothing for those.
    """

    group: str
    topics: tuple[str, ...]
    decode: Callable[[Record], T]
    apply: Callable[[Transaction, Sequence[Delivery[T]]], Awaitable[Sequence[Quarantined]]]
    pattern: str | None = None
    """Instead of `topics`: a regular expression, so that new topics are found while running."""
    marking_ceiling: str = "deployment"
    withholds: Callable[[Record], bool] | None = None
    """Says of a record that could not be read whether it goes to quarantine without its content."""
    quarantine_limit: int = 1_000
    """Records in a row that may go to quarantine before the partition is stopped for an operator."""
    stalled_after: float = 15.0
    """Seconds after which a batch that is still under way makes the process not ready."""
