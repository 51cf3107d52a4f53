"""What callers are shown of evidence over REST, and of what is expected of it."""

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.actions.domain import evidence as domain
from services.actions.domain import expected_evidence, owners
from services.actions.domain.expected_evidence import Presence
from services.kernel.evidence import EvidenceKind


class Model(BaseModel):
    model_config = ConfigDict(frozen=True)


class Objection(Model):
    party: str
    organisation: str
    official: str
    at: datetime
    reason: str


class Evidence(Model):
    evidence_id: UUID
    revision: int
    kind: EvidenceKind
    title: str
    description: str
    uri: str = Field(description="Where the material lies; empty where the text is all of it")
    text: str
    digest: str | None
    marking: str
    expires_on: date | None = Field(description="From that day on it shows nothing any more")
    answers: list[UUID] = Field(description="Ids of the expected evidence that it is shown for")
    party: str
    organisation: str
    submitted_by: str
    submitted_at: datetime
    withdrawn: Objection | None


class EvidenceChange(Model):
    evidence_id: UUID
    change: domain.Change


class ProposedEvidence(Model):
    """What a proposal would have expected."""

    id: UUID
    kind: EvidenceKind
    wording: str
    party: str = Field(description="The owning party that shows it; empty where any of them may")
    due: date


class ExpectedEvidence(ProposedEvidence):
    """Evidence that the parties agreed to be shown, beside what was."""

    first_due: date = Field(description="The day first agreed for it, against which it is late")
    presence: Presence
    late: bool = Field(description="Its day has passed, and it is not there")
    evidence: list[UUID] = Field(description="Items that answer it and that every party may read")


def show_evidence(item: domain.Evidence) -> Evidence:
    return Evidence(
        evidence_id=item.id,
        revision=item.revision,
        kind=item.kind,
        title=item.title,
        description=item.description,
        uri=item.uri,
        text=item.text,
        digest=item.digest or None,
        marking=item.marking,
        expires_on=item.expires_on,
        answers=list(item.answers),
        party=item.party,
        organisation=item.organisation,
        submitted_by=item.submitted_by,
        submitted_at=item.submitted_at,
        withdrawn=show_objection(item.withdrawn),
    )


def show_proposed(one: expected_evidence.ExpectedEvidence) -> ProposedEvidence:
    return ProposedEvidence(id=one.id, kind=one.kind, wording=one.wording, party=one.party, due=one.due)


def show_expected(found: expected_evidence.Expectation) -> ExpectedEvidence:
    one = found.expected
    return ExpectedEvidence(
        **dict(show_proposed(one)),
        first_due=one.promised,
        presence=found.presence,
        late=found.late,
        evidence=list(found.shown),
    )


def show_objection(objection: owners.Objection | None) -> Objection | None:
    if objection is None:
        return None
    return Objection(
        party=objection.by.party,
        organisation=objection.by.organisation,
        official=objection.by.official,
        at=objection.by.at,
        reason=objection.reason,
    )
