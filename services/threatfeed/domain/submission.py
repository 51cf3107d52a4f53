"""What became of a submission: one result for each assessment in it, for the agency's receipt."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TypeAlias, assert_never
from uuid import UUID

from services.kernel.refusals import Refusal
from services.threatfeed.domain.assessment import Assessment, Revision
from services.threatfeed.domain.revisions import Decision, Outcome


@dataclass(frozen=True, slots=True)
class Rejection:
    """One assessment that could not be read, beside its neighbours that could.

    `object_id` and `version` are the agency's own, where they could be read.
    """

    object_id: str | None
    version: str | None
    refusals: tuple[Refusal, ...]


Reading: TypeAlias = Revision | Rejection


def signed_by(key: str, readings: Iterable[Reading]) -> tuple[Reading, ...]:
    """The readings of a submission that is signed with a key."""
    return tuple(
        reading
        if isinstance(reading, Rejection)
        else replace(reading, source=replace(reading.source, signing_key=key))
        for reading in readings
    )


class ResultKind(StrEnum):
    """What an agency is told about one assessment."""

    ACCEPTED = "ACCEPTED"
    REVISED = "REVISED"
    DUPLICATE = "DUPLICATE"
    OLDER = "OLDER"
    WITHDRAWN = "WITHDRAWN"
    REVISION_CONFLICT = "REVISION_CONFLICT"
    REJECTED = "REJECTED"


@dataclass(frozen=True, slots=True)
class Result:
    """The result for one assessment, or for a whole submission of which nothing could be read.

    `marking_rule_id` names the rule under which an unmarked text was accepted.
    """

    kind: ResultKind
    object_id: str | None = None
    version: str | None = None
    assessment_id: UUID | None = None
    revision: int | None = None
    refusals: tuple[Refusal, ...] = ()
    marking_rule_id: str | None = None


def result_of_decision(decision: Decision) -> Result:
    """The result for an assessment that could be read."""
    revision = decision.incoming
    return Result(
        kind=_kind(decision.outcome),
        object_id=revision.source.object_id,
        version=revision.source.version.text,
        assessment_id=revision.assessment_id,
        revision=decision.revision,
        refusals=() if decision.refusal is None else (decision.refusal,),
        marking_rule_id=revision.marking_rule_id if isinstance(revision, Assessment) else None,
    )


def result_of_rejection(rejection: Rejection) -> Result:
    """The result for an assessment that could not be read."""
    return Result(
        kind=ResultKind.REJECTED,
        object_id=rejection.object_id,
        version=rejection.version,
        refusals=rejection.refusals,
    )


def result_of_refusal(refusal: Refusal) -> Result:
    """The result for a whole submission that was refused."""
    return Result(kind=ResultKind.REJECTED, refusals=(refusal,))


def _kind(outcome: Outcome) -> ResultKind:
    match outcome:
        case Outcome.ACCEPTED:
            return ResultKind.ACCEPTED
        case Outcome.REVISED:
            return ResultKind.REVISED
        case Outcome.OLDER:
            return ResultKind.OLDER
        case Outcome.DUPLICATE | Outcome.UNCHANGED:
            return ResultKind.DUPLICATE
        case Outcome.WITHDRAWN:
            return ResultKind.WITHDRAWN
        case Outcome.CONFLICT:
            return ResultKind.REVISION_CONFLICT
        case _:
            assert_never(outcome)
