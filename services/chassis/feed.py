"""A live view of a compacted one-partition topic, for readers who resume where they were.

Every replica reads the topic whole, without a group. Readers get a snapshot or what they missed, then
what is new; a slow reader's records are coalesced by key, and one that falls too far behind is closed.
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from services.kernel.refusals import Refusal, RefusalKind

RING = 10_000
"""Entries kept to be replayed one by one."""
LARGEST_BUFFER = 1_000
"""Keys that may wait for one reader."""
_LONGEST_TOKEN = 100
_LARGEST_SEQUENCE = 2**63 - 1


class ResumeTokenMalformed(Refusal):
    """The resume token is none that was given out here."""

    kind = RefusalKind.INVALID
    reason = "RESUME_TOKEN_MALFORMED"


class ReaderTooSlow(Refusal):
    """The reader fell too far behind and was let go; it resumes with its last token."""

    kind = RefusalKind.EXHAUSTED
    reason = "READER_TOO_SLOW"


class FeedCatchingUp(Refusal):
    """The feed is still reading its topic after a start; a later call will be answered."""

    kind = RefusalKind.UNAVAILABLE
    reason = "FEED_CATCHING_UP"


@dataclass(frozen=True, slots=True)
class Token:
    """`epoch:sequence`: the same on Kafka, gRPC and SSE. That of a feed without entries is empty."""

    epoch: str
    sequence: int

    def __str__(self) -> str:
        return f"{self.epoch}:{self.sequence}" if self.epoch else ""

    @classmethod
    def parse(cls, text: str) -> "Token | None":
        """None for an empty text: a reader who holds nothing. Raises `ResumeTokenMalformed`."""
        if not text:
            return None
        epoch, _, digits = text.rpartition(":")
        if not epoch or len(text) > _LONGEST_TOKEN or not digits.isascii() or not digits.isdigit():
            raise ResumeTokenMalformed("the resume token was not given out here")
        if int(digits) > _LARGEST_SEQUENCE:
            raise ResumeTokenMalformed("the resume token was not given out here")
        return cls(epoch, int(digits))


@dataclass(frozen=True, slots=True)
class Entry:
    """A record in its place. `coalesced`: older records of its key were left out before it."""

    token: Token
    key: str
    value: bytes
    coalesced: bool = False


@dataclass(frozen=True, slots=True)
class Reset:
    """The reader must forget what it holds; a snapshot follows."""

    epoch: str


@dataclass(frozen=True, slots=True)
class SnapshotEnd:
    """The snapshot is complete up to the token."""

    token: Token


@dataclass(frozen=True, slots=True)
class Beat:
    """Nothing new; the reader has everything up to the token."""

    token: Token


Step = Entry | Reset | SnapshotEnd | Beat


class _Reader:
    """Steps waiting for one reader: the newest entry of each key replaces the older one."""

    def __init__(self) -> None:
        self._waiting: OrderedDict[str, Entry] = OrderedDict()
        self._reset: Reset | None = None
        self._wake = asyncio.Event()
        self._overflowed = False

    def offer(self, entry: Entry) -> None:
        if self._overflowed:
            return
        if self._waiting.pop(entry.key, None) is not None:
            entry = replace(entry, coalesced=True)
        self._waiting[entry.key] = entry
        if len(self._waiting) > LARGEST_BUFFER:
            self._overflowed = True
            self._waiting.clear()
        self._wake.set()

    def reset(self, epoch: str) -> None:
        self._waiting.clear()
        self._reset = Reset(epoch)
        self._wake.set()

    async def wait(self, closing: asyncio.Event, seconds: float) -> None:
        """Returns when something waits, when `closing` is set, or after that time."""
        waits = [asyncio.create_task(event.wait()) for event in (self._wake, closing)]
        try:
            await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    def take(self) -> list[Step]:
        """What waits, in order. Raises `ReaderTooSlow`."""
        self._wake.clear()
        if self._overflowed:
            raise ReaderTooSlow("more changes are waiting than a reader may leave; resume by token")
        entries = list(self._waiting.values())
        self._waiting.clear()
        if self._reset is None:
            return [*entries]
        reset, self._reset = self._reset, None
        end = entries[-1].token if entries else Token(reset.epoch, 0)
        return [reset, *entries, SnapshotEnd(end)]


class FeedView:
    """The state of one feed: the newest entry of each key, the latest entries, and the open readers."""

    def __init__(self, on_readers: Callable[[int], None] = lambda _: None, *, ring: int = RING) -> None:
        self._epoch = ""
        self._past_epochs: set[str] = set()
        self._last = 0
        self._newest: OrderedDict[str, Entry] = OrderedDict()
        self._ring: deque[Entry] = deque(maxlen=ring)
        self._ring_complete_after = 0
        self._readers: set[_Reader] = set()
        self._on_readers = on_readers
        self._caught_up = False

    @property
    def token(self) -> Token:
        return Token(self._epoch, self._last)

    def mark_caught_up(self) -> None:
        """The end that the topic had at the start is reached: from now on there may be readers."""
        self._caught_up = True

    def require_caught_up(self) -> None:
        """Raises `FeedCatchingUp`: a half-read feed would tell a resuming reader to forget."""
        if not self._caught_up:
            raise FeedCatchingUp("the feed is still being read; try again shortly")

    def apply(self, entry: Entry) -> None:
        """Takes the next entry. Repeats are dropped: a relay may send twice, also across an epoch's end,
        and a reader of the topic may start anew.
        """
        if entry.token.epoch in self._past_epochs:
            return
        if entry.token.epoch != self._epoch:
            self._begin(entry.token)
        elif entry.token.sequence <= self._last:
            return
        if entry.token.sequence != self._last + 1:
            # Compaction has removed what lay between; nobody can replay across the hole.
            self._ring.clear()
            self._ring_complete_after = entry.token.sequence - 1
        elif len(self._ring) == self._ring.maxlen:
            self._ring_complete_after = self._ring[0].token.sequence
        self._last = entry.token.sequence
        self._newest.pop(entry.key, None)
        self._newest[entry.key] = entry
        self._ring.append(entry)
        for reader in self._readers:
            reader.offer(entry)

    def _begin(self, token: Token) -> None:
        if self._epoch:
            self._past_epochs.add(self._epoch)
        self._epoch, self._last = token.epoch, token.sequence - 1
        self._newest.clear()
        self._ring.clear()
        self._ring_complete_after = token.sequence - 1
        for reader in self._readers:
            reader.reset(token.epoch)

    def catch_up(self, resume: Token | None) -> list[Step]:
        """What brings a reader to the present: the missed entries, the newest ones, or all after a reset."""
        snapshot: list[Step] = [*self._newest.values(), SnapshotEnd(self.token)]
        if resume is None:
            return snapshot
        if resume.epoch != self._epoch or resume.sequence > self._last:
            return [Reset(self._epoch), *snapshot]
        if resume.sequence >= self._ring_complete_after:
            return [entry for entry in self._ring if entry.token.sequence > resume.sequence]
        missed = [entry for entry in self._newest.values() if entry.token.sequence > resume.sequence]
        return [replace(entry, coalesced=True) for entry in missed]

    @contextmanager
    def _reader(self) -> Iterator[_Reader]:
        reader = _Reader()
        self._readers.add(reader)
        self._on_readers(len(self._readers))
        try:
            yield reader
        finally:
            self._readers.discard(reader)
            self._on_readers(len(self._readers))

    async def follow(
        self, resume: Token | None, closing: asyncio.Event, beat: float
    ) -> AsyncGenerator[Step, None]:
        """Every step from the resume token on, and a beat after each `beat` quiet seconds.

        Ends when `closing` is set. Raises `FeedCatchingUp` or `ReaderTooSlow`.
        """
        self.require_caught_up()
        with self._reader() as reader:
            # A beat says what the reader has been given, never what the view has meanwhile.
            given = self.token
            for step in self.catch_up(resume):
                yield step
            while not closing.is_set():
                await reader.wait(closing, beat)
                steps = reader.take()
                for step in steps:
                    if isinstance(step, Entry):
                        given = step.token
                    yield step
                if not steps and not closing.is_set():
                    yield Beat(given)
