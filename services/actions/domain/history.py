"""What one version of an action changed of the one before, in words.

Only what all parties are shown of an action is named here; what is not listed is not told.
"""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from services.actions.domain.action import Action
from services.actions.domain.evidence import Evidence, expired
from services.actions.domain.owners import Objection, Signature

EVIDENCE = "evidence"
_LASTED = {True: "sustained", False: "not sustained"}
_EDITION = re.compile(r"-(\d{4})-")


@dataclass(frozen=True, slots=True)
class FieldChange:
    """What a member of an action lost and gained. Of `evidence`, each begins with the id of an item."""

    field: str
    before: tuple[str, ...]
    after: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """What somebody changed of an action. `party` is None for what the service did by itself."""

    action_id: UUID
    at: datetime
    kind: str
    actor: str
    party: str | None
    fields: tuple[FieldChange, ...]

    def seen(self, evidence: Collection[UUID]) -> "Change | None":
        """As one may see it who may see these items of evidence; None where nothing of it may be seen."""
        visible = {str(identity) for identity in evidence}
        fields = tuple(_without(entry, visible) for entry in self.fields)
        shown = tuple(entry for entry in fields if entry.before or entry.after)
        return replace(self, fields=shown) if shown else None


def changes(before: Action | None, after: Action) -> tuple[FieldChange, ...]:
    """What differs, each member in the order of the table; the opening is a change from nothing."""
    found = []
    for name, words in _WORDS.items():
        old, new = words(before) if before is not None else [], words(after)
        lost = tuple(word for word in old if word not in new)
        gained = tuple(word for word in new if word not in old)
        if lost or gained:
            found.append(FieldChange(name, lost, gained))
    return tuple(found)


def edition_of(reference: str) -> int | None:
    """The year in a reference such as UKEU-2026-A01."""
    found = _EDITION.search(reference)
    return int(found.group(1)) if found else None


def _without(change: FieldChange, visible: Collection[str]) -> FieldChange:
    if change.field != EVIDENCE:
        return change
    return replace(
        change,
        before=tuple(entry for entry in change.before if entry.partition(" ")[0] in visible),
        after=tuple(entry for entry in change.after if entry.partition(" ")[0] in visible),
    )


def _objection(objection: Objection | None) -> list[str]:
    return [] if objection is None else [f"{_signature(objection.by)}: {objection.reason}"]


def _evidence(item: Evidence, action: Action) -> str:
    words = f"{item.id} revision {item.revision}"
    if item.withdrawn is not None:
        return f"{words}, withdrawn: {item.withdrawn.reason}"
    return f"{words}, expired on {item.expires_on}" if expired(item, action.expiries_noted_on) else words


def _signature(signature: Signature) -> str:
    return f"{signature.party} {signature.organisation} {signature.official}"


_WORDS: dict[str, Callable[[Action], list[str]]] = {
    "state": lambda action: [action.state.value],
    "due_date": lambda action: [action.due_date.isoformat()],
    "due_date_changes": lambda action: [
        f"{move.from_date} to {move.to_date}, requested by {move.requested_by}: {move.reason}"
        for move in action.due_date_changes
    ],
    "rag": lambda action: [] if action.rag is None else [action.rag.value],
    "reported_at": lambda action: [] if action.reported_at is None else [action.reported_at.isoformat()],
    "narrative": lambda action: [action.narrative] if action.narrative else [],
    "declined": lambda action: _objection(action.declined),
    "blocked": lambda action: _objection(action.blocked),
    "milestones": lambda action: [
        f"{step.title}, weight {step.weight}, due {step.due}"
        + (", reached" if step.reached_at is not None else "")
        for step in action.plan
    ],
    "depends_on": lambda action: [str(other.action_id) for other in action.depends_on],
    "reviews": lambda action: [
        f"{_signature(review.by)}, due {review.due}: {review.finding}" for review in action.reviews
    ],
    "lead_officials": lambda action: [
        f"{lead.party} {lead.organisation}: {lead.post}" for lead in action.lead_officials
    ],
    "beneficiaries": lambda action: list(action.beneficiaries),
    "closure_reviews": lambda action: [
        f"{_signature(review.by)}, due {review.due}, {_LASTED[review.sustained]}: {review.finding}"
        for review in action.closure_reviews
    ],
    "archived_on": lambda action: [] if action.archived_on is None else [action.archived_on.isoformat()],
    "expected_evidence": lambda action: [
        f"{one.kind.value} of {one.party or 'any owning party'} by {one.due}: {one.wording}"
        for one in action.expected
    ],
    EVIDENCE: lambda action: [_evidence(item, action) for item in action.evidence],
    "claim": lambda action: [] if action.claim is None else [_signature(action.claim)],
    "confirmations": lambda action: [_signature(entry) for entry in action.confirmations],
    "rejection": lambda action: _objection(action.rejection),
    "proposals": lambda action: [
        f"{proposal.terms.kind.value}, by {_signature(proposal.by)}: {proposal.terms.reason}"
        + "".join(f"; accepted by {_signature(signature)}" for signature in proposal.accepted)
        for proposal in action.proposals
    ],
    "successor": lambda action: [action.successor] if action.successor else [],
    "basis": lambda action: [
        f"{reference.assessment_id} revision {reference.revision} {reference.state.value}"
        for reference in action.basis
    ],
}
