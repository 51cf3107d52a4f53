"""Routes of a party's own ranking."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel

from services.agenda.domain.permissions import Command
from services.agenda.domain.ranking.explaining import Crossing, Explanation, SourceWorth, points
from services.agenda.domain.ranking.scoring import Contribution, Ranked
from services.agenda.domain.releases import Candidate
from services.agenda.domain.wording import LONGEST_ID, SUBJECT
from services.agenda.http.fields import SizeQuery, TokenQuery
from services.agenda.http.parts import Parts, permit_command, reader_of
from services.agenda.usecases.list_ranking import list_ranking
from services.agenda.usecases.rank_subjects import Ranking, explain_subject
from services.chassis.identity import Principal

router = APIRouter(prefix="/v1/meetings/{meeting_id}/ranking", tags=["ranking"])

Viewer = Annotated[Principal, Depends(permit_command(Command.READ_RANKING))]
SubjectPath = Annotated[str, Path(max_length=LONGEST_ID, pattern=SUBJECT)]


class RuleModel(BaseModel):
    """What one rule gives: `weight` points for each unit. `inputs` of `found` count."""

    rule: str
    weight: int
    points: str
    inputs: int
    found: int


class RankedModel(BaseModel):
    """`points` is the sum of the rules'. Of the assessments it rests on, `not_releasable` cannot go to every
    party in any rendition, and `in_tear_line` only as their tear line.
    """

    position: int
    subject: str
    kind: str
    title: str
    theme: str
    commitments: list[str]
    points: str
    rules: list[RuleModel]
    not_releasable: int
    in_tear_line: int


class RankingModel(BaseModel):
    """The caller's own party's, as of a day. `picture_as_of` is empty where there is no picture yet;
    `complete` is false where there were more assessments than could be looked at.
    """

    meeting_id: UUID
    party: str
    as_of: date
    weights_version: str
    picture_as_of: str
    complete: bool
    subjects: list[RankedModel]
    next_page_token: str


class InputModel(BaseModel):
    """`values` are the readings that the points come from."""

    source: str
    part: str
    points: str
    values: dict[str, str]


class ContributionModel(RuleModel):
    counted: list[InputModel]


class DenialModel(BaseModel):
    party: str
    rule_id: str
    explanation: str
    rendition: str
    mode: str


class SourceModel(BaseModel):
    """`loss` is by how many points less the subject would stand without the source; `itself` where it would
    not stand at all. Of an assessment: the rendition that may go to every party, its title in that
    rendition, and what was denied to whom.
    """

    source: str
    loss: str
    itself: bool
    title: str
    revision: int | None
    joint_rendition: str
    joint_title: str
    denials: list[DenialModel]


class ChangeModel(BaseModel):
    """SOURCE_GONE: the source `what` is not there. NEW_ASSESSMENTS: `amount` new ones on the theme `what`.
    WEIGHT: the rule `what` has `amount` points more. `moves`: by how much the two come closer.
    """

    kind: str
    what: str
    amount: int
    moves: str


class CrossingModel(BaseModel):
    """What would exchange the subject and its neighbour: the smallest change of each kind that does."""

    neighbour: str
    needs: str
    changes: list[ChangeModel]


class ExplanationModel(BaseModel):
    meeting_id: UUID
    party: str
    as_of: date
    weights_version: str
    picture_as_of: str
    complete: bool
    position: int
    subject: str
    kind: str
    title: str
    points: str
    contributions: list[ContributionModel]
    sources: list[SourceModel]
    rises: CrossingModel | None
    falls: CrossingModel | None


@router.get("")
async def of_meeting(
    principal: Viewer,
    meeting_id: UUID,
    parts: Parts,
    page_size: SizeQuery = 50,
    page_token: TokenQuery = "",
) -> RankingModel:
    """Further pages are of the day of the first."""
    ranking, shown, following = await list_ranking(
        reader_of(principal), meeting_id, page_size=page_size, page_token=page_token, parts=parts.ranking()
    )
    return RankingModel(
        meeting_id=meeting_id,
        party=ranking.party,
        as_of=ranking.as_of,
        weights_version=ranking.weights_version,
        picture_as_of=ranking.picture_as_of,
        complete=ranking.complete,
        subjects=[_ranked(entry, ranking) for entry in shown],
        next_page_token=following,
    )


@router.get("/{subject}")
async def of_subject(
    principal: Viewer, meeting_id: UUID, subject: SubjectPath, parts: Parts
) -> ExplanationModel:
    """Why a subject stands where it stands, and what would change that."""
    ranking, explanation = await explain_subject(
        reader_of(principal), meeting_id, subject, parts=parts.ranking()
    )
    return _explanation(ranking, explanation)


def _ranked(entry: Ranked, ranking: Ranking) -> RankedModel:
    return RankedModel(
        position=entry.position,
        subject=entry.subject.key,
        kind=entry.subject.kind.value,
        title=entry.subject.title,
        theme=entry.subject.theme,
        commitments=list(entry.subject.commitments),
        points=points(entry.score),
        rules=[_rule(part) for part in entry.contributions],
        not_releasable=len(ranking.held_back(entry)),
        in_tear_line=len(ranking.in_part(entry)),
    )


def _rule(part: Contribution) -> RuleModel:
    return RuleModel(
        rule=part.rule.value,
        weight=part.weight,
        points=points(part.score),
        inputs=len(part.counted),
        found=len(part.inputs),
    )


def _explanation(ranking: Ranking, explanation: Explanation) -> ExplanationModel:
    entry = explanation.ranked
    return ExplanationModel(
        meeting_id=ranking.meeting.id,
        party=ranking.party,
        as_of=ranking.as_of,
        weights_version=ranking.weights_version,
        picture_as_of=ranking.picture_as_of,
        complete=ranking.complete,
        position=entry.position,
        subject=entry.subject.key,
        kind=entry.subject.kind.value,
        title=entry.subject.title,
        points=points(entry.score),
        contributions=[_contribution(part) for part in entry.contributions],
        sources=[_source(worth, ranking.candidates.get(worth.source)) for worth in explanation.sources],
        rises=_crossing(explanation.rises),
        falls=_crossing(explanation.falls),
    )


def _contribution(part: Contribution) -> ContributionModel:
    counted = [
        InputModel(
            source=entry.source,
            part=entry.part,
            points=points(part.weight * entry.amount),
            values=dict(entry.values),
        )
        for entry in part.counted
    ]
    return ContributionModel(**_rule(part).model_dump(), counted=counted)


def _source(worth: SourceWorth, held: Candidate | None) -> SourceModel:
    return SourceModel(
        source=worth.source,
        loss=points(worth.loss),
        itself=worth.itself,
        title=held.title if held else "",
        revision=held.revision if held else None,
        joint_rendition=held.joint_rendition if held else "",
        joint_title=held.joint_title if held else "",
        denials=[
            DenialModel(
                party=decision.party,
                rule_id=decision.rule_id,
                explanation=decision.explanation,
                rendition=decision.reference.rendition.value,
                mode=decision.reference.mode.value,
            )
            for decision in (held.decisions if held else ())
            if not decision.allowed
        ],
    )


def _crossing(crossing: Crossing | None) -> CrossingModel | None:
    if crossing is None:
        return None
    return CrossingModel(
        neighbour=crossing.neighbour,
        needs=points(crossing.needs),
        changes=[
            ChangeModel(
                kind=change.kind.value, what=change.what, amount=change.amount, moves=points(change.moves)
            )
            for change in crossing.changes
        ],
    )
