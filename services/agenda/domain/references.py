"""References to assessments: the exact text an item rests on, and whether it still stands."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from services.kernel.release_terms import Mode, Rendition


class AssessmentState(StrEnum):
    """What the owner of the assessments says of one."""

    ACTIVE = "ACTIVE"
    SUPERSEDED = "SUPERSEDED"
    WITHDRAWN = "WITHDRAWN"
    EXPIRED = "EXPIRED"
    CONFLICTED = "CONFLICTED"


class ReferenceState(StrEnum):
    CURRENT = "CURRENT"
    STALE = "STALE"
    WITHDRAWN = "WITHDRAWN"


@dataclass(frozen=True, slots=True)
class Reference:
    """One text: an assessment in one revision and rendition, to be shown or to be handed over."""

    assessment_id: UUID
    revision: int
    rendition: Rendition
    mode: Mode


@dataclass(frozen=True, slots=True)
class AssessmentStanding:
    """The newest that is known of an assessment; `aggregate_version` guards against what is older."""

    assessment_id: UUID
    state: AssessmentState
    revision: int
    aggregate_version: int
    traceparent: str | None = None


@dataclass(frozen=True, slots=True)
class ReleaseStanding:
    """What was decided last on a text for a meeting. An older decision never replaces a later one."""

    meeting_id: UUID
    reference: Reference
    allowed: bool
    evaluated_at: datetime


def reference_state(revision: int, standing: AssessmentStanding | None) -> ReferenceState:
    """Whether a revision still stands.

    News may lag behind a decision just made: a reference newer than the news is current, save where the
    news is of a withdrawal.
    """
    if standing is None:
        return ReferenceState.CURRENT
    if standing.state is AssessmentState.WITHDRAWN:
        return ReferenceState.WITHDRAWN
    if standing.revision > revision:
        return ReferenceState.STALE
    if standing.revision == revision and standing.state is not AssessmentState.ACTIVE:
        return ReferenceState.STALE
    return ReferenceState.CURRENT
