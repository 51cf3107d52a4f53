"""Remind each owning organisation of its actions, in one digest a working day of its party."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from uuid import UUID

from services.actions.domain.action import Action
from services.actions.domain.escalation import accountable
from services.actions.domain.reminders import Desk, Digest, Entry, Occasion, is_remindable, news, remind
from services.actions.domain.visibility import may_see
from services.actions.store.actions import find_all
from services.actions.store.reminders import (
    calls,
    insert_digest,
    lock_desks,
    look_done,
    owing_actions,
    sent_of,
)
from services.actions.usecases.local_days import closed_of, local_day
from services.actions.usecases.publication import Publication
from services.chassis.audit import AuditEntry
from services.chassis.database import Transaction
from services.kernel.identifiers import DIGESTS, derived_id
from services.kernel.parties import Role
from services.kernel.policy import Policy


async def remind_owners(tx: Transaction, publication: Publication, at: datetime) -> int:
    """Looks once a working day at each desk that no other worker holds; gives how many digests were sent.

    A desk that was looked at on a day is not looked at again on that day or one before it, so that neither a
    restart nor a clock that goes back repeats anything. Raises `HolidaysUnknown`.
    """
    policy = publication.policy
    ready = _at_work(policy, at)
    desks = await lock_desks(tx, ready) if ready else []
    if not desks:
        return 0
    ids = await owing_actions(tx, {desk.series for desk in desks})
    actions = await find_all(tx, ids)
    asked, sent = await calls(tx, ids), await sent_of(tx, ids)
    count = 0
    for desk in desks:
        entries: list[Entry] = []
        fresh: list[tuple[UUID, Occasion]] = []
        for action in _of(desk, actions, policy, at):
            occasions, entry = remind(
                policy.get_series(desk.series),
                policy.escalations[desk.series],
                desk,
                action,
                asked.get((action.id, desk.party)),
                partial(closed_of, policy),
            )
            fresh += [(action.id, one) for one in news(occasions, sent.get((action.id, desk.party), {}))]
            entries += [] if entry is None else [entry]
        if fresh:
            digest = Digest(
                derived_id(DIGESTS, desk.series, desk.party, desk.organisation, desk.today.isoformat()),
                desk.series,
                desk.party,
                desk.organisation,
                desk.today,
                at,
                tuple(entries),
            )
            await insert_digest(tx, digest, fresh, _sent(digest))
            count += 1
    await look_done(tx, desks)
    return count


def _at_work(policy: Policy, at: datetime) -> list[Desk]:
    """The desks of all series whose party is at work now."""
    found = []
    for one in sorted(
        policy.entitlements, key=lambda entry: (entry.series, entry.party, entry.organisation, entry.role)
    ):
        escalation = policy.escalations.get(one.series)
        if one.role is not Role.OWNER or escalation is None:
            continue
        now = local_day(policy, one.party, at)
        if is_remindable(now.hour, now.day, escalation, one.party, partial(closed_of, policy)):
            found.append(Desk(one.series, one.party, one.organisation, now.day))
    return found


def _of(desk: Desk, actions: Sequence[Action], policy: Policy, at: datetime) -> list[Action]:
    """The actions that a desk carries out and may know of."""
    return [
        action
        for action in actions
        if action.series == desk.series
        and desk.organisation in accountable(action, desk.party)
        and may_see(action, desk.party, policy, at)
    ]


def _sent(digest: Digest) -> AuditEntry:
    return AuditEntry(
        action="action.owner-reminded",
        actor="actions",
        party=digest.party,
        subject_kind="digest",
        subject_id=str(digest.id),
        at=digest.sent_at,
        detail={"organisation": digest.organisation, "actions": len(digest.entries)},
    )
