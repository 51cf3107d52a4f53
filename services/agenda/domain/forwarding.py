"""An item goes to another body of the same party: as a proposal there, with what became of it here."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from uuid import UUID

from services.agenda.domain.items import ItemContent
from services.agenda.domain.meeting import Meeting, MeetingLevel
from services.agenda.domain.outcome_kinds import RETURNING, OutcomeKind
from services.agenda.domain.references import Reference
from services.agenda.domain.refusals import ItemNotPutOff, ReferenceNotReleasable, SameMeeting, SameSeries
from services.agenda.domain.releases import TextAnswer
from services.agenda.domain.remedies import Advice
from services.kernel.series import ItemKind


class OriginKind(StrEnum):
    DRAFT_ITEM = "DRAFT_ITEM"
    """A line of the own draft; it stays there."""
    AGENDA_ITEM = "AGENDA_ITEM"
    """An item of the agreed agenda that the meeting deferred or did not reach."""


@dataclass(frozen=True, slots=True)
class PastStep:
    """What an edition made of the item."""

    outcome_id: UUID
    meeting_id: UUID
    edition: int
    kind: OutcomeKind
    reason: str


@dataclass(frozen=True, slots=True)
class ItemForward:
    """A proposal that was made of an item, and the meeting that it is for."""

    proposal_id: UUID
    series: str
    meeting_id: UUID


@dataclass(frozen=True, slots=True)
class ItemOrigin:
    """Where a forwarded item stands: in a draft or an agenda (`source_id`) of a meeting. `history` has every
    agreed outcome of it, the oldest first.
    """

    kind: OriginKind
    series: str
    meeting_id: UUID
    source_id: UUID
    item_id: UUID
    history: tuple[PastStep, ...]


@dataclass(frozen=True, slots=True)
class Forwarding:
    """How the item is to be put to the other body. What is None is as it was, save that commitments and leads
    are of a series: in another one they are left out.
    """

    rationale: str
    title: str | None = None
    marking: str | None = None
    commitments: tuple[str, ...] | None = None
    leads: Mapping[str, str] | None = None
    references: tuple[Reference, ...] | None = None

    def content(self, item: ItemContent, *, same_series: bool) -> ItemContent:
        """A standing item is one of its own series' template: elsewhere it is one of substance."""
        return replace(
            item,
            title=item.title if self.title is None else self.title,
            marking=item.marking if self.marking is None else self.marking,
            kind=ItemKind.SUBSTANTIVE if item.kind is ItemKind.STANDING else item.kind,
            commitments=(item.commitments if same_series else ())
            if self.commitments is None
            else self.commitments,
            leads=(item.leads if same_series else {}) if self.leads is None else self.leads,
            references=item.references if self.references is None else self.references,
        )


def require_other_body(source: Meeting, destination: Meeting) -> None:
    """Raises `SameMeeting`, or `SameSeries` from one edition to another, where what is put off comes back by
    itself.
    """
    if source.id == destination.id:
        raise SameMeeting("the item is on that meeting", pointer="/meeting_id")
    editions = {source.level, destination.level} == {MeetingLevel.EDITION}
    if editions and source.series == destination.series:
        raise SameSeries("what is put off comes back to the next edition by itself", pointer="/meeting_id")


def require_put_off(kind: OutcomeKind | None) -> None:
    """`kind` is that of the agreed outcome. Raises `ItemNotPutOff`."""
    if kind not in RETURNING:
        raise ItemNotPutOff("the meeting has neither deferred the item nor left it unreached")


def refused_text(
    reference: Reference, answer: TextAnswer | None, advice: tuple[Advice, ...]
) -> ReferenceNotReleasable:
    """To be raised for a text that the participants of the other body may not all have, with the text that
    they may, where there is one.
    """
    denial = next((one for one in answer.decisions if not one.allowed), None) if answer else None
    offered = next((one.reference for one in advice if one.reference is not None), None)
    named = {"assessment_id": str(reference.assessment_id)}
    if denial is not None:
        named["party"] = denial.party
    if offered is not None:
        named["offered_revision"] = str(offered.revision)
        named["offered_rendition"] = offered.rendition.value
        named["offered_mode"] = offered.mode.value
    return ReferenceNotReleasable(
        denial.explanation if denial else "the text is not to be had for that meeting",
        pointer="/references",
        rule_id=denial.rule_id if denial else "NO_DECISION",
        what_to_do="; ".join(one.words for one in advice),
        **named,
    )
