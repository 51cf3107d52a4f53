"""Who may see an action and its evidence: the one decision rule, on the markings they carry.

An action's text is joint: every party agreed to it, so no party is a stranger to its TLP label. A
national marking in it keeps its owner's rules.
"""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from services.actions.domain.action import Action, Evidence
from services.kernel.markings.banner import parse
from services.kernel.markings.marking import Marking
from services.kernel.parties import Reader, Role
from services.kernel.policy import Policy
from services.kernel.refusals import NoAccess, Refusal
from services.kernel.releasability import decide
from services.kernel.release_terms import (
    Authorship,
    Mode,
    Occasion,
    Rendition,
    RevisionState,
    TextUnderDecision,
)
from services.kernel.series import Series

READERS = frozenset({Role.SECRETARIAT, Role.CHAIR, Role.OWNER, Role.LEADERSHIP, Role.AUDITOR})
"""Roles that read the actions of a series."""
WATCHERS = frozenset({Role.SECRETARIAT, Role.CHAIR, Role.LEADERSHIP})
"""Roles that read the status feed of their party."""


def may_see(action: Action, party: str, policy: Policy, now: datetime) -> bool:
    """Whether the action may be handed to a party of its series. Unknown means no."""
    series = policy.series.get(action.series)
    marking = _read(action.marking)
    if series is None or marking is None or party not in series.parties:
        return False
    author = next((policy.owners[m.system] for m in marking.national if m.system in policy.owners), party)
    if author not in series.parties:
        return False
    writer = series.quorum[author][0]
    return _releasable(action.id, marking, (author, writer), party, series, policy, now)


def may_see_evidence(action: Action, evidence: Evidence, party: str, policy: Policy, now: datetime) -> bool:
    """Whether an item of evidence may be handed to a party. Its organisation always sees its own."""
    series = policy.series.get(action.series)
    marking = _read(evidence.marking)
    if series is None or marking is None or party not in series.parties:
        return False
    author = (evidence.party, evidence.organisation)
    return _releasable(evidence.id, marking, author, party, series, policy, now)


def seen_by(action: Action, reader: Reader, policy: Policy, now: datetime) -> Action:
    """The action with the evidence that the reader may see.

    Raises `NoAccess` for one who may not see the action at all.
    """
    if not (policy.roles(reader, action.series) & READERS and may_see(action, reader.party, policy, now)):
        raise NoAccess(f"action {action.id}")
    return replace(
        action,
        evidence=tuple(
            item
            for item in action.evidence
            if item.organisation == reader.organisation
            or may_see_evidence(action, item, reader.party, policy, now)
        ),
    )


def _releasable(
    text: UUID,
    marking: Marking,
    author: tuple[str, str],
    party: str,
    series: Series,
    policy: Policy,
    now: datetime,
) -> bool:
    decision = decide(
        TextUnderDecision(
            assessment_id=text,
            revision=1,
            rendition=Rendition.FULL,
            marking=marking,
            originator_party=author[0],
            originator_organisation=author[1],
            state=RevisionState.CURRENT,
            authorship=Authorship.SECRETARIAT,
            derived_from=(),
        ),
        party,
        Occasion(series.parties, series.ceiling, now),
        Mode.RELEASE,
        policy=policy,
        consents=(),
        now=now,
    )
    return decision.allowed


def _read(banner: str) -> Marking | None:
    try:
        return parse(banner)
    except Refusal:
        return None
