"""A quarantined record and what operators may do with it.

OPEN waits for an operator. REPLAYED was admitted with the bytes as they came, REPAIRED with bytes that an
operator corrected. DISCARDED is left out for good, for a reason. The three are final.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from services.chassis.consumer.records import Record, Replay
from services.chassis.envelope import Headers
from services.kernel.refusals import NoAccess, Refusal, RefusalKind

MOST_REFUSED_REPLAYS = 3
"""Refused replays in a row after which a record waits for a correction or to be discarded."""
LARGEST_EDIT = 4 * 1024 * 1024
"""Bytes: as much as a submission may have."""


class State(StrEnum):
    OPEN = "OPEN"
    REPLAYED = "REPLAYED"
    REPAIRED = "REPAIRED"
    DISCARDED = "DISCARDED"


class Action(StrEnum):
    """A step in the ledger of a record."""

    EDITED = "EDITED"
    ADMITTED = "ADMITTED"
    REFUSED = "REFUSED"
    DISCARDED = "DISCARDED"


class QuarantineClosed(Refusal):
    """The record was replayed, repaired or discarded already."""

    kind = RefusalKind.CONFLICT
    reason = "QUARANTINE_CLOSED"


class QuarantineStale(Refusal):
    """Somebody else did something with the record meanwhile."""

    kind = RefusalKind.STALE
    reason = "QUARANTINE_CHANGED"


class ContentNotHeld(Refusal):
    """The content may not be held here: there is nothing to show, to correct or to replay."""

    kind = RefusalKind.CONFLICT
    reason = "CONTENT_NOT_HELD"


class ReplaysExhausted(Refusal):
    """The bytes were refused too often. Correct them, or discard the record."""

    kind = RefusalKind.CONFLICT
    reason = "REPLAYS_EXHAUSTED"


class EditTooLarge(Refusal):
    """A correction larger than a submission may be."""

    kind = RefusalKind.TOO_LARGE
    reason = "EDIT_TOO_LARGE"


class Sight(Protocol):
    """What one operator may see of quarantine, by topic and marking ceiling."""

    def may_run(self) -> bool:
        """Whether the workings of the deployment itself."""

    def may_see(self, topic: str, ceiling: str) -> bool:
        """Whether there is a record at all, where it lay, since when, and the reason's code."""

    def may_open(self, topic: str, ceiling: str) -> bool:
        """Whether its bytes, and whatever quotes them."""


@dataclass(frozen=True, slots=True)
class Operator:
    """Who acts, for ledger and audit; `request` names the request."""

    subject: str
    party: str | None
    request: str | None = None


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where a record lay: its name in quarantine."""

    topic: str
    partition: int
    offset: int

    def __str__(self) -> str:
        return f"{self.topic}:{self.partition}:{self.offset}"


@dataclass(frozen=True, slots=True)
class Entry:
    """A quarantined record without its bytes.

    `version` counts every step and is its ETag. `edition` numbers the latest correction, 0 for none.
    `refused_in_a_row` counts the refused replays since then. `reason`, `detail` and `pointer` are those of
    the last refusal.
    """

    group: str
    place: Place
    state: State
    version: int
    edition: int
    replays: int
    refused_in_a_row: int
    reason: str
    detail: str
    pointer: str | None
    ceiling: str
    recorded_at: datetime
    received_at: datetime
    held: bool


@dataclass(frozen=True, slots=True)
class Content:
    """The bytes of one edition of a record."""

    key: bytes | None
    value: bytes | None
    headers: Headers


@dataclass(frozen=True, slots=True)
class Step:
    """A line of the ledger. `note` is what the operator wrote, `reason` the code of a refusal."""

    action: Action
    edition: int
    reason: str | None
    note: str | None
    actor: str
    party: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a replay led to, or would lead to: the state afterwards, and why it was refused if it was."""

    place: Place
    ceiling: str
    state: State
    version: int
    refusal: Refusal | None


@dataclass(frozen=True, slots=True)
class Query:
    """Which records are meant; None does not restrict. Times are those of arrival in quarantine."""

    state: State | None = None
    reason: str | None = None
    topic: str | None = None
    received_from: datetime | None = None
    received_before: datetime | None = None


def record_of(entry: Entry, content: Content) -> Record:
    """The record as it is replayed."""
    return Record(
        topic=entry.place.topic,
        partition=entry.place.partition,
        offset=entry.place.offset,
        key=content.key,
        value=content.value,
        headers=content.headers,
        timestamp=int(entry.recorded_at.timestamp() * 1000),
        replay=Replay(entry.replays + 1, entry.edition, entry.received_at),
    )


def place_of(text: str) -> Place:
    """The inverse of `str`: `topic:partition:offset`. Raises `NoAccess`: there is no such record."""
    found = re.fullmatch(r"([\w.-]{1,249}):(\d{1,9}):(\d{1,18})", text, re.ASCII)
    if found is None:
        raise NoAccess(f"quarantined record {text}")
    return Place(found[1], int(found[2]), int(found[3]))
