"""Who may see an action and its evidence: the one decision rule, on the markings they carry.

An action's text is joint: every party agreed to it, so no party is a stranger to its TLP label. A
national marking in it keeps its owner's rules.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from services.actions.domain.action import Action
from services.actions.domain.evidence import Attestation, Evidence, changes_since, standing
from services.actions.domain.lead_officials import shown_to
from services.actions.domain.states import State
from services.kernel.joint_text import decide_joint_text
from services.kernel.markings.banner import parse
from services.kernel.markings.marking import Marking
from services.kernel.parties import Reader, Role
from services.kernel.policy import Policy
from services.kernel.refusals import NoAccess, Refusal

READERS = frozenset({Role.SECRETARIAT, Role.CHAIR, Role.OWNER, Role.LEADERSHIP, Role.AUDITOR})
"""Roles that read the actions of a series."""
WATCHERS = frozenset({Role.SECRETARIAT, Role.CHAIR, Role.LEADERSHIP})
"""Roles that read the status feed of their party."""


def may_see(action: Action, party: str, policy: Policy, now: datetime) -> bool:
    """Whether the action may be handed to a party of its series. Unknown means no."""
    return _may_have(action.id, action.marking, None, party, action.series, policy, now)


def may_see_marked(text: UUID, marking: str, party: str, series: str, policy: Policy, now: datetime) -> bool:
    """The same of any action of the series under a marking: an action's own id decides nothing."""
    return _may_have(text, marking, None, party, series, policy, now)


def may_see_all(action: Action, policy: Policy, now: datetime) -> bool:
    """Whether every party of its series may have the action, so that another may name it to all."""
    return all(may_see(action, party, policy, now) for party in policy.get_series(action.series).parties)


def may_see_evidence(action: Action, evidence: Evidence, party: str, policy: Policy, now: datetime) -> bool:
    """Whether an item of evidence may be handed to a party. Its organisation always sees its own."""
    author = (evidence.party, evidence.organisation)
    return _may_have(evidence.id, evidence.marking, author, party, action.series, policy, now)


def joint_evidence(
    action: Action, items: Iterable[Evidence], policy: Policy, now: datetime
) -> frozenset[UUID]:
    """Ids of the items that every party of the series may read: on them alone closure and rating rest."""
    series = policy.series.get(action.series)
    parties = () if series is None else series.parties
    return frozenset(
        item.id
        for item in items
        if parties and all(may_see_evidence(action, item, party, policy, now) for party in parties)
    )


def joint_view(action: Action, policy: Policy, now: datetime) -> Action:
    """The action with what every party of its series may read, and nothing else."""
    joint = joint_evidence(action, action.evidence, policy, now)
    return _narrowed(action, None, [item for item in action.evidence if item.id in joint])


def seen_by(action: Action, reader: Reader, policy: Policy, now: datetime) -> Action:
    """The action with the evidence, and the officials, that the reader may see.

    Raises `NoAccess` for one who may not see the action at all.
    """
    if not (policy.roles(reader, action.series) & READERS and may_see(action, reader.party, policy, now)):
        raise NoAccess(f"action {action.id}")
    joint = joint_evidence(action, action.evidence, policy, now)
    seen = [
        item
        for item in action.evidence
        if item.organisation == reader.organisation
        or may_see_evidence(action, item, reader.party, policy, now)
    ]
    judged = tuple(_judged(entry, action, joint, now) for entry in action.confirmations)
    claim = None if action.claim is None else _judged(action.claim, action, joint, now)
    return _narrowed(replace(action, claim=claim, confirmations=judged), reader.party, seen)


def _judged(entry: Attestation, action: Action, joint: frozenset[UUID], now: datetime) -> Attestation:
    """What a signature is worth while the claim waits; what was closed stays as it was signed."""
    if action.state is not State.COMPLETION_CLAIMED:
        return entry
    return replace(
        entry,
        holds=entry.evidence == standing(action.evidence, now.date(), joint),
        changes=changes_since(entry.evidence, action.evidence, now.date(), joint),
    )


def _narrowed(action: Action, party: str | None, evidence: list[Evidence]) -> Action:
    """The action with these items alone, wherever it names any, and one party's officials at most."""
    ids = {item.id for item in evidence}

    def narrowed(entry: Attestation) -> Attestation:
        return replace(
            entry,
            evidence=tuple(one for one in entry.evidence if one.id in ids),
            changes=tuple(one for one in entry.changes if one.id in ids),
        )

    return replace(
        action,
        evidence=tuple(evidence),
        lead_officials=shown_to(action.lead_officials, party),
        claim=None if action.claim is None else narrowed(action.claim),
        confirmations=tuple(map(narrowed, action.confirmations)),
    )


def _may_have(
    text: UUID,
    banner: str,
    author: tuple[str, str] | None,
    party: str,
    series_id: str,
    policy: Policy,
    now: datetime,
) -> bool:
    series = policy.series.get(series_id)
    marking = _read(banner)
    if series is None or marking is None or party not in series.parties:
        return False
    return decide_joint_text(text, marking, party, series, policy=policy, now=now, author=author).allowed


def _read(banner: str) -> Marking | None:
    try:
        return parse(banner)
    except Refusal:
        return None
