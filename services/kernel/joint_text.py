"""Whether joint text may be handed to a party of the series whose parties wrote it together.

No party is a stranger to the TLP label of what it agreed to. A national marking in joint text keeps its
owner's rules. Deny by default.
"""

from datetime import datetime
from uuid import UUID

from services.kernel.markings.marking import Marking
from services.kernel.parties import Authorship
from services.kernel.policy import Policy
from services.kernel.releasability import decide
from services.kernel.release_terms import (
    Decision,
    Mode,
    Occasion,
    Rendition,
    RevisionState,
    TextUnderDecision,
)
from services.kernel.series import Series


def decide_joint_text(
    text: UUID,
    marking: Marking,
    party: str,
    series: Series,
    *,
    policy: Policy,
    now: datetime,
    author: tuple[str, str] | None = None,
) -> Decision:
    """The decision on handing joint text over now. `author` is (party, organisation) where one wrote it."""
    return decide(
        _joint(text, marking, author or _author(marking, party, series, policy)),
        party,
        Occasion(series.parties, series.ceiling, now),
        Mode.RELEASE,
        policy=policy,
        consents=(),
        now=now,
    )


def _author(marking: Marking, party: str, series: Series, policy: Policy) -> tuple[str, str]:
    """The owner of the national marking, and the reader's own party where there is none."""
    owners = [policy.owners[entry.system] for entry in marking.national if entry.system in policy.owners]
    writer = owners[0] if owners else party
    return writer, series.quorum[writer][0] if writer in series.quorum else ""


def _joint(text: UUID, marking: Marking, author: tuple[str, str]) -> TextUnderDecision:
    return TextUnderDecision(
        assessment_id=text,
        revision=1,
        rendition=Rendition.FULL,
        marking=marking,
        originator_party=author[0],
        originator_organisation=author[1],
        state=RevisionState.CURRENT,
        authorship=Authorship.SECRETARIAT,
        derived_from=(),
    )
