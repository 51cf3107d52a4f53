"""Where operators work on quarantine: they look, correct, replay and discard."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from services.chassis.audit import append
from services.chassis.clock import Clock
from services.chassis.consumer.records import Subscription
from services.chassis.crashpoints import AFTER_DATABASE_COMMIT, BEFORE_DATABASE_COMMIT, CrashPoints
from services.chassis.database import TRANSIENT, Database, Transaction
from services.chassis.once import Once
from services.chassis.quarantine import store
from services.chassis.quarantine.entries import (
    LARGEST_EDIT,
    MOST_REFUSED_REPLAYS,
    Action,
    Content,
    ContentNotHeld,
    EditTooLarge,
    Entry,
    Operator,
    Outcome,
    Place,
    QuarantineClosed,
    QuarantineStale,
    Query,
    ReplaysExhausted,
    Sight,
    State,
    Step,
)
from services.chassis.quarantine.replays import audited, replay_locked
from services.kernel.refusals import NoAccess

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Correction:
    """What an operator puts in the place of the bytes: the value, and the content type if it was wrong."""

    value: bytes
    content_type: str | None
    note: str


@dataclass(frozen=True, slots=True)
class Sweep:
    """A replay of every record of a query: at most `limit` of them, `rate` a second."""

    query: Query
    limit: int
    rate: float
    rehearsed: bool


class QuarantineDesk:
    """The quarantine of one service, as the operators that `sight` describes may use it.

    A record that an operator may not see is answered as one that does not exist: `NoAccess`.
    """

    def __init__(
        self,
        database: Database,
        subscriptions: Sequence[Subscription[Any]],
        clock: Clock,
        crash: CrashPoints = lambda _: None,
    ) -> None:
        self._database = database
        self._subscriptions = {subscription.group: subscription for subscription in subscriptions}
        self._groups = tuple(self._subscriptions)
        self._clock = clock
        self._crash = crash

    async def page(
        self, sight: Sight, query: Query, after: store.Arrival | None, size: int
    ) -> tuple[list[Entry], store.Arrival | None]:
        """Records in the order of arrival, and where the next page begins."""
        async with self._database.transaction() as tx:
            visible = await self._visible(tx, sight)
            entries = await store.page(tx, self._groups, visible, query, after, size + 1)
        last = entries[size - 1] if len(entries) > size else None
        return entries[:size], None if last is None else (last.received_at, last.place)

    async def look(self, sight: Sight, place: Place) -> tuple[Entry, list[Step]]:
        """A record without its bytes, and its ledger."""
        async with self._database.transaction() as tx:
            entry = await self._seen(tx, sight, place)
            return entry, await store.ledger(tx, entry)

    async def open(
        self, sight: Sight, place: Place, edition: int | None, who: Operator
    ) -> tuple[Entry, Content]:
        """The bytes of an edition, by default the latest; audited. Raises `ContentNotHeld`."""
        async with self._database.transaction() as tx:
            entry = await self._opened(tx, sight, place)
            if not entry.held:
                raise ContentNotHeld("only the digest and the position of the record are kept")
            number = entry.edition if edition is None else edition
            content = await store.read_content(tx, entry, number)
            if content is None:
                raise NoAccess(f"edition {number} of {place}")
            await append(tx, audited("quarantine.opened", entry, who, self._clock(), opened=number))
            return entry, content

    async def correct(
        self, once: Once[Entry], sight: Sight, place: Place, version: int, new: Correction, who: Operator
    ) -> Entry:
        """Puts corrected bytes beside the original, to be replayed from now on."""
        if len(new.value) > LARGEST_EDIT:
            raise EditTooLarge(f"a record has at most {LARGEST_EDIT} bytes", pointer="/value")
        async with once.transaction() as tx:
            entry = await self._opened(tx, sight, place, version=version)
            content = await self._content(tx, entry)
            after = replace(entry, version=entry.version + 1, edition=entry.edition + 1, refused_in_a_row=0)
            headers = content.headers
            if new.content_type is not None:
                kept = tuple(pair for pair in headers if pair[0] != "content-type")
                headers = (*kept, ("content-type", new.content_type.encode()))
            await store.add_edition(tx, after, Content(content.key, new.value, headers))
            await self._record(tx, entry, after, Action.EDITED, new.note, who)
            return await once.answer(tx, after)

    async def discard(
        self, once: Once[Entry], sight: Sight, place: Place, version: int, why: str, who: Operator
    ) -> Entry:
        """Leaves a record out for good."""
        async with once.transaction() as tx:
            entry = await self._seen(tx, sight, place, version=version)
            after = replace(entry, version=entry.version + 1, state=State.DISCARDED)
            await self._record(tx, entry, after, Action.DISCARDED, why, who)
            return await once.answer(tx, after)

    async def replay(
        self, once: Once[Outcome], sight: Sight, place: Place, version: int, who: Operator
    ) -> Outcome:
        """Lets a record enter again. Raises `QuarantineClosed`, `QuarantineStale`, `ContentNotHeld`,
        `ReplaysExhausted`.
        """

        async def attempt() -> Outcome:
            async with once.transaction() as tx:
                entry = await self._seen(tx, sight, place, version=version)
                outcome = await self._replay(tx, entry, who)
                await once.answer(tx, outcome)
                self._crash(BEFORE_DATABASE_COMMIT)
            self._crash(AFTER_DATABASE_COMMIT)
            return outcome

        return await _until_it_passes(attempt)

    async def rehearse(self, sight: Sight, place: Place, version: int, who: Operator) -> Outcome:
        """What a replay would lead to; nothing of it is kept."""

        async def attempt() -> Outcome:
            async with (
                self._database.transaction() as tx,
                tx.transaction(force_rollback=True),
            ):
                return await self._replay(tx, await self._seen(tx, sight, place, version=version), who)

        return await _until_it_passes(attempt)

    async def sweep(
        self, once: Once[list[Outcome]], sight: Sight, wanted: Sweep, who: Operator
    ) -> list[Outcome]:
        """Replays what a query finds, each record in a transaction of its own.

        Records that others replay meanwhile are passed over, and so are those refused too often. A request
        that was cut off is safely sent again: it goes on with what is still open.
        """
        async with self._database.transaction() as tx:
            visible = await self._visible(tx, sight)
            found = await store.repairable(tx, self._groups, visible, wanted.query, wanted.limit)
        loop = asyncio.get_running_loop()
        outcomes: list[Outcome] = []
        due = loop.time()
        for entry in found:
            await asyncio.sleep(max(0.0, due - loop.time()))
            due += 1 / wanted.rate
            outcome = await self._swept(sight, entry.place, wanted, who)
            if outcome is not None:
                outcomes.append(outcome)
        async with once.transaction() as tx:
            return await once.answer(tx, outcomes)

    async def _swept(self, sight: Sight, place: Place, wanted: Sweep, who: Operator) -> Outcome | None:
        async def attempt() -> Outcome | None:
            async with (
                self._database.transaction() as tx,
                tx.transaction(force_rollback=wanted.rehearsed),
            ):
                entry = await self._seen(tx, sight, place, lock=True)
                if entry.state is not State.OPEN or entry.refused_in_a_row >= MOST_REFUSED_REPLAYS:
                    return None
                outcome = await self._replay(tx, entry, who)
                self._crash(BEFORE_DATABASE_COMMIT)
                return outcome

        return await _until_it_passes(attempt)

    async def _replay(self, tx: Transaction, entry: Entry, who: Operator) -> Outcome:
        _check_open(entry)
        if entry.refused_in_a_row >= MOST_REFUSED_REPLAYS:
            raise ReplaysExhausted(f"the bytes were refused {entry.refused_in_a_row} times in a row")
        content = await self._content(tx, entry)
        subscription = self._subscriptions[entry.group]
        return await replay_locked(tx, subscription, entry, content, who, self._clock())

    async def _content(self, tx: Transaction, entry: Entry) -> Content:
        content = await store.read_content(tx, entry, entry.edition) if entry.held else None
        if content is None:
            raise ContentNotHeld("only the digest and the position of the record are kept")
        return content

    async def _record(
        self, tx: Transaction, before: Entry, after: Entry, action: Action, note: str, who: Operator
    ) -> None:
        at = self._clock()
        step = Step(action, after.edition, None, note, who.subject, who.party, at)
        await store.record_step(tx, before, after, step)
        await append(tx, audited(f"quarantine.{action.value.lower()}", after, who, at))

    async def _seen(
        self, tx: Transaction, sight: Sight, place: Place, *, version: int | None = None, lock: bool = False
    ) -> Entry:
        entry = await store.find(tx, self._groups, place, lock=lock or version is not None)
        if entry is None or not sight.may_see(place.topic, entry.ceiling):
            raise NoAccess(f"quarantined record {place}")
        return _current(entry, version)

    async def _opened(
        self, tx: Transaction, sight: Sight, place: Place, *, version: int | None = None
    ) -> Entry:
        entry = await store.find(tx, self._groups, place, lock=version is not None)
        if entry is None or not sight.may_open(place.topic, entry.ceiling):
            raise NoAccess(f"quarantined record {place}")
        return _current(entry, version)

    async def _visible(self, tx: Transaction, sight: Sight) -> store.Ceilings:
        return [one for one in await store.ceilings_met(tx) if sight.may_see(*one)]


def _current(entry: Entry, version: int | None) -> Entry:
    """Raises `QuarantineClosed` or `QuarantineStale` for a change of what is not as the caller saw it."""
    if version is None:
        return entry
    _check_open(entry)
    if entry.version != version:
        raise QuarantineStale("the record was changed meanwhile", version=str(entry.version))
    return entry


def _check_open(entry: Entry) -> None:
    if entry.state is not State.OPEN:
        raise QuarantineClosed(f"the record is {entry.state.value.lower()} already", state=entry.state.value)


async def _until_it_passes(attempt: Callable[[], Awaitable[T]]) -> T:
    attempts = AsyncRetrying(
        retry=retry_if_exception_type(TRANSIENT),
        wait=wait_random_exponential(multiplier=0.05, max=1),
        stop=stop_after_attempt(5),
        reraise=True,
    )
    return await attempts(attempt)
