"""Encoders of what actions tells others: snapshots to services, statuses to audiences."""

from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from typing import Final

import orjson
from entente.actions.v1 import action_event_pb2, action_service_pb2
from entente.exchange.v1 import action_status_pb2, outcome_pb2
from google.protobuf.json_format import MessageToDict

from services.actions.domain.action import Action
from services.actions.domain.basis import BasisReference, BasisState, worst
from services.actions.domain.escalation import Standing
from services.actions.domain.lead_officials import LeadOfficial, shown_to
from services.actions.domain.owners import Objection, Owner
from services.actions.domain.planning import progress
from services.actions.domain.proposals import DueDateChange
from services.actions.domain.rating import Rating, Timeliness
from services.chassis.envelope import Event
from services.chassis.feed import Entry, Notice, Reset, Token
from services.chassis.outbox import OutboxMessage
from services.kernel.canonical import canonical_json
from services.kernel.identifiers import EVENTS, derived_id, event_id

SOURCE: Final = "/entente/actions"
SNAPSHOT: Final = "entente.actions.v1.ActionSnapshot"
STATUS: Final = "entente.exchange.v1.ActionStatus"
NOTICE: Final = "entente.actions.v1.FeedNotice"
ACTION_TOPIC: Final = "actions.action.v1"
_NOTICE_KEY: Final = "notice:"
"""What the key of a record begins with that is a notice. Those of statuses are ids of actions."""


def status_topic(audience: str) -> str:
    return f"actions.status.{audience}.v1"


def encode_state(action: Action) -> action_status_pb2.ActionState.ValueType:
    return action_status_pb2.ActionState.Value(f"ACTION_STATE_{action.state.value}")


def encode_rag(action: Action) -> action_status_pb2.Rag.ValueType:
    if action.rag is None:
        return action_status_pb2.RAG_UNSPECIFIED
    return action_status_pb2.Rag.Value(f"RAG_{action.rag.value}")


def encode_basis_state(state: BasisState | None) -> action_status_pb2.BasisState.ValueType:
    if state is None:
        return action_status_pb2.BASIS_STATE_UNSPECIFIED
    return action_status_pb2.BasisState.Value(f"BASIS_STATE_{state.value}")


def encode_snapshot(action: Action) -> action_event_pb2.ActionSnapshot:
    return action_event_pb2.ActionSnapshot(
        action_id=str(action.id),
        reference=action.reference,
        series=action.series,
        meeting_id=action.meeting_id,
        item_id=action.item_id,
        outcome_id=action.outcome_id,
        text=action.text,
        content_hash=action.content_hash,
        owners=[_owner(owner) for owner in action.owners],
        state=encode_state(action),
        rag=encode_rag(action),
        original_due_date=action.original_due_date.isoformat(),
        due_date=action.due_date.isoformat(),
        due_date_changes=[_due_date_change(change) for change in action.due_date_changes],
        commitment=action.commitment,
        basis=[_basis(reference) for reference in action.basis],
        evidence_ids=[str(item.id) for item in action.evidence],
        aggregate_version=action.version,
        marking=action.marking,
        changed_at=write_instant(action.changed_at),
        reviewed_yearly=action.reviewed_yearly,
        progress_percent=progress(action.plan),
        declined_reason=_reason(action.declined),
        blocked_reason=_reason(action.blocked),
        depends_on=[str(other.action_id) for other in action.depends_on],
        successor=action.successor,
        reported_at=_instant_or_none(action.reported_at),
        lead_officials=[_lead(lead) for lead in action.lead_officials],
        archived_on="" if action.archived_on is None else action.archived_on.isoformat(),
    )


def encode_timeliness(value: Timeliness) -> action_status_pb2.Timeliness.ValueType:
    return action_status_pb2.Timeliness.Value(f"TIMELINESS_{value.value}")


def encode_computed(rating: Rating) -> action_status_pb2.Rag.ValueType:
    if rating.computed is None:
        return action_status_pb2.RAG_UNSPECIFIED
    return action_status_pb2.Rag.Value(f"RAG_{rating.computed.value}")


def encode_status(
    audience: str, action: Action, rating: Rating, standings: Sequence[Standing] = ()
) -> action_status_pb2.ActionStatus:
    """What an audience sees, without its place in the feed: two that are equal tell nothing new.

    `standings` are those of the audience's own party.
    """
    return action_status_pb2.ActionStatus(
        audience=audience,
        action_id=str(action.id),
        reference=action.reference,
        series=action.series,
        text=action.text,
        owners=[_owner(owner) for owner in action.owners],
        state=encode_state(action),
        rag=encode_rag(action),
        narrative=action.narrative,
        due_date=action.due_date.isoformat(),
        original_due_date=action.original_due_date.isoformat(),
        due_date_change_count=len(action.due_date_changes),
        commitment=action.commitment,
        basis=encode_basis_state(worst(action.basis)),
        marking=action.marking,
        reviewed_yearly=action.reviewed_yearly,
        progress_percent=progress(action.plan),
        declined_reason=_reason(action.declined),
        blocked_reason=_reason(action.blocked),
        successor=action.successor,
        reported_at=_instant_or_none(action.reported_at),
        timeliness=encode_timeliness(rating.timeliness),
        computed_rag=encode_computed(rating),
        computed_because=rating.because,
        contradicted=rating.contradicted,
        rag_is_stale=rating.stale,
        lead_officials=[_lead(lead) for lead in shown_to(action.lead_officials, None)],
        escalations=[_standing(standing) for standing in standings],
        archived=action.archived_on is not None,
    )


def withheld_status(audience: str, action: Action) -> action_status_pb2.ActionStatus:
    """For an audience that was told of the action and may no longer be: nothing but that."""
    return action_status_pb2.ActionStatus(audience=audience, action_id=str(action.id), withheld=True)


def status_digest(status: action_status_pb2.ActionStatus) -> bytes:
    return sha256(status_bytes(status)).digest()


def status_bytes(status: action_status_pb2.ActionStatus) -> bytes:
    """The one canonical form (RFC 8785 over proto JSON), the same on every channel."""
    return canonical_json(MessageToDict(status))


def action_changed(action: Action, traceparent: str | None) -> OutboxMessage:
    identity = str(action.id)
    event = Event(
        id=event_id(SOURCE, SNAPSHOT, identity, action.version),
        source=SOURCE,
        type=SNAPSHOT,
        subject=identity,
        time=action.changed_at,
        data=encode_snapshot(action).SerializeToString(),
        content_type="application/protobuf",
        traceparent=traceparent,
    )
    return OutboxMessage(ACTION_TOPIC, identity.encode(), event)


def status_changed(
    status: action_status_pb2.ActionStatus, token: Token, at: datetime, traceparent: str | None
) -> OutboxMessage:
    """A status in its place. `traceparent` must be of a trace of its own: the record leaves the house."""
    placed = action_status_pb2.ActionStatus()
    placed.CopyFrom(status)
    placed.epoch, placed.sequence = token.epoch, token.sequence
    placed.changed_at = write_instant(at)
    event = Event(
        id=derived_id(EVENTS, status.audience, token.epoch, token.sequence),
        source=SOURCE,
        type=STATUS,
        subject=status.action_id,
        time=at,
        data=status_bytes(placed),
        content_type="application/json",
        traceparent=traceparent,
    )
    return OutboxMessage(status_topic(status.audience), status.action_id.encode(), event)


def encode_notice(notice: Notice) -> action_service_pb2.FeedNotice:
    return action_service_pb2.FeedNotice(name=notice.name, state=notice.state, at=notice.at)


def notice_bytes(notice: Notice) -> bytes:
    """Its canonical form, the same on every channel that is read as JSON."""
    return canonical_json(MessageToDict(encode_notice(notice)))


def notice_given(
    audience: str, notice: Notice, occasion: int, at: datetime, traceparent: str | None
) -> OutboxMessage:
    """Something about the feed itself. It has no place in the order; the newest of its name is kept."""
    event = Event(
        id=derived_id(EVENTS, audience, notice.name, notice.state, occasion),
        source=SOURCE,
        type=NOTICE,
        subject=notice.name,
        time=at,
        data=notice_bytes(notice),
        content_type="application/json",
        traceparent=traceparent,
    )
    return OutboxMessage(status_topic(audience), f"{_NOTICE_KEY}{notice.name}".encode(), event)


def webhook_body(step: Entry | Reset | Notice, at: datetime) -> bytes:
    """What a webhook says of a step: type, timestamp and data, as Standard Webhooks recommends. `data` of a
    status is the record as it is on every channel.
    """
    told: dict[str, object]
    match step:
        case Entry():
            record = orjson.loads(step.value)
            told = {"type": "action.status", "timestamp": record["changedAt"], "data": record}
            if step.coalesced:
                told["coalesced"] = True
        case Reset():
            told = {"type": "feed.reset", "timestamp": write_instant(at), "data": {"epoch": step.epoch}}
        case Notice():
            told = {"type": "feed.notice", "timestamp": step.at, "data": orjson.loads(notice_bytes(step))}
    return canonical_json(told)


def read_status_entry(key: bytes, value: bytes) -> Entry | None:
    """The entry of a record of an audience's topic; None for a notice, which whoever reads the topic for
    others sees for itself. Raises KeyError or ValueError for what is neither.
    """
    if key.startswith(_NOTICE_KEY.encode()):
        return None
    document = orjson.loads(value)
    return Entry(Token(document["epoch"], int(document["sequence"])), key.decode(), value)


def write_instant(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


def _instant_or_none(at: datetime | None) -> str:
    return "" if at is None else write_instant(at)


def _reason(objection: Objection | None) -> str:
    return "" if objection is None else objection.reason


def _owner(owner: Owner) -> outcome_pb2.ActionOwner:
    return outcome_pb2.ActionOwner(
        party=owner.party, organisation=owner.organisation, accountable=owner.accountable
    )


def _lead(lead: LeadOfficial) -> action_status_pb2.LeadOfficial:
    return action_status_pb2.LeadOfficial(
        party=lead.party, organisation=lead.organisation, post=lead.post, subject=lead.subject
    )


def _standing(standing: Standing) -> action_status_pb2.ActionEscalation:
    return action_status_pb2.ActionEscalation(
        trigger=action_status_pb2.EscalationTrigger.Value(f"ESCALATION_TRIGGER_{standing.trigger.value}"),
        since=standing.since.isoformat(),
        step=action_status_pb2.EscalationStep.Value(f"ESCALATION_STEP_{standing.step.value}"),
        notified_on=standing.sent_on.isoformat(),
        acknowledged=standing.acknowledged,
    )


def _due_date_change(change: DueDateChange) -> action_event_pb2.DueDateChange:
    return action_event_pb2.DueDateChange(
        from_date=change.from_date.isoformat(),
        to_date=change.to_date.isoformat(),
        reason=change.reason,
        requested_by=change.requested_by,
        accepted_by=change.accepted_by,
        accepted_on=change.accepted_on.isoformat(),
    )


def _basis(reference: BasisReference) -> action_event_pb2.BasisReference:
    return action_event_pb2.BasisReference(
        assessment_id=str(reference.assessment_id),
        revision=reference.revision,
        state=encode_basis_state(reference.state),
    )
