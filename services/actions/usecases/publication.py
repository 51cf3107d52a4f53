"""Tells the services and the audiences of changed actions, in the transaction of the change."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from services.actions.domain.action import Action
from services.actions.domain.escalation import standing_now
from services.actions.domain.rating import Rating, rate_in
from services.actions.domain.visibility import joint_view, may_see
from services.actions.domain.worsening import rated_by, worsening
from services.actions.events import (
    action_changed,
    encode_status,
    notice_given,
    status_changed,
    status_digest,
    withheld_status,
)
from services.actions.store.escalation import standings
from services.actions.store.feeds import (
    lock_positions,
    shown_digests,
    store_digests,
    store_positions,
)
from services.actions.store.spans import begin_span, otherwise_rated
from services.chassis.database import Transaction
from services.chassis.documents import LiveDocuments
from services.chassis.feed import Notice, Token
from services.chassis.ids import IdSource
from services.chassis.outbox import OutboxMessage, enqueue
from services.chassis.telemetry import current_traceparent, link_current_span
from services.kernel.policy import Policy


@dataclass(frozen=True, slots=True)
class Publication:
    """What is needed to tell of changes. `own_trace` begins a trace of its own for a record."""

    policies: LiveDocuments[Policy]
    ids: IdSource
    own_trace: Callable[[str], str | None]

    @property
    def policy(self) -> Policy:
        """The one in force now."""
        return self.policies()

    async def publish(self, tx: Transaction, actions: Sequence[Action], at: datetime) -> None:
        """One snapshot an action, and a status for every audience that now sees other bytes.

        The rows of the actions are locked before the feeds are: every writer keeps that order. A feed
        counts only what its audience is told, so that nothing betrays a change it may not see.
        """
        await self._begin_spans(tx, actions, at)
        messages = [
            action_changed(joint_view(action, self.policy, at), action.latest_trace) for action in actions
        ]
        messages.extend(await self._statuses(tx, actions, at))
        await enqueue(tx, messages, at)

    async def tell_again(self, tx: Transaction, actions: Sequence[Action], at: datetime) -> None:
        """The statuses that are others today than when they were told, though no action was changed.

        What is rated by other rules, or in the light of other reports, than before begins a span of its own.
        """
        others = await otherwise_rated(tx, {action.id: self._rated_by(action) for action in actions})
        await self._begin_spans(tx, [action for action in actions if action.id in others], at)
        await enqueue(tx, await self._statuses(tx, actions, at), at)

    async def announce(
        self, tx: Transaction, audiences: Sequence[str], notice: Notice, occasion: int, at: datetime
    ) -> None:
        """Has the topics of these audiences say something about the feed itself, beside its order.

        `occasion` tells it from the same notice at another time.
        """
        messages = [
            notice_given(one, notice, occasion, at, self.own_trace(f"tell {one}")) for one in audiences
        ]
        await enqueue(tx, messages, at)

    def rating(self, action: Action, at: datetime) -> Rating:
        """What is computed: of what every party may know, so that it is one for all of them."""
        series = self.policy.get_series(action.series)
        return rate_in(series, joint_view(action, self.policy, at), at.date())

    async def _begin_spans(self, tx: Transaction, actions: Sequence[Action], at: datetime) -> None:
        for action in actions:
            joint = joint_view(action, self.policy, at)
            await begin_span(tx, action, worsening(joint, self._interval(action)), self._rated_by(action), at)

    def _rated_by(self, action: Action) -> str:
        return rated_by(action, self._interval(action))

    def _interval(self, action: Action) -> timedelta:
        return timedelta(days=self.policy.get_series(action.series).status_interval_days)

    async def _statuses(
        self, tx: Transaction, actions: Sequence[Action], at: datetime
    ) -> list[OutboxMessage]:
        ids = [action.id for action in actions]
        shown, climbed = await shown_digests(tx, ids), await standings(tx, ids)
        told = []
        for action in actions:
            rating = self.rating(action, at)
            series = self.policy.get_series(action.series)
            for audience in self.policy.audiences(action.series):
                last = shown.get((audience.id, action.id))
                if may_see(action, audience.party, self.policy, at):
                    sent = climbed.get((action.id, audience.party), ())
                    standing = standing_now(series, action, audience.party, sent)
                    status = encode_status(audience.id, action, rating, standing)
                elif last is not None:
                    status = withheld_status(audience.id, action)
                else:
                    continue
                digest = status_digest(status)
                if last != digest:
                    told.append((action, status, digest))
        positions = await lock_positions(tx, (status.audience for _, status, _ in told), self.ids)
        messages = []
        for _, status, _ in told:
            position = positions[status.audience].next()
            positions[status.audience] = position
            token = Token(position.epoch, position.sequence)
            trace = self.own_trace(f"tell {status.audience}")
            messages.append(status_changed(status, token, at, trace))
        await store_digests(tx, [(status.audience, action.id, digest) for action, status, digest in told])
        await store_positions(tx, positions)
        return messages


def traced(action: Action) -> Action:
    """The action with the present trace as its latest, linked to the one it was opened in and the last."""
    link_current_span(action.opened_trace, action.latest_trace)
    return replace(action, latest_trace=current_traceparent() or action.latest_trace)
