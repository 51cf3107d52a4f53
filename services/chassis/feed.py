"""A live view of a compacted one-partition topic, for readers who resume where they were.

Every replica reads the topic whole, without a group. Readers get a snapshot or what they missed, then
what is new; a slow reader's records are coalesced by key, a reader that does not move is closed.
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from services.kernel.refusals import Refusal, RefusalKind

_RING = 10_000
_LARGEST_BUFFER = 1_000


class ResumeTokenMalformed(Refusal):
    kind = RefusalKind.INVALID
    reason = "RESUME_TOKEN_MALFORMED"


class ReaderTooSlow(Refusal):
    kind = RefusalKind.EXHAUSTED
    reason = "READER_TOO_SLOW"


@dataclass(frozen=True, slots=True)
class Token:
    """`epoch:sequence`: the same on Kafka, gRPC and SSE."""

    epoch: str
    sequence: int

    def __str__(self) -> str:
        return f"{self.epoch}:{self.sequence}"

    @classmethod
    def parse(cls, text: str) -> "Token":
        epoch, _, digits = text.rpartition(":")
        if not epoch or len(text) > 100 or not digits.isascii() or not digits.isdigit():
            raise ResumeTokenMalformed("the resume token was not given out here")
        return cls(epoch, int(digits))


@dataclass(frozen=True, slots=True)
class Entry:
    token: Token
    key: str
    value: bytes
    coalesced: bool = False


@dataclass(frozen=True, slots=True)
class Reset:
    epoch: str


@dataclass(frozen=True, slots=True)
class SnapshotEnd:
    token: Token


Step = Entry | Reset | SnapshotEnd


class _Reader:
    """Steps waiting for one reader: the newest entry of each key replaces the older one."""

    def __init__(self) -> None:
        self._waiting: OrderedDict[str, Entry] = OrderedDict()
        self._reset: Reset | None = None
        self._wake = asyncio.Event()
        self.overflowed = False

    def offer(self, entry: Entry) -> None:
        replaced = self._waiting.pop(entry.key, None)
        if replaced is not None:
            entry = Entry(entry.token, entry.key, entry.value, coalesced=True)
        self._waiting[entry.key] = entry
        if len(self._waiting) > _LARGEST_BUFFER:
            self.overflowed = True
        self._wake.set()

    def reset(self, epoch: str) -> None:
        self._waiting.clear()
        self._reset = Reset(epoch)
        self._wake.set()

    async def take(self, wait: float) -> list[Step]:
        """What is waiting, in order; empty after `wait` seconds without anything."""
        try:
            await asyncio.wait_for(self._wake.wait(), wait)
        except TimeoutError:
            return []
        self._wake.clear()
        if self.overflowed:
            raise ReaderTooSlow("more changes are waiting than a reader may leave; resume by token")
        steps: list[Step] = [] if self._reset is None else [self._reset]
        self._reset = None
        steps.extend(self._waiting.values())
        self._waiting.clear()
        return steps


class FeedView:
    """The state of one feed: the newest entry of each key, the latest entries, and the open readers."""

    def __init__(self, on_readers: Callable[[int], None] = lambda _: None) -> None:
        self._epoch = ""
        self._last = 0
        self._newest: OrderedDict[str, Entry] = OrderedDict()
        self._ring: deque[Entry] = deque(maxlen=_RING)
        self._ring_complete_after = 0
        self._readers: set[_Reader] = set()
        self._on_readers = on_readers

    @property
    def token(self) -> Token:
        return Token(self._epoch, self._last)

    def apply(self, entry: Entry) -> None:
        """Takes the next entry; repeats, which a relay may send, are dropped by sequence."""
        if entry.token.epoch != self._epoch:
            self._begin(entry.token)
        elif entry.token.sequence <= self._last:
            return
        if len(self._ring) == _RING:
            self._ring_complete_after = self._ring[0].token.sequence
        if entry.token.sequence != self._last + 1:
            # Compaction has removed what lay between; nobody can replay across the hole.
            self._ring.clear()
            self._ring_complete_after = entry.token.sequence - 1
        self._last = entry.token.sequence
        self._newest.pop(entry.key, None)
        self._newest[entry.key] = entry
        self._ring.append(entry)
        for reader in self._readers:
            reader.offer(entry)

    def _begin(self, token: Token) -> None:
        self._epoch, self._last = token.epoch, token.sequence - 1
        self._newest.clear()
        self._ring.clear()
        self._ring_complete_after = token.sequence - 1
        for reader in self._readers:
            reader.reset(token.epoch)

    def catch_up(self, resume: Token | None) -> list[Step]:
        """What brings a reader to the present: the missed entries, the newest ones, or all after a reset."""
        if resume is None or not self._epoch:
            return [*self._newest.values(), SnapshotEnd(self.token)]
        if resume.epoch != self._epoch or resume.sequence > self._last:
            return [Reset(self._epoch), *self._newest.values(), SnapshotEnd(self.token)]
        if resume.sequence >= self._ring_complete_after:
            return [entry for entry in self._ring if entry.token.sequence > resume.sequence]
        missed = [entry for entry in self._newest.values() if entry.token.sequence > resume.sequence]
        return [Entry(entry.token, entry.key, entry.value, coalesced=True) for entry in missed]

    @asynccontextmanager
    async def reader(self) -> AsyncIterator[_Reader]:
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
    ) -> AsyncIterator[Step | Token]:
        """Every step from the resume token on; the present token alone after `beat` quiet seconds.

        Ends when `closing` is set. Raises `ReaderTooSlow`.
        """
        async with self.reader() as reader:
            for step in self.catch_up(resume):
                yield step
            while not closing.is_set():
                steps = await _take_or_close(reader, closing, beat)
                if not steps and not closing.is_set():
                    yield self.token
                for step in steps:
                    yield step


async def _take_or_close(reader: _Reader, closing: asyncio.Event, beat: float) -> list[Step]:
    taking = asyncio.create_task(reader.take(beat))
    closed = asyncio.create_task(closing.wait())
    try:
        await asyncio.wait([taking, closed], return_when=asyncio.FIRST_COMPLETED)
        return taking.result() if taking.done() else []
    finally:
        for task in (taking, closed):
            task.cancel()
