"""A live view of a compacted one-partition topic, for readers who resume where they were.

Every replica reads the topic whole, without a group. Readers get a snapshot or what they missed, then
what is new; what waits for a slow reader is coalesced by key, and one that falls too far behind is closed.
"""

import asyncio
import math
from collections import OrderedDict, deque
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from services.kernel.refusals import Refusal, RefusalKind

RING = 10_000
"""Entries kept to be replayed one by one."""
LARGEST_BUFFER = 1_000
"""Entries that may wait for one reader; of more only the newest of each key, and so many keys at most."""
AHEAD = 2.0
"""Seconds that a view may be behind the token of a reader who comes from elsewhere."""
MOST_AT_ONCE = 64
"""Steps given to a reader together, so that what is written for a slow one stays small."""
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


@dataclass(frozen=True, slots=True)
class Notice:
    """Something about the feed itself. It has no place in the order and moves no token; the newest of a
    name replaces the older, and a new reader is told of it after its snapshot.

    `at` is an RFC 3339 instant.
    """

    name: str
    state: str
    at: str


Step = Entry | Reset | SnapshotEnd | Beat | Notice

Allowed = Callable[[], float]
"""Raises a refusal when a reader's rights have ended; else gives the seconds after which to ask again
even if nobody calls `FeedView.recheck` before.
"""


def always() -> float:
    """For a reader whose rights do not end."""
    return math.inf


class _Reader:
    """Steps waiting for one reader: every entry until the buffer is full, then the newest of each key."""

    def __init__(self) -> None:
        self._every: list[Entry] = []
        self._newest: OrderedDict[str, Entry] = OrderedDict()
        """Instead of every entry, since the buffer was full."""
        self._notices: dict[str, Notice] = {}
        self._reset: Reset | None = None
        self._wake = asyncio.Event()
        self._overflowed = False

    def offer(self, entry: Entry) -> None:
        if self._overflowed:
            return
        if self._newest:
            self._coalesce(entry)
        else:
            self._every.append(entry)
            if len(self._every) > LARGEST_BUFFER:
                for one in self._every:
                    self._coalesce(one)
                self._every.clear()
        if len(self._newest) > LARGEST_BUFFER:
            self._overflowed = True
            self._newest.clear()
        self._wake.set()

    def _coalesce(self, entry: Entry) -> None:
        if self._newest.pop(entry.key, None) is not None:
            entry = replace(entry, coalesced=True)
        self._newest[entry.key] = entry

    def tell(self, notice: Notice) -> None:
        self._notices[notice.name] = notice
        self._wake.set()

    def reset(self, epoch: str) -> None:
        self._every.clear()
        self._newest.clear()
        self._reset = Reset(epoch)
        self._wake.set()

    def wake(self) -> None:
        self._wake.set()

    async def wait(self, seconds: float) -> None:
        """Returns when something waits, when woken, or after that time."""
        if self._wake.is_set():
            # Others go first: a reader must not keep a busy feed's loop to itself.
            await asyncio.sleep(0)
            return
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            return

    def take(self) -> list[Step]:
        """What waits, in order. Raises `ReaderTooSlow`."""
        self._wake.clear()
        if self._overflowed:
            raise ReaderTooSlow("more changes are waiting than a reader may leave; resume by token")
        entries, notices = [*self._every, *self._newest.values()], list(self._notices.values())
        self._every.clear()
        self._newest.clear()
        self._notices.clear()
        if self._reset is None:
            return [*entries, *notices]
        reset, self._reset = self._reset, None
        end = entries[-1].token if entries else Token(reset.epoch, 0)
        return [reset, *entries, SnapshotEnd(end), *notices]


class FeedView:
    """The state of one feed: the newest entry of each key, the latest entries, and the open readers."""

    def __init__(
        self, on_readers: Callable[[int], None] = lambda _: None, *, ring: int = RING, ahead: float = AHEAD
    ) -> None:
        self._ahead = ahead
        self._epoch = ""
        self._past_epochs: set[str] = set()
        self._last = 0
        self._newest: OrderedDict[str, Entry] = OrderedDict()
        self._ring: deque[Entry] = deque(maxlen=ring)
        self._ring_complete_after = 0
        self._readers: set[_Reader] = set()
        self._on_readers = on_readers
        self._caught_up = False
        self._notices: dict[str, Notice] = {}
        self._closed = False

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

    async def _reach(self, resume: Token | None, reader: _Reader, allowed: Allowed) -> None:
        """Waits for what a reader has from elsewhere: the topic and other replicas may be moments ahead."""
        now = asyncio.get_running_loop().time
        until = now() + self._ahead
        while (
            resume is not None
            and resume.epoch == self._epoch
            and resume.sequence > self._last
            and not self._closed
            and now() < until
        ):
            await reader.wait(min(until - now(), allowed()))
            reader.take()

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

    def announce(self, notice: Notice) -> None:
        """Tells every reader, and those who come later until the next notice of that name."""
        if self._notices.get(notice.name) == notice:
            return
        self._notices[notice.name] = notice
        for reader in self._readers:
            reader.tell(notice)

    def recheck(self) -> None:
        """Rights may have changed: every reader is asked for anew before it is given anything more."""
        for reader in self._readers:
            reader.wake()

    def close(self) -> None:
        """Ends every stream without an error, also those that begin later."""
        self._closed = True
        self.recheck()

    async def follow(
        self, resume: Token | None, beat: float, allowed: Allowed = always, *, most: int = MOST_AT_ONCE
    ) -> AsyncGenerator[Sequence[Step], None]:
        """The steps from the resume token on, up to `most` together, and a beat after each `beat` quiet
        seconds. Ends when the view is closed.

        Rights are looked at before each time steps are given out, so that nothing follows their end.
        Raises `FeedCatchingUp`, `ReaderTooSlow`, or what `allowed` raises.
        """
        self.require_caught_up()
        now = asyncio.get_running_loop().time
        with self._reader() as reader:
            await self._reach(resume, reader, allowed)
            # A beat says what the reader has been given, never what the view has meanwhile.
            given = self.token
            steps = [*self.catch_up(resume), *self._notices.values()]
            next_beat = now() + beat
            while not self._closed:
                for start in range(0, len(steps), most):
                    allowed()
                    yield steps[start : start + most]
                if steps:
                    next_beat = now() + beat
                await reader.wait(min(next_beat - now(), allowed()))
                steps = reader.take()
                given = next(
                    (one.token for one in reversed(steps) if isinstance(one, Entry | SnapshotEnd)), given
                )
                if not steps and not self._closed and now() >= next_beat:
                    steps = [Beat(given)]
