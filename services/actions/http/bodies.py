"""What callers send over REST."""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StrictInt

from services.actions.domain.action import Rag
from services.actions.domain.planning import LARGEST_WEIGHT, MOST_DEPENDENCIES, MOST_MILESTONES, Milestone
from services.actions.domain.proposals import ProposalKind, Terms
from services.actions.domain.texts import (
    LONGEST_ADDRESS,
    LONGEST_DESCRIPTION,
    LONGEST_NARRATIVE,
    LONGEST_TITLE,
    MOST_EVIDENCE,
)
from services.kernel.markings.banner import LONGEST_BANNER

Narrative = Annotated[str, Field(max_length=LONGEST_NARRATIVE)]


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Nothing(Body):
    """Nothing needs to be said."""


class Progress(Body):
    rag: Rag
    narrative: Narrative = ""


class NewEvidence(Body):
    title: str = Field(min_length=1, max_length=LONGEST_TITLE)
    description: str = Field("", max_length=LONGEST_DESCRIPTION)
    uri: str = Field(min_length=1, max_length=LONGEST_ADDRESS, description="https, http or urn")
    digest: str | None = Field(None, description="sha256: and 64 hexadecimal digits, for a file")
    marking: str = Field(min_length=1, max_length=LONGEST_BANNER)


class CompletionClaim(Body):
    evidence: list[NewEvidence] = Field(max_length=MOST_EVIDENCE)
    narrative: Narrative = ""


class Reason(Body):
    reason: str = Field(min_length=1, max_length=LONGEST_NARRATIVE)


class Finding(Body):
    finding: str = Field(min_length=1, max_length=LONGEST_NARRATIVE)


class MilestoneBody(Body):
    id: UUID
    title: str = Field(min_length=1, max_length=LONGEST_TITLE)
    weight: Annotated[StrictInt, Field(ge=1, le=LARGEST_WEIGHT)]
    due: date

    def milestone(self) -> Milestone:
        return Milestone(self.id, self.title, self.weight, self.due)


class PlanBody(Body):
    milestones: list[MilestoneBody] = Field(max_length=MOST_MILESTONES)


class DependenciesBody(Body):
    depends_on: list[UUID] = Field(max_length=MOST_DEPENDENCIES)


class ProposalBody(Body):
    """`due_date` belongs to MOVE_DUE_DATE, `successor` (a reference) to SUPERSEDE, `meeting_id` to REOPEN."""

    kind: ProposalKind
    reason: str = Field(min_length=1, max_length=LONGEST_NARRATIVE)
    due_date: date | None = None
    successor: str = Field("", max_length=LONGEST_TITLE)
    meeting_id: str = Field("", max_length=LONGEST_TITLE)

    def terms(self) -> Terms:
        return Terms(self.kind, self.reason, self.due_date, self.successor, self.meeting_id)
