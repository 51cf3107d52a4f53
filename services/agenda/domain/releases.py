"""Answers to "may every party have these exact texts?", and what an item may then be tabled with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.agenda.domain.assembly.refusals import MinutesInvalid
from services.agenda.domain.items import DraftItem, TabledItem, TabledReference, check_reserved
from services.agenda.domain.protection import require_joint, require_protection
from services.agenda.domain.references import AssessmentState, Reference
from services.agenda.domain.refusals import ReferenceNotReleasable, ReferenceStale
from services.kernel.markings.banner import parse
from services.kernel.markings.marking import Marking
from services.kernel.policy import Policy
from services.kernel.series import Series


@dataclass(frozen=True, slots=True)
class ReleaseDecision:
    """A stored decision for one party. `document` is the whole record, in proto JSON."""

    decision_id: str
    party: str
    allowed: bool
    rule_id: str
    explanation: str
    reference: Reference
    marking: Marking | None
    evaluated_at: datetime
    document: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class TextAnswer:
    """The decisions on one text; `title` is what every party may see, where every party is allowed."""

    reference: Reference
    allowed: bool
    decisions: tuple[ReleaseDecision, ...]
    title: str
    state: AssessmentState

    @classmethod
    def of_nothing(cls, reference: Reference) -> "TextAnswer":
        """The answer on a text that is not to be had: nobody is allowed, and nobody decided."""
        return cls(reference, allowed=False, decisions=(), title="", state=AssessmentState.SUPERSEDED)


@dataclass(frozen=True, slots=True)
class StatedJudgement:
    """One judgement of an assessment. `likelihood` is a scale and a term of it, None where not stated; a
    confidence not stated is empty.
    """

    id: str
    likelihood: tuple[str, str] | None
    confidence: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """An assessment that could be taken up, with the rendition that every party may have, if any."""

    assessment_id: str
    revision: int
    title: str
    joint_title: str
    joint_rendition: str
    themes: tuple[tuple[str, str], ...]
    agency: str
    published_at: datetime | None
    decisions: tuple[ReleaseDecision, ...]
    judgements: tuple[StatedJudgement, ...] = ()


@dataclass(frozen=True, slots=True)
class SeenAssessment:
    """An assessment as one reader may see it."""

    assessment_id: str
    title: str
    state: str
    published_at: datetime | None
    revision: int = 0


_CHECK = "the draft's releasability says which revision, rendition or consent would do"


def allowed_text(item: DraftItem, answer: TextAnswer, parties: Sequence[str]) -> TabledReference:
    """The reference as every party may see it.

    Raises `ReferenceStale` where the revision no longer stands, and `ReferenceNotReleasable` unless
    there is an allowing decision on exactly this text for every party.
    """
    reference = answer.reference
    named = {"item_id": str(item.id), "assessment_id": str(reference.assessment_id)}
    if answer.state is not AssessmentState.ACTIVE:
        raise ReferenceStale(
            "the revision no longer stands", state=answer.state.value, what_to_do=_CHECK, **named
        )
    for party in parties:
        found = [entry for entry in answer.decisions if entry.party == party]
        denial = next((entry for entry in found if not entry.allowed), None)
        if denial is not None:
            raise ReferenceNotReleasable(
                denial.explanation, rule_id=denial.rule_id, party=party, what_to_do=_CHECK, **named
            )
        if not any(entry.reference == reference for entry in found):
            raise ReferenceNotReleasable(
                "there is no decision on this text", rule_id="NO_DECISION", party=party, **named
            )
    if not answer.allowed:
        raise ReferenceStale("the revision is no longer current", what_to_do=_CHECK, **named)
    return TabledReference(
        assessment_id=reference.assessment_id,
        revision=reference.revision,
        rendition=reference.rendition,
        mode=reference.mode,
        title=answer.title,
    )


def tabled_items(
    items: Sequence[DraftItem],
    answers: Mapping[Reference, TextAnswer],
    *,
    marking: str,
    series: Series,
    policy: Policy,
    draft_id: UUID,
    at: datetime,
) -> tuple[TabledItem, ...]:
    """The items as they go on the table.

    Raises `MinutesInvalid`, `ReferenceNotReleasable`, `ReferenceStale`, `MarkingTooLow`, `AboveCeiling` or
    `MarkingNotForAllParties`.
    """
    whole = parse(marking)
    require_joint(whole, series, policy, "/marking", at=at, text=draft_id)
    tabled = []
    for position, item in enumerate(items, start=1):
        content = item.content
        if content.minutes < 1:
            raise MinutesInvalid(
                f"item {position} has no minutes",
                pointer=f"/items/{position - 1}/minutes",
                item_id=str(item.id),
            )
        check_reserved(content, series, policy, f"/items/{position - 1}")
        chosen = [answers[reference] for reference in content.references]
        references = tuple(allowed_text(item, answer, series.parties) for answer in chosen)
        rests_on = [
            decision.marking
            for answer in chosen
            for decision in answer.decisions
            if decision.marking is not None
        ]
        own = parse(content.marking)
        require_protection(own, rests_on, f"item {position}", f"/items/{position - 1}/marking")
        require_protection(whole, [own], "the agenda", "/marking")
        tabled.append(
            TabledItem(
                id=item.id,
                position=position,
                title=content.title,
                kind=content.kind,
                purpose=content.purpose,
                leads=tuple(sorted(content.leads.items())),
                minutes=content.minutes,
                commitments=content.commitments,
                theme=content.theme,
                references=references,
                action_ids=item.action_ids,
                marking=content.marking,
            )
        )
    return tuple(tabled)
