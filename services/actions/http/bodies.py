"""What callers send over REST."""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt

from services.actions.domain.action import Rag
from services.actions.domain.expected_evidence import MOST_EXPECTED, ExpectedEvidence
from services.actions.domain.lead_officials import LONGEST_SUBJECT
from services.actions.domain.planning import LARGEST_WEIGHT, MOST_DEPENDENCIES, MOST_MILESTONES, Milestone
from services.actions.domain.proposals import ProposalKind, Terms
from services.actions.domain.texts import (
    LONGEST_ADDRESS,
    LONGEST_DESCRIPTION,
    LONGEST_MATERIAL,
    LONGEST_NARRATIVE,
    LONGEST_TITLE,
    MOST_EVIDENCE,
)
from services.actions.usecases.given_evidence import GivenEvidence
from services.kernel.evidence import EvidenceKind
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
    """The material lies at `uri`, or is the `text`; of a text alone the digest is taken here."""

    kind: EvidenceKind = EvidenceKind.DOCUMENTARY
    title: str = Field(min_length=1, max_length=LONGEST_TITLE)
    description: str = Field("", max_length=LONGEST_DESCRIPTION)
    uri: str = Field("", max_length=LONGEST_ADDRESS, description="https, http or urn")
    text: str = Field("", max_length=LONGEST_MATERIAL)
    digest: str | None = Field(None, max_length=71, description="sha256: and 64 hexadecimal digits")
    marking: str = Field(min_length=1, max_length=LONGEST_BANNER)
    expires_on: date | None = Field(None, description="From that day on it shows nothing any more")
    answers: list[UUID] = Field(
        default_factory=list,
        max_length=MOST_EXPECTED,
        description="Ids of the expected evidence that it is shown for",
    )

    def given(self) -> GivenEvidence:
        return GivenEvidence(
            self.title,
            self.description,
            self.uri,
            self.digest or "",
            self.marking,
            self.kind,
            self.text,
            self.expires_on,
            tuple(self.answers),
        )


class Confirmation(Body):
    evidence_digest: str = Field(
        "", max_length=71, description="Names the evidence looked at; needed where it is not as claimed"
    )


class ClosureFinding(Body):
    finding: str = Field(min_length=1, max_length=LONGEST_NARRATIVE)
    sustained: StrictBool


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


class LeadOfficialBody(Body):
    """Both empty where nobody leads any more."""

    post: str = Field(max_length=LONGEST_TITLE, description="All parties read it")
    subject: str = Field(
        "", max_length=LONGEST_SUBJECT, description="The id of whoever holds it; stays on the own side"
    )


class DependenciesBody(Body):
    depends_on: list[UUID] = Field(max_length=MOST_DEPENDENCIES)


class ExpectedBody(Body):
    """`party` is the owning one that shows it; empty where any of them may."""

    id: UUID
    kind: EvidenceKind
    wording: str = Field(min_length=1, max_length=LONGEST_DESCRIPTION)
    party: str = Field("", max_length=100)
    due: date

    def expected(self) -> ExpectedEvidence:
        return ExpectedEvidence(self.id, self.kind, self.wording, self.party, self.due)


class ProposalBody(Body):
    """`due_date` belongs to MOVE_DUE_DATE, `expected_evidence` (all of it) to EXPECT_EVIDENCE, `successor` (a
    reference) to SUPERSEDE, `meeting_id` to REOPEN.
    """

    kind: ProposalKind
    reason: str = Field(min_length=1, max_length=LONGEST_NARRATIVE)
    due_date: date | None = None
    successor: str = Field("", max_length=LONGEST_TITLE)
    meeting_id: str = Field("", max_length=LONGEST_TITLE)
    expected_evidence: list[ExpectedBody] = Field(default_factory=list, max_length=MOST_EXPECTED)

    def terms(self) -> Terms:
        expected = tuple(one.expected() for one in self.expected_evidence)
        return Terms(self.kind, self.reason, self.due_date, self.successor, self.meeting_id, expected)
