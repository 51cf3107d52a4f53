"""Let a webhook endpoint that stopped be told again, from where it was or from the beginning."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from services.actions.domain.webhooks import (
    TRANSITIONS,
    Endpoint,
    WebhookEvent,
    WebhookNotStopped,
    WebhookState,
)
from services.actions.store.webhooks import Position, begin_webhook, lock_webhook, store_webhook
from services.chassis.audit import AuditEntry, append
from services.chassis.once import Once
from services.chassis.quarantine.entries import Operator, Sight
from services.kernel.refusals import NoAccess

Told = tuple[Endpoint, Position]


async def resume_webhook(
    once: Once[Told],
    sight: Sight,
    endpoints: Mapping[str, Endpoint],
    name: str,
    who: Operator,
    at: datetime,
    *,
    note: str,
    from_start: bool,
) -> Told:
    """`from_start` has all that its audience holds told anew, also to one that did not stop.

    Raises `NoAccess`, also for one that is not configured, or `WebhookNotStopped`.
    """
    endpoint = endpoints.get(name)
    if not sight.may_run() or endpoint is None:
        raise NoAccess(f"webhook {name}")
    async with once.transaction() as tx:
        await begin_webhook(tx, name, at)
        found = await lock_webhook(tx, name)
        if found is None:
            raise RuntimeError("a row that was just inserted is gone")
        state = TRANSITIONS[found.state, WebhookEvent.RESUMED]
        if state is found.state and not from_start:
            stands = "its reader may not read" if state is WebhookState.WITHHELD else "it is being told"
            raise WebhookNotStopped(f"{name} has not stopped: {stands}")
        after = replace(found, token="" if from_start else found.token)
        if state is not found.state:
            after = replace(after, state=state, since=at, why="")
        await store_webhook(tx, after)
        entry = AuditEntry(
            action="webhook.resumed",
            actor=who.subject,
            party=who.party,
            subject_kind="webhook",
            subject_id=name,
            at=at,
            request_id=who.request,
            detail={"from": found.token, "to": after.token, "note": note},
        )
        await append(tx, entry)
        return await once.answer(tx, (endpoint, after))
