"""Meetings, agendas, outcomes and conclusions as messages."""

from collections.abc import Sequence
from typing import Any

from entente.agenda.v1 import agenda_event_pb2, agenda_service_pb2, lateness_pb2, negotiation_pb2
from entente.exchange.v1 import item_answer_pb2
from google.protobuf import json_format, struct_pb2

from services.agenda.domain.answers import ItemAnswer
from services.agenda.domain.comparing import FieldChange, PlacedItem
from services.agenda.domain.conclusions import Conclusions
from services.agenda.domain.lateness import MissedDeadline
from services.agenda.domain.meeting import Meeting
from services.agenda.domain.outcome import Outcome
from services.agenda.domain.quorum import Quorum, Signatory, progress
from services.agenda.domain.references import ReferenceState
from services.agenda.domain.remedies import what_to_do
from services.agenda.rpc.timed import encode_budget, encode_time
from services.agenda.statements import read_conclusions, read_outcome, read_tabled_agenda
from services.agenda.usecases.budgeting import time_of_agenda
from services.agenda.usecases.lateness import AgendaView
from services.agenda.usecases.read_agendas import Comparison
from services.chassis.etags import etag
from services.kernel.policy import Policy


def encode_meeting(meeting: Meeting) -> agenda_service_pb2.Meeting:
    return agenda_service_pb2.Meeting(
        meeting_id=str(meeting.id),
        series=meeting.series,
        edition=meeting.edition,
        host_party=meeting.host_party,
        venue=meeting.venue,
        starts_at=encode_time(meeting.starts_at),
        ends_at=encode_time(meeting.ends_at),
        state=agenda_service_pb2.MeetingState.Value(f"MEETING_STATE_{meeting.state.value}"),
        etag=etag(meeting.version),
        time_zone=meeting.time_zone,
        level=agenda_service_pb2.MeetingLevel.Value(f"MEETING_LEVEL_{meeting.level.value}"),
        parent_meeting_id=str(meeting.parent or ""),
        moves=meeting.moves,
    )


def encode_agenda(view: AgendaView, policy: Policy) -> agenda_service_pb2.AgendaVersion:
    return agenda_service_pb2.AgendaVersion(**_members(view, policy))


def encode_got_agenda(view: AgendaView, policy: Policy) -> agenda_service_pb2.GetAgendaResponse:
    """It has the members of a version itself, from before there was a message of them."""
    return agenda_service_pb2.GetAgendaResponse(**_members(view, policy))


def _members(view: AgendaView, policy: Policy) -> dict[str, Any]:
    agenda = view.agenda
    series = policy.get_series(agenda.series)
    return {
        "agenda": read_tabled_agenda(agenda.payload),
        "content_hash": agenda.content_hash,
        "state": agenda_event_pb2.AgendaState.Value(f"AGENDA_STATE_{agenda.state.value}"),
        "agreements": _agreements(series.quorum, agenda.agreed),
        "items": _items(view, series.parties),
        "stale_references": [
            negotiation_pb2.StaleReference(
                item_id=str(held.item_id),
                assessment_id=str(held.assessment_id),
                state=held.state.value,
                what_to_do=what_to_do(held.state),
            )
            for held in agenda.references
            if held.state is not ReferenceState.CURRENT
        ],
        "time": encode_budget(time_of_agenda(agenda)),
        "etag": etag(agenda.aggregate_version),
    }


def _items(view: AgendaView, parties: Sequence[str]) -> list[negotiation_pb2.AnsweredItem]:
    agenda = view.agenda
    still_open = agenda.open_items(parties)
    answers = sorted(agenda.answers, key=lambda one: one.party)
    return [
        negotiation_pb2.AnsweredItem(
            item_id=str(item_id),
            answers=[_answer(answer, view) for answer in answers if answer.item_id == item_id],
            open_for=[party for party in parties if item_id in still_open[party]],
            missed_deadline=encode_missed(view.items.get(item_id)),
        )
        for item_id in agenda.item_ids
    ]


def _answer(answer: ItemAnswer, view: AgendaView) -> negotiation_pb2.PartyAnswer:
    message = negotiation_pb2.PartyAnswer(
        party=answer.party,
        organisation=answer.organisation,
        kind=item_answer_pb2.ItemAnswerKind.Value(f"ITEM_ANSWER_KIND_{answer.answer.value}"),
        comment=answer.comment,
        marking=answer.marking,
        since_version=answer.since_version,
        given_at=encode_time(answer.given_at),
        missed_deadline=encode_missed(view.amendments.get((answer.item_id, answer.party))),
    )
    proposal = answer.proposal
    if not proposal.empty:
        message.proposal.CopyFrom(
            item_answer_pb2.ItemProposal(
                title=proposal.title or None, minutes=proposal.minutes, position=proposal.position
            )
        )
    return message


def encode_comparison(comparison: Comparison) -> agenda_service_pb2.CompareAgendasResponse:
    found = comparison.difference
    return agenda_service_pb2.CompareAgendasResponse(
        from_version=comparison.before.version,
        to_version=comparison.after.version,
        whole=_changes(found.whole),
        added=[_placed(one, comparison) for one in found.added],
        removed=[_placed(one, comparison) for one in found.removed],
        moved=[
            negotiation_pb2.MovedItem(item_id=str(one.item_id), before=one.before, after=one.after)
            for one in found.moved
        ],
        rewritten=[
            negotiation_pb2.RewrittenItem(
                item_id=str(one.item_id),
                fields=_changes(one.fields),
                missed_deadline=encode_missed(comparison.late.get(one.item_id)),
            )
            for one in found.rewritten
        ],
    )


def _placed(item: PlacedItem, comparison: Comparison) -> negotiation_pb2.PlacedItem:
    return negotiation_pb2.PlacedItem(
        item_id=str(item.item_id),
        position=item.position,
        title=item.title,
        missed_deadline=encode_missed(comparison.late.get(item.item_id)),
    )


def _changes(changes: Sequence[FieldChange]) -> list[negotiation_pb2.FieldChange]:
    return [
        negotiation_pb2.FieldChange(name=one.name, before=_value(one.before), after=_value(one.after))
        for one in changes
    ]


def _value(value: Any) -> struct_pb2.Value:
    return json_format.ParseDict(value, struct_pb2.Value())


def encode_outcome(outcome: Outcome, policy: Policy) -> agenda_service_pb2.OutcomeVersion:
    return agenda_service_pb2.OutcomeVersion(
        outcome=read_outcome(outcome.payload),
        content_hash=outcome.content_hash,
        state=agenda_service_pb2.OutcomeState.Value(f"OUTCOME_STATE_{outcome.state.value}"),
        agreements=_agreements(policy.get_series(outcome.series).quorum, outcome.agreed),
        decision_reference=outcome.decision_reference or "",
        etag=etag(outcome.aggregate_version),
    )


def encode_conclusions(conclusions: Conclusions, policy: Policy) -> agenda_service_pb2.ConclusionsVersion:
    content = read_conclusions(conclusions.payload)
    return agenda_service_pb2.ConclusionsVersion(
        conclusions=content,
        content_hash=conclusions.content_hash,
        state=agenda_service_pb2.ConclusionsState.Value(f"CONCLUSIONS_STATE_{conclusions.state.value}"),
        agreements=_agreements(policy.get_series(content.series).quorum, conclusions.agreed),
        put_by_party=conclusions.put_by,
        put_at=encode_time(conclusions.put_at),
        agreed_at=encode_time(conclusions.agreed_at),
        etag=etag(conclusions.aggregate_version),
    )


def encode_missed(missed: MissedDeadline | None) -> lateness_pb2.MissedDeadline | None:
    if missed is None:
        return None
    return lateness_pb2.MissedDeadline(name=missed.name, due=missed.due.isoformat())


def _agreements(quorum: Quorum, agreed: Sequence[Signatory]) -> list[agenda_service_pb2.PartyAgreement]:
    return [
        agenda_service_pb2.PartyAgreement(
            party=party.party, organisations_needed=party.needed, organisations_agreed=party.agreed
        )
        for party in progress(quorum, agreed)
    ]
