"""The canonical form of what crosses between parties: agendas, answers, outcomes and agreements.

Hashes and signatures are made over RFC 8785 bytes of the proto JSON of `entente.exchange.v1`. A member
that holds its default is left out, so that a field added later does not change an older document.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from entente.exchange.v1 import (
    agenda_pb2,
    agreement_pb2,
    conclusions_pb2,
    item_answer_pb2,
    outcome_pb2,
    release_pb2,
)
from google.protobuf import json_format
from google.protobuf.message import Message

from services.agenda.domain.action_text import ActionPlan
from services.agenda.domain.answers import ItemAnswer
from services.agenda.domain.conclusions import ConclusionsContent
from services.agenda.domain.items import TabledItem, TabledReference
from services.agenda.domain.meeting import Meeting
from services.agenda.domain.outcome import Conclusion
from services.kernel.canonical import canonical_json, content_hash
from services.kernel.release_terms import Mode, Rendition
from services.kernel.series import ItemKind, ItemPurpose


@dataclass(frozen=True, slots=True)
class Statement:
    """A message in its canonical form. `type` is the full name of the message."""

    type: str
    payload: bytes
    content_hash: str

    @property
    def document(self) -> dict[str, Any]:
        return document_of(self.payload)


def document_of(payload: bytes) -> dict[str, Any]:
    """The JSON document that canonical bytes hold."""
    document: dict[str, Any] = json.loads(payload)
    return document


def _statement(message: Message) -> Statement:
    document = json_format.MessageToDict(message)
    return Statement(message.DESCRIPTOR.full_name, canonical_json(document), content_hash(document))


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def rendition_number(rendition: Rendition) -> "release_pb2.Rendition.ValueType":
    return release_pb2.Rendition.Value(f"RENDITION_{rendition.value}")


def mode_number(mode: Mode) -> "release_pb2.ReleaseMode.ValueType":
    return release_pb2.ReleaseMode.Value(f"RELEASE_MODE_{mode.value}")


def _reference(reference: TabledReference) -> agenda_pb2.AssessmentReference:
    return agenda_pb2.AssessmentReference(
        assessment_id=str(reference.assessment_id),
        revision=reference.revision,
        rendition=rendition_number(reference.rendition),
        mode=mode_number(reference.mode),
        title=reference.title,
    )


def _item(item: TabledItem) -> agenda_pb2.TabledItem:
    return agenda_pb2.TabledItem(
        item_id=str(item.id),
        position=item.position,
        title=item.title,
        kind=agenda_pb2.ItemKind.Value(f"ITEM_KIND_{item.kind.value}"),
        purpose=agenda_pb2.ItemPurpose.Value(f"ITEM_PURPOSE_{item.purpose.value}"),
        leads=[
            agenda_pb2.ItemLead(party=party, organisation=organisation) for party, organisation in item.leads
        ],
        minutes=item.minutes,
        commitments=item.commitments,
        theme=item.theme,
        references=[_reference(reference) for reference in item.references],
        action_ids=[str(action_id) for action_id in item.action_ids],
        marking=item.marking,
    )


def tabled_agenda(
    *,
    agenda_id: UUID,
    meeting: Meeting,
    version: int,
    tabled_by: str,
    items: tuple[TabledItem, ...],
    marking: str,
) -> Statement:
    """One version as it lies on the table."""
    return _statement(
        agenda_pb2.TabledAgenda(
            agenda_id=str(agenda_id),
            meeting_id=str(meeting.id),
            series=meeting.series,
            edition=meeting.edition,
            starts_at=_instant(meeting.starts_at),
            venue=meeting.venue,
            version=version,
            tabled_by_party=tabled_by,
            items=[_item(item) for item in items],
            marking=marking,
        )
    )


def _action(plan: ActionPlan) -> outcome_pb2.AgreedAction:
    content = plan.content
    return outcome_pb2.AgreedAction(
        action_id=str(plan.id),
        reference=plan.reference,
        text=content.text,
        guidance=content.guidance,
        owners=[
            outcome_pb2.ActionOwner(
                party=owner.party, organisation=owner.organisation, accountable=owner.accountable
            )
            for owner in content.owners
        ],
        due_date=content.due_date.isoformat() if content.due_date else "",
        commitment=content.commitment,
        basis=[_reference(reference) for reference in plan.basis],
        source=plan.source,
        review_date=content.review_date.isoformat() if content.review_date else "",
        expected_evidence=[
            outcome_pb2.ExpectedEvidence(
                kind=one.kind.value, wording=one.wording, party=one.party, due=one.due.isoformat()
            )
            for one in content.expected
        ],
    )


def proposed_outcome(conclusion: Conclusion) -> Statement:
    """An outcome as it is put to the parties."""
    content = conclusion.content
    message = outcome_pb2.Outcome(
        outcome_id=str(conclusion.id),
        meeting_id=str(conclusion.meeting_id),
        agenda_id=str(conclusion.agenda_id),
        item_id=str(conclusion.item_id),
        series=conclusion.series,
        version=conclusion.version,
        conclusion=content.conclusion,
        marking=content.marking,
        kind=outcome_pb2.OutcomeKind.Value(f"OUTCOME_KIND_{content.kind.value}"),
        reason=content.reason,
        deferred_to_edition=content.deferred_to or 0,
        addressees=[
            outcome_pb2.OutcomeAddressee(party=one.party, organisation=one.organisation)
            for one in content.addressees
        ],
        review_edition=conclusion.review_edition or 0,
    )
    if conclusion.action is not None:
        message.action.CopyFrom(_action(conclusion.action))
    return _statement(message)


def put_conclusions(content: ConclusionsContent) -> Statement:
    """The conclusions of a meeting as they are put to the parties."""
    meeting = content.meeting
    return _statement(
        conclusions_pb2.Conclusions(
            conclusions_id=str(content.id),
            meeting_id=str(meeting.id),
            series=meeting.series,
            edition=meeting.edition,
            agenda_id=str(content.agenda_id),
            version=content.version,
            outcomes=[
                conclusions_pb2.ConcludedOutcome(
                    outcome_id=str(outcome.id),
                    item_id=str(outcome.item_id),
                    version=outcome.version,
                    kind=outcome_pb2.OutcomeKind.Value(f"OUTCOME_KIND_{outcome.kind.value}"),
                    content_hash=outcome.content_hash,
                )
                for outcome in content.outcomes
            ],
            minutes=[
                conclusions_pb2.MinutesSection(
                    section=section.section,
                    revision=section.revision,
                    text=section.text,
                    marking=section.marking,
                )
                for section in content.minutes
            ],
        )
    )


def agreement(
    *,
    subject: str,
    subject_id: UUID,
    version: int,
    content_hash: str,
    party: str,
    organisation: str,
    official: str,
) -> Statement:
    """What an official signs. `subject` is AGENDA, OUTCOME or CONCLUSIONS."""
    return _statement(
        agreement_pb2.Agreement(
            subject=agreement_pb2.AgreementSubject.Value(f"AGREEMENT_SUBJECT_{subject}"),
            subject_id=str(subject_id),
            version=version,
            content_hash=content_hash,
            party=party,
            organisation=organisation,
            official=official,
        )
    )


def item_answer(answer: ItemAnswer, *, agenda_id: UUID, version: int, content_hash: str) -> Statement:
    """A party's answer to one item as the others get it."""
    message = item_answer_pb2.ItemAnswer(
        agenda_id=str(agenda_id),
        version=version,
        content_hash=content_hash,
        item_id=str(answer.item_id),
        item_hash=answer.item_hash,
        kind=item_answer_pb2.ItemAnswerKind.Value(f"ITEM_ANSWER_KIND_{answer.answer.value}"),
        comment=answer.comment,
        marking=answer.marking,
        party=answer.party,
        organisation=answer.organisation,
        official=answer.official,
        answered_at=_instant(answer.given_at),
    )
    proposal = answer.proposal
    if not proposal.empty:
        message.proposal.CopyFrom(
            item_answer_pb2.ItemProposal(
                title=proposal.title or None, minutes=proposal.minutes, position=proposal.position
            )
        )
    return _statement(message)


def read_tabled_agenda(payload: bytes) -> agenda_pb2.TabledAgenda:
    """The message behind stored canonical bytes."""
    return json_format.Parse(payload, agenda_pb2.TabledAgenda(), ignore_unknown_fields=True)


def read_outcome(payload: bytes) -> outcome_pb2.Outcome:
    """The message behind stored canonical bytes."""
    return json_format.Parse(payload, outcome_pb2.Outcome(), ignore_unknown_fields=True)


def read_conclusions(payload: bytes) -> conclusions_pb2.Conclusions:
    """The message behind stored canonical bytes."""
    return json_format.Parse(payload, conclusions_pb2.Conclusions(), ignore_unknown_fields=True)


def read_items(payload: bytes) -> tuple[TabledItem, ...]:
    """The items of a tabled version, from its canonical bytes."""
    return tuple(
        TabledItem(
            id=UUID(item.item_id),
            position=item.position,
            title=item.title,
            kind=ItemKind(agenda_pb2.ItemKind.Name(item.kind).removeprefix("ITEM_KIND_")),
            purpose=ItemPurpose(agenda_pb2.ItemPurpose.Name(item.purpose).removeprefix("ITEM_PURPOSE_")),
            leads=tuple((lead.party, lead.organisation) for lead in item.leads),
            minutes=item.minutes,
            commitments=tuple(item.commitments),
            theme=item.theme,
            references=tuple(_read_reference(reference) for reference in item.references),
            action_ids=tuple(UUID(action_id) for action_id in item.action_ids),
            marking=item.marking,
        )
        for item in read_tabled_agenda(payload).items
    )


def _read_reference(reference: agenda_pb2.AssessmentReference) -> TabledReference:
    rendition = release_pb2.Rendition.Name(reference.rendition).removeprefix("RENDITION_")
    mode = release_pb2.ReleaseMode.Name(reference.mode).removeprefix("RELEASE_MODE_")
    return TabledReference(
        assessment_id=UUID(reference.assessment_id),
        revision=reference.revision,
        rendition=Rendition(rendition),
        mode=Mode(mode),
        title=reference.title,
    )
