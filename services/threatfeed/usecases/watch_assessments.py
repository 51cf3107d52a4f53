"""Follows what a reader's party may read: as it stands, then every change, from wherever it left off."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, TypeAlias
from uuid import UUID

from services.chassis.audit import AuditEntry, append
from services.chassis.clock import Clock
from services.chassis.database import Database, Transaction
from services.chassis.feed import Token
from services.kernel.parties import Reader
from services.kernel.policy import NotEntitled, Policy
from services.threatfeed.domain.search import Search
from services.threatfeed.domain.views import ViewState
from services.threatfeed.store.readings import Held, find_latest
from services.threatfeed.store.view_feed import Feed, Place, feed_of, last_sequences, places_after
from services.threatfeed.usecases.read_assessment import Rendered, rendition_for

HEARTBEAT: Final = 15.0
"""Seconds of silence after which a sign of life is sent."""
_PAGE: Final = 100


@dataclass(frozen=True, slots=True)
class Shown:
    token: Token
    rendered: Rendered


@dataclass(frozen=True, slots=True)
class Gone:
    """The reader must no longer hold the assessment; no state where only the search does not find it."""

    token: Token
    assessment_id: UUID
    state: ViewState | None


@dataclass(frozen=True, slots=True)
class Restart:
    """The reader must forget what it holds; a snapshot follows."""


@dataclass(frozen=True, slots=True)
class Complete:
    token: Token | None


@dataclass(frozen=True, slots=True)
class Beat:
    token: Token | None


Step: TypeAlias = Shown | Gone | Restart | Complete | Beat


class FeedSignal:
    """Wakes those who follow a party when its order has moved on; one look at the database for all."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._last: dict[str, int] = {}
        self._moved = asyncio.Condition()
        self.closed = False

    async def look(self) -> bool:
        async with self._database.transaction() as tx:
            last = await last_sequences(tx)
        if last != self._last:
            self._last = last
            async with self._moved:
                self._moved.notify_all()
        return False

    async def close(self) -> None:
        self.closed = True
        async with self._moved:
            self._moved.notify_all()

    async def wait(self, party: str, beyond: int, within: float) -> bool:
        """Whether there is more, or an end, before the time is over."""
        with suppress(TimeoutError):
            async with asyncio.timeout(within), self._moved:
                await self._moved.wait_for(lambda: self.closed or self._last.get(party, 0) > beyond)
        return self.closed or self._last.get(party, 0) > beyond


def check_may_watch(reader: Reader, policy: Policy) -> None:
    """Raises `NotEntitled` for who has no part in any series."""
    if not policy.series_of(reader):
        raise NotEntitled("Permission to read assessments denied")


@dataclass(frozen=True, slots=True)
class Watch:
    """What a reader follows. Nothing is held for a slow one: it takes the next page when it can."""

    database: Database
    signal: FeedSignal
    policy: Policy
    clock: Clock
    reader: Reader
    search: Search

    async def steps(self, resume: Token | None, heartbeat: float = HEARTBEAT) -> AsyncIterator[Step]:
        """Ends when the process does. Raises `NotEntitled`."""
        check_may_watch(self.reader, self.policy)
        feed = await self._feed()
        if resume is not None and not _holds(feed, resume):
            yield Restart()
            resume = None
        at = _Progress.begin(feed, resume)
        while not self.signal.closed:
            feed = await self._feed()
            if feed is not None and at.epoch not in (None, feed.epoch):
                yield Restart()
                at = _Progress.begin(feed, None)
            page = [] if feed is None else await self._page(feed, at)
            for step, sequence in page:
                at.position = sequence
                if step is not None:
                    yield step
            if not at.complete and len(page) < _PAGE:
                at.complete = True
                yield Complete(_token(feed, at.position))
            elif not page and not await self.signal.wait(self.reader.party, at.position, heartbeat):
                yield Beat(_token(feed, at.position))

    async def _feed(self) -> Feed | None:
        async with self.database.transaction() as tx:
            return await feed_of(tx, self.reader.party)

    async def _page(self, feed: Feed, at: "_Progress") -> list[tuple[Step | None, int]]:
        """The next steps with their places; what was gone before a snapshot began is no part of it."""
        at.epoch = feed.epoch
        async with self.database.transaction() as tx:
            places = await places_after(tx, self.reader.party, at.position, self.search, _PAGE)
            latest = await find_latest(tx, [place.assessment_id for place in places if place.asked_for])
            held = {one.content.assessment_id: one for one in latest}
            steps: list[tuple[Step | None, int]] = []
            for place in places:
                step = await self._step(tx, feed, place, held.get(place.assessment_id))
                unknown = isinstance(step, Gone) and place.sequence <= at.snapshot_of
                steps.append((None if unknown else step, place.sequence))
            await self._record(tx, [step for step, _ in steps if isinstance(step, Shown)])
        return steps

    async def _step(self, tx: Transaction, feed: Feed, place: Place, held: Held | None) -> Step | None:
        token = Token(feed.epoch, place.sequence)
        if not place.readable:
            return Gone(token, place.assessment_id, place.state)
        if not place.asked_for:
            return Gone(token, place.assessment_id, None)
        # The view follows its assessment: what may not be read any more comes as gone a little later.
        if held is None:
            return None
        rendition = await rendition_for(tx, held, self.reader.party, self.policy, self.clock())
        return None if rendition is None else Shown(token, Rendered(held, rendition))

    async def _record(self, tx: Transaction, shown: list[Shown]) -> None:
        if not shown:
            return
        await append(
            tx,
            AuditEntry(
                action="assessments.followed",
                actor=self.reader.subject,
                party=self.reader.party,
                subject_kind="search",
                subject_id=self.search.question(),
                at=self.clock(),
                detail={"assessments": [str(one.rendered.held.content.assessment_id) for one in shown]},
            ),
        )


@dataclass(slots=True)
class _Progress:
    """How far a reader has come: it was given nothing of what was gone up to `snapshot_of`."""

    epoch: str | None
    position: int
    snapshot_of: int
    complete: bool = False

    @classmethod
    def begin(cls, feed: Feed | None, resume: Token | None) -> "_Progress":
        epoch = None if feed is None else feed.epoch
        if resume is None:
            return cls(epoch, 0, 0 if feed is None else feed.last)
        return cls(epoch, resume.sequence, 0)


def _holds(feed: Feed | None, token: Token) -> bool:
    """Whether all that followed the token is still known."""
    return feed is not None and feed.epoch == token.epoch and feed.forgotten <= token.sequence <= feed.last


def _token(feed: Feed | None, position: int) -> Token | None:
    return None if feed is None else Token(feed.epoch, position)
