"""Tell the owners of actions that are not carried out, then those above them, on their working days."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from uuid import UUID

from services.actions.domain.action import Action
from services.actions.domain.escalation import (
    Cause,
    Episode,
    Notice,
    accountable,
    causes,
    next_step,
    still_open,
)
from services.actions.domain.visibility import may_see
from services.actions.store.escalation import (
    Window,
    begin_episode,
    end_episode,
    insert_notice,
    lock_doubtful,
    open_episodes,
)
from services.actions.store.heartbeats import note_run, note_success
from services.actions.usecases.local_days import closed_of, local_day
from services.actions.usecases.publication import Publication
from services.actions.usecases.remind_owners import remind_owners
from services.calendars import closed_days, zone_of
from services.chassis.audit import AuditEntry
from services.chassis.clock import Clock
from services.chassis.database import Database, Transaction
from services.kernel.calendars import HolidaysUnknown, UnknownTimeZone
from services.kernel.policy import Policy

SCHEDULER = "escalation"
"""The name of the scheduler's heartbeat."""
_BATCH = 100
_BEGINNING = UUID(int=0)
_DAY = timedelta(days=1)
_LOOKED_AHEAD = timedelta(days=31)


class EscalationScheduler:
    """Goes through the actions with which something may be wrong, round after round; a batch is a
    transaction.

    Any number may run at once: whoever holds an action's row sends what is due of it, the others pass it by.
    """

    def __init__(
        self, database: Database, publication: Publication, clock: Clock, *, every: timedelta
    ) -> None:
        self._database = database
        self._publication = publication
        self._clock = clock
        self._every = every
        self._after: UUID | None = None

    async def turn(self) -> bool:
        """One batch; gives whether more follow in this round.

        Raises `HolidaysUnknown` where nobody can say on which days a party works.
        """
        at = self._clock()
        if self._after is None:
            async with self._database.transaction() as tx:
                await note_run(tx, SCHEDULER, at, at + self._every)
        policy = self._publication.policy
        async with self._database.transaction() as tx:
            window = window_of(policy, at)
            actions = await lock_doubtful(tx, window, self._after or _BEGINNING, _BATCH)
            open_now = await open_episodes(tx, [action.id for action in actions])
            changed = [
                action
                for action in actions
                if await _Look(tx, action, policy, at, self._publication).taken(open_now.get(action.id, ()))
            ]
            await self._publication.tell_again(tx, changed, at)
            more = len(actions) == _BATCH
        if not more:
            # In a transaction of its own, so that no row of an action is held for it.
            async with self._database.transaction() as tx:
                await remind_owners(tx, self._publication, at)
                await note_success(tx, SCHEDULER, at)
        self._after = actions[-1].id if more else None
        return more


def window_of(policy: Policy, at: datetime) -> Window:
    """What may be wrong at an instant by the clock of any party."""
    interval = min(series.status_interval_days for series in policy.series.values())
    quiet = min(series.dormant_after_days for series in policy.series.values())
    return Window(
        due_by=(at + _DAY).date(),
        heard_before=at - timedelta(days=interval) + _DAY,
        changed_before=at - timedelta(days=quiet) + _DAY,
    )


def require_calendars(policy: Policy, today: date) -> None:
    """Whether everybody's working days are known for as long as ladders look back, and as far ahead as
    reminders do, with a month.

    Raises `HolidaysUnknown` or `UnknownTimeZone`, with the party and the series.
    """
    for escalation in policy.escalations.values():
        # Reminders count the working days until the due date.
        ahead = _LOOKED_AHEAD + timedelta(days=2 * max(escalation.remind_before, default=0))
        # No stretch of so many working days, with every closure in it, takes longer than that.
        earliest = today - timedelta(days=2 * escalation.longest) - _LOOKED_AHEAD
        years = range(earliest.year, (today + ahead).year + 1)
        for party in policy.get_series(escalation.series).parties:
            try:
                closed_days(policy, [party], years)
                zone_of(policy.calendars[party].time_zone)
            except (HolidaysUnknown, UnknownTimeZone) as refusal:
                where = f"the escalation of {escalation.series} to {party}"
                raise type(refusal)(f"{where}: {refusal.detail}", **refusal.metadata) from refusal


@dataclass(slots=True)
class _Look:
    """One look at one action whose row is locked."""

    tx: Transaction
    action: Action
    policy: Policy
    at: datetime
    publication: Publication

    async def taken(self, open_now: Collection[Episode]) -> bool:
        """Whether anything was begun, ended or sent that is to be told of."""
        present = self._causes()
        alive = still_open(open_now, present)
        ended = [episode for episode in open_now if episode not in alive]
        for episode in ended:
            await end_episode(self.tx, self.action.id, episode, self.at, self._ended(episode))
        at_work = {(episode.trigger, episode.party): episode for episode in alive}
        sent = False
        for cause in present:
            for party in self._addressed(cause):
                if (cause.trigger, cause.party) not in at_work:
                    at_work[cause.trigger, cause.party] = await begin_episode(
                        self.tx, self.action.id, cause, self.at.date(), self.at
                    )
                sent |= await self._send(at_work[cause.trigger, cause.party], party)
        return sent or bool(ended)

    def _causes(self) -> tuple[Cause, ...]:
        series = self.policy.series.get(self.action.series)
        if series is None:
            return ()
        ladders = self.policy.escalations[series.id].ladders
        return tuple(cause for cause in causes(series, self.action) if cause.trigger in ladders)

    def _addressed(self, cause: Cause) -> Iterator[str]:
        """The owning parties for whom it is wrong by now, and who may know of the action."""
        for party in sorted({owner.party for owner in self.action.owners if owner.accountable}):
            if not cause.concerns(party):
                continue
            if local_day(self.policy, party, self.at).day <= cause.since:
                continue
            if may_see(self.action, party, self.policy, self.at):
                yield party

    async def _send(self, episode: Episode, party: str) -> bool:
        escalation = self.policy.escalations[self.action.series]
        now = local_day(self.policy, party, self.at)
        step = next_step(escalation, episode, party, now, partial(closed_of, self.policy))
        if step is None:
            return False
        addressee = escalation.addressees[step]
        notice = Notice(
            id=self.publication.ids(),
            action_id=self.action.id,
            series=self.action.series,
            trigger=episode.trigger,
            episode=episode.number,
            since=episode.since,
            party=party,
            step=step,
            role=addressee.role,
            bodies=addressee.bodies.get(party) or accountable(self.action, party),
            sent_on=now.day,
            sent_at=self.at,
        )
        await insert_notice(self.tx, notice, self._sent(notice))
        return True

    def _sent(self, notice: Notice) -> AuditEntry:
        detail = {"trigger": notice.trigger, "step": notice.step, "episode": notice.episode}
        return self._audit("action.escalated", notice.party, detail)

    def _ended(self, episode: Episode) -> AuditEntry:
        detail = {"trigger": episode.trigger, "episode": episode.number}
        return self._audit("action.escalation-ended", None, detail)

    def _audit(self, kind: str, party: str | None, detail: Mapping[str, object]) -> AuditEntry:
        return AuditEntry(
            action=kind,
            actor="actions",
            party=party,
            subject_kind="action",
            subject_id=str(self.action.id),
            at=self.at,
            detail=detail,
        )
