"""What tests of release start from: the shipped policy, texts, occasions and consents."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from uuid import UUID

from services.chassis.documents import read_documents
from services.kernel.identifiers import assessment_id, meeting_id
from services.kernel.markings.levels import Level
from services.kernel.markings.marking import Marking
from services.kernel.policy import Policy
from services.kernel.releasability import (
    Authorship,
    Consent,
    Mode,
    Occasion,
    Rendition,
    RevisionState,
    TextUnderDecision,
)

POLICY_FOLDER = Path(__file__).parents[2] / "deploy" / "policy"
NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
MEETING_TIME = NOW + timedelta(days=30)
UK_EU = meeting_id("uk-eu", "2026")
CMR = meeting_id("uk-us-cmr", "2026")
ASSESSMENT = assessment_id("ncsc", "NCSC-2026-001")
NEVER_LAPSES = datetime(2099, 1, 1, tzinfo=UTC)


@lru_cache(maxsize=1)
def shipped_policy() -> Policy:
    """The policy as it is shipped in `deploy/policy`."""
    return Policy.from_documents(read_documents(POLICY_FOLDER))


def text(
    marking: Marking | None,
    *,
    party: str = "UK",
    organisation: str = "NCSC",
    rendition: Rendition = Rendition.FULL,
    state: RevisionState = RevisionState.CURRENT,
    parent_has_national: bool = False,
    marking_rule: str | None = None,
    authorship: Authorship = Authorship.AGENCY,
    derived_from: tuple[TextUnderDecision, ...] | None = None,
) -> TextUnderDecision:
    """A current assessment of a UK agency, unless said otherwise."""
    return TextUnderDecision(
        assessment_id=ASSESSMENT,
        revision=1,
        rendition=rendition,
        marking=marking,
        originator_party=party,
        originator_organisation=organisation,
        state=state,
        parent_has_national=parent_has_national,
        marking_rule=marking_rule,
        authorship=authorship,
        derived_from=derived_from,
    )


def occasion(
    *parties: str,
    ceiling: str = "UK SECRET",
    used_at: datetime = MEETING_TIME,
    meeting: UUID | None = UK_EU,
) -> Occasion:
    """A meeting in a month's time whose ceiling admits SECRET, unless said otherwise."""
    return Occasion(parties, Level.parse(ceiling), used_at, meeting)


def consents(
    originator: str,
    *parties: str,
    mode: Mode = Mode.RELEASE,
    meeting: UUID | None = UK_EU,
    revision: int = 1,
    rendition: Rendition = Rendition.FULL,
    expires_at: datetime = NEVER_LAPSES,
) -> tuple[Consent, ...]:
    """The originator's consent to the same use by each of the parties."""
    return tuple(
        Consent(
            originator=originator,
            party=party,
            mode=mode,
            assessment_id=ASSESSMENT,
            revision=revision,
            rendition=rendition,
            meeting=meeting,
            expires_at=expires_at,
        )
        for party in parties
    )
