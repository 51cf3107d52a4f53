"""Tells each delegation that was shown a text that it may no longer use it.

What a delegation was shown is what its party could read, and what lay before a meeting of its series.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from services.chassis.audit import AuditEntry
from services.chassis.database import Transaction
from services.kernel.identifiers import notice_id
from services.kernel.parties import Audience
from services.kernel.policy import Policy
from services.kernel.release_terms import Rendition, RevisionState
from services.threatfeed.domain.withdrawal_notices import (
    NoticeCause,
    NoticeState,
    ShownText,
    WithdrawalNotice,
    lost,
    recipients,
    restored,
)
from services.threatfeed.statements import withdrawal_notice
from services.threatfeed.store.readings import Held
from services.threatfeed.store.views import Shown
from services.threatfeed.store.withdrawal_notices import (
    insert_notices,
    notices_of,
    store_lifted,
    uses_at_meetings,
)

_ENDED = frozenset({RevisionState.WITHDRAWN, RevisionState.SUPERSEDED})


async def issue_notices(
    tx: Transaction,
    held: Sequence[Held],
    now: Mapping[tuple[str, UUID], Rendition | None],
    shown: Mapping[tuple[str, UUID], Shown],
    policy: Policy,
    at: datetime,
) -> None:
    """`now` is what each party may read of each assessment, `shown` what it was last shown before.

    While an originator says two things at once nothing is lost yet: a human has still to choose.
    """
    texts = {one.content.assessment_id: one for one in held}
    known = await notices_of(tx, list(texts))
    back = [one for one in known if restored(one, now.get((one.recipient.party, one.text.assessment_id)))]
    lifted = [one.lift() for one in back]
    over = {one.id for one in back}
    told = {
        (one.recipient, one.text.which)
        for one in known
        if one.state is not NoticeState.LIFTED and one.id not in over
    }
    audiences = [audience for key in sorted(policy.series) for audience in policy.audiences(key)]
    due = [
        *_of_views(texts, now, shown, audiences),
        *await _of_meetings(tx, texts, policy, at),
    ]
    issued: list[WithdrawalNotice] = []
    for recipient, text, cause in due:
        if (recipient, text.which) not in told:
            told.add((recipient, text.which))
            issued.append(_notice(texts[text.assessment_id], recipient, text, cause, policy, at))
    if lifted:
        await store_lifted(tx, lifted, [_audit("withdrawal-notice.lifted", one, at) for one in lifted])
    if issued:
        await insert_notices(
            tx,
            [(one, withdrawal_notice(one).payload) for one in issued],
            [_audit("withdrawal-notice.issued", one, at) for one in issued],
        )


def _of_views(
    texts: Mapping[UUID, Held],
    now: Mapping[tuple[str, UUID], Rendition | None],
    shown: Mapping[tuple[str, UUID], Shown],
    audiences: Sequence[Audience],
) -> Iterator[tuple[Audience, ShownText, NoticeCause]]:
    for (party, identity), rendition in now.items():
        before, one = shown.get((party, identity)), texts[identity]
        if before is None or before.rendition is None or one.state is RevisionState.CONFLICTED:
            continue
        text = ShownText(identity, before.revision, before.rendition, before.shown_at)
        # What has been told to be gone is told once, whatever becomes of it later.
        withdrawn = one.state in _ENDED and before.readable
        cause = lost(before.rendition, rendition, withdrawn=withdrawn)
        if cause is not None:
            for recipient in recipients(party, audiences):
                yield recipient, text, cause


async def _of_meetings(
    tx: Transaction, texts: Mapping[UUID, Held], policy: Policy, at: datetime
) -> list[tuple[Audience, ShownText, NoticeCause]]:
    withdrawn = [identity for identity, one in texts.items() if one.state in _ENDED]
    if not withdrawn:
        return []
    return [
        (recipient, use.text, NoticeCause.WITHDRAWN)
        for use in await uses_at_meetings(tx, withdrawn, at)
        if use.series in policy.series
        for recipient in policy.audiences(use.series)
    ]


def _notice(
    held: Held, recipient: Audience, text: ShownText, cause: NoticeCause, policy: Policy, at: datetime
) -> WithdrawalNotice:
    agency = policy.agencies.get(held.content.originator)
    return WithdrawalNotice(
        id=notice_id(
            recipient.id, str(text.assessment_id), text.revision, text.rendition.value, at.isoformat()
        ),
        recipient=recipient,
        text=text,
        agency=held.content.originator,
        originator="" if agency is None else agency.organisation,
        cause=cause,
        issued_at=at,
    )


def _audit(action: str, notice: WithdrawalNotice, at: datetime) -> AuditEntry:
    return AuditEntry(
        action=action,
        actor="threatfeed",
        party=notice.recipient.party,
        subject_kind="withdrawal-notice",
        subject_id=str(notice.id),
        at=at,
        detail={
            "recipient": notice.recipient.id,
            "assessment_id": str(notice.text.assessment_id),
            "revision": notice.text.revision,
            "rendition": notice.text.rendition.value,
            "cause": notice.cause.value,
        },
    )
