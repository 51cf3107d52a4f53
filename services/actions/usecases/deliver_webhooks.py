"""Tell webhook endpoints what the streams tell: in order, one by one, at least once."""

import asyncio
import math
from collections.abc import Callable, Coroutine, Mapping
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import structlog
from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from services.actions.clients.webhooks import Message, NotDelivered, ReceiverGone, WebhookSender
from services.actions.domain.webhooks import TRANSITIONS, Endpoint, WebhookEvent, WebhookState
from services.actions.events import webhook_body
from services.actions.settings import WebhookSettings
from services.actions.store.webhooks import Position, begin_webhook, lock_webhook, store_webhook
from services.actions.usecases.watch_status import Gallery, require_watcher
from services.chassis.audit import AuditEntry, append
from services.chassis.clock import Clock
from services.chassis.crashpoints import AFTER_SEND, CrashPoints
from services.chassis.database import TRANSIENT, Database, Transaction
from services.chassis.feed import (
    Beat,
    Entry,
    FeedCatchingUp,
    Notice,
    ReaderTooSlow,
    Reset,
    SnapshotEnd,
    Step,
    Token,
)
from services.chassis.health import Health
from services.chassis.telemetry import Metrics
from services.kernel.identifiers import EVENTS, derived_id
from services.kernel.refusals import NoAccess

Endpoints = Callable[[], Mapping[str, Endpoint]]


class _Overtaken(Exception):
    """The endpoint's position is another than the one that was told after."""


@dataclass(frozen=True, slots=True)
class WebhookParts:
    """What deliveries are made with."""

    endpoints: Endpoints
    gallery: Gallery
    sender: WebhookSender
    database: Database
    clock: Clock
    settings: WebhookSettings
    metrics: Metrics
    health: Health
    crash: CrashPoints
    looked_every: float = 1.0
    """Seconds between two looks at the endpoints, and at whether one that stopped may go on."""


class WebhookDeliveries:
    """Follows the feed of each endpoint from its token.

    A position moves only from the one that was read: should another process deliver as well, one of them
    stops.
    """

    def __init__(self, parts: WebhookParts) -> None:
        self._parts = parts
        self._log = structlog.get_logger("webhooks")

    async def deliver(self) -> None:
        """Until cancelled; an endpoint that is new, changed or gone is begun or ended within a second."""
        tasks: dict[Endpoint, asyncio.Task[None]] = {}
        try:
            while True:
                wanted = set(self._parts.endpoints().values())
                for gone in tasks.keys() - wanted:
                    await _end(tasks.pop(gone))
                    self._show(gone, None)
                for endpoint in wanted - tasks.keys():
                    tasks[endpoint] = asyncio.create_task(self._serve(endpoint))
                for ended in [task for task in tasks.values() if task.done()]:
                    await ended
                await asyncio.sleep(self._parts.looked_every)
        finally:
            for endpoint, task in tasks.items():
                await _end(task)
                self._show(endpoint, None)

    async def _serve(self, endpoint: Endpoint) -> None:
        log = self._log.bind(endpoint=endpoint.name)
        while True:
            try:
                await self._follow_as_allowed(endpoint)
            except (ReaderTooSlow, FeedCatchingUp, _Overtaken) as why:
                log.info("goes on from its token", why=type(why).__name__)
            except TRANSIENT as error:
                log.warning("the database fails", error=repr(error))
            await asyncio.sleep(self._parts.looked_every)

    async def _follow_as_allowed(self, endpoint: Endpoint) -> None:
        try:
            await self._follow(endpoint)
        except NoAccess as refusal:
            await self._note(endpoint, WebhookEvent.RIGHTS_ENDED, refusal.reason)

    async def _follow(self, endpoint: Endpoint) -> None:
        """Raises `NoAccess`, `ReaderTooSlow`, `FeedCatchingUp`, or `_Overtaken`."""
        position = await self._begin(endpoint)
        if position.state is WebhookState.DISABLED:
            return
        allowed = self._allowed(endpoint)
        allowed()
        if position.state is WebhookState.WITHHELD:
            position = await self._note(endpoint, WebhookEvent.RIGHTS_BACK, "")
        view = self._parts.gallery.views[endpoint.audience]
        steps = view.follow(Token.parse(position.token), self._parts.looked_every, allowed, most=1)
        async with aclosing(steps):
            async for batch in steps:
                for step in batch:
                    if isinstance(step, Beat):
                        await self._look(endpoint, position)
                    message = self._message(endpoint, position, step)
                    if message is None:
                        continue
                    position = await self._hand_over(endpoint, position, message)
                    if position.state is WebhookState.DISABLED:
                        return

    def _allowed(self, endpoint: Endpoint) -> Callable[[], float]:
        """Judges the endpoint's reader by the policy of now. Raises `NoAccess`."""

        def allowed() -> float:
            gallery = self._parts.gallery
            found = require_watcher(endpoint.reader, endpoint.audience, gallery.policies())
            if found not in gallery.views:
                raise NoAccess(f"audience {endpoint.audience}")
            return math.inf

        return allowed

    def _message(self, endpoint: Endpoint, position: Position, step: Step) -> Message | None:
        """None for what an endpoint is not told: signs of life, and what it knows."""
        at = self._parts.clock()
        match step:
            case Entry():
                # The id that the record has on Kafka.
                identity = derived_id(EVENTS, endpoint.audience, step.token.epoch, step.token.sequence)
                return Message(str(identity), webhook_body(step, at), str(step.token))
            case Reset():
                identity = derived_id(EVENTS, endpoint.name, "reset", position.token, step.epoch)
                return Message(str(identity), webhook_body(step, at), str(Token(step.epoch, 0)))
            case Notice() if position.noticed.get(step.name) != step.state:
                identity = derived_id(EVENTS, endpoint.name, "notice", position.notices)
                told = step.name, step.state
                return Message(str(identity), webhook_body(step, at), position.token, notice=told)
            case Notice() | SnapshotEnd() | Beat():
                return None

    async def _hand_over(self, endpoint: Endpoint, position: Position, message: Message) -> Position:
        """Sends until it is taken, an operator or the receiver ends it, or the rights do (`NoAccess`)."""
        while True:
            try:
                await self._send(endpoint, message)
                self._parts.crash(AFTER_SEND)
                return await self._record(endpoint, position, message)
            except ReceiverGone:
                return await self._note(endpoint, WebhookEvent.GONE, "HTTP_410")
            except NotDelivered as failed:
                await self._note(endpoint, WebhookEvent.GIVEN_UP, failed.why)
            await self._rest(endpoint, position)

    async def _send(self, endpoint: Endpoint, message: Message) -> None:
        settings, allowed = self._parts.settings, self._allowed(endpoint)
        attempts = self._parts.metrics.webhook_attempts

        async def attempt() -> None:
            allowed()
            outcome = "cut off"
            try:
                await _whole(self._parts.sender.send(endpoint, message))
                outcome = "delivered"
            except NotDelivered as failed:
                outcome = failed.why
                raise
            except ReceiverGone:
                outcome = "HTTP_410"
                raise
            finally:
                attempts.labels(endpoint.name, outcome).inc()

        await AsyncRetrying(
            retry=retry_if_exception_type(NotDelivered),
            stop=stop_after_attempt(settings.attempts),
            wait=wait_random_exponential(settings.first_wait_seconds, settings.longest_wait_seconds),
            reraise=True,
        )(attempt)

    async def _rest(self, endpoint: Endpoint, before: Position) -> None:
        """Until a receiver that fails is to be tried again, or an operator says so. Raises `_Overtaken`."""
        now = asyncio.get_running_loop().time
        until = now() + self._parts.settings.again_seconds
        while now() < until:
            await asyncio.sleep(self._parts.looked_every)
            found = await self._look(endpoint, before)
            if found.state is not WebhookState.FAILING:
                return

    async def _look(self, endpoint: Endpoint, before: Position) -> Position:
        """What an operator may have changed. Raises `_Overtaken` where that is the token."""
        found = await self._begin(endpoint)
        if found.token != before.token:
            raise _Overtaken
        return found

    async def _begin(self, endpoint: Endpoint) -> Position:
        async with self._parts.database.transaction() as tx:
            found = await lock_webhook(tx, endpoint.name)
            if found is None:
                await begin_webhook(tx, endpoint.name, self._parts.clock())
                found = await lock_webhook(tx, endpoint.name)
            if found is None:
                raise RuntimeError("a row that was just inserted is gone")
        self._show(endpoint, found)
        return found

    async def _record(self, endpoint: Endpoint, before: Position, message: Message) -> Position:
        """Raises `_Overtaken`: then the message may be told again, under its id."""
        at = self._parts.clock()
        async with self._parts.database.transaction() as tx:
            found = await lock_webhook(tx, endpoint.name)
            if found is None or (found.token, found.notices) != (before.token, before.notices):
                raise _Overtaken
            noticed = dict([message.notice]) if message.notice else {}
            after = _moved(found, WebhookEvent.DELIVERED, "", at)
            after = replace(
                after,
                token=message.token,
                delivered=found.delivered + 1,
                delivered_at=at,
                notices=found.notices + len(noticed),
                noticed={**found.noticed, **noticed},
            )
            await self._store(tx, endpoint, found, after)
        self._show(endpoint, after)
        return after

    async def _note(self, endpoint: Endpoint, event: WebhookEvent, why: str) -> Position:
        """What became of the endpoint; an operator finds each change of its state in the record."""
        async with self._parts.database.transaction() as tx:
            found = await lock_webhook(tx, endpoint.name)
            if found is None:
                raise _Overtaken
            after = _moved(found, event, why, self._parts.clock())
            if after != found:
                await self._store(tx, endpoint, found, after)
        self._show(endpoint, after)
        return after

    async def _store(self, tx: Transaction, endpoint: Endpoint, before: Position, after: Position) -> None:
        await store_webhook(tx, after)
        if after.state is not before.state:
            await append(
                tx,
                AuditEntry(
                    action=f"webhook.{after.state.value.lower()}",
                    actor="actions",
                    party=endpoint.reader.party,
                    subject_kind="webhook",
                    subject_id=endpoint.name,
                    at=after.since,
                    detail={"why": after.why, "token": after.token},
                ),
            )

    def _show(self, endpoint: Endpoint, position: Position | None) -> None:
        """Metric and warning; nothing of an endpoint that is another process's now, or nobody's."""
        for state in WebhookState:
            if state is not WebhookState.DELIVERING:
                stopped = position is not None and position.state is state
                self._parts.metrics.webhook_stopped.labels(endpoint.name, state.value).set(stopped)
        stopped = position is not None and position.state is not WebhookState.DELIVERING
        warning = f"{position.state.value} {position.why}" if position is not None and stopped else None
        self._parts.health.set_warning(f"webhook {endpoint.name}", warning)


def _moved(position: Position, event: WebhookEvent, why: str, at: datetime) -> Position:
    state = TRANSITIONS[position.state, event]
    if state is position.state:
        return replace(position, why=why) if state is WebhookState.FAILING else position
    return replace(position, state=state, since=at, why=why)


async def _whole(attempt: Coroutine[Any, Any, None]) -> None:
    """An attempt that has begun is brought to its end, which is near, also when no other follows."""
    sending = asyncio.create_task(attempt)
    try:
        await asyncio.shield(sending)
    except asyncio.CancelledError:
        await asyncio.wait([sending])
        # What became of it is not recorded: it is repeated under its id.
        sending.exception()
        raise


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait([task])
