"""One replay: the record enters the service again as if it had just come, in one transaction.

Nothing leaves for Kafka and comes back: what the record changes, its outbox rows, the ledger and the audit
entry are committed together or not at all.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import psycopg

from services.chassis.audit import AuditEntry, append
from services.chassis.consumer.records import Delivery, Quarantined, Record, Subscription, Unstorable
from services.chassis.database import Transaction
from services.chassis.quarantine.entries import (
    Action,
    Content,
    Entry,
    Operator,
    Outcome,
    State,
    Step,
    record_of,
)
from services.chassis.quarantine.store import record_step, withhold
from services.kernel.refusals import Refusal


async def replay_locked(
    tx: Transaction,
    subscription: Subscription[Any],
    entry: Entry,
    content: Content,
    who: Operator,
    at: datetime,
) -> Outcome:
    """Replays an open record whose row is locked. A refusal is an outcome: the record stays open."""
    record = record_of(entry, content)
    refused = await _enter(tx, subscription, record)
    if refused:
        kept, refusal = refused[0]
        after = _refused(entry, refusal)
        if kept.value is None and record.value is not None:
            # What was read in it now may not be held here.
            await withhold(tx, entry, kept)
            after = replace(after, held=False)
    else:
        refusal = None
        after = replace(
            entry,
            state=State.REPAIRED if entry.edition else State.REPLAYED,
            version=entry.version + 1,
            replays=entry.replays + 1,
            refused_in_a_row=0,
        )
    step = Step(
        action=Action.REFUSED if refusal else Action.ADMITTED,
        edition=entry.edition,
        reason=refusal.reason if refusal else None,
        note=None,
        actor=who.subject,
        party=who.party,
        at=at,
    )
    await record_step(tx, entry, after, step)
    await append(tx, audited("quarantine.replayed", entry, who, at, outcome=after.state.value))
    return Outcome(entry.place, entry.ceiling, after.state, after.version, refusal)


def audited(action: str, entry: Entry, who: Operator, at: datetime, **detail: object) -> AuditEntry:
    return AuditEntry(
        action=action,
        actor=who.subject,
        party=who.party,
        subject_kind="quarantined-record",
        subject_id=str(entry.place),
        at=at,
        request_id=who.request,
        detail={"edition": entry.edition, "version": entry.version, **detail},
    )


def _refused(entry: Entry, refusal: Refusal) -> Entry:
    return replace(
        entry,
        version=entry.version + 1,
        replays=entry.replays + 1,
        refused_in_a_row=entry.refused_in_a_row + 1,
        reason=refusal.reason,
        detail=refusal.detail,
        pointer=refusal.pointer,
    )


async def _enter(tx: Transaction, subscription: Subscription[Any], record: Record) -> Sequence[Quarantined]:
    """What a consumer does with a record, without its position. Gives why it was refused, if it was."""
    delivery = _decoded(subscription, record)
    try:
        async with tx.transaction():
            refused = await subscription.apply(tx, [delivery])
    except psycopg.DataError as error:
        delivery = Delivery(record, Unstorable(f"the content cannot be stored: {type(error).__name__}"))
        refused = await subscription.apply(tx, [delivery])
    if isinstance(delivery.content, Refusal):
        return [(record, delivery.content), *refused]
    return refused


def _decoded(subscription: Subscription[Any], record: Record) -> Delivery[Any]:
    try:
        return Delivery(record, subscription.decode(record))
    except Refusal as refusal:
        return Delivery(record, refusal)
