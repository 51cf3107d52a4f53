"""Kinds of outcome, and what each kind needs, may have and cannot have."""

from collections.abc import Collection, Mapping
from enum import StrEnum

from services.agenda.domain.refusals import OutcomePartMissing, OutcomePartRefused


class OutcomeKind(StrEnum):
    """What the parties made of an item."""

    CONCLUDED = "CONCLUDED"
    NOTED = "NOTED"
    DEFERRED = "DEFERRED"
    """Taken off on purpose, to come back."""
    NOT_REACHED = "NOT_REACHED"
    """Time ran out; it comes back."""
    WITHDRAWN = "WITHDRAWN"
    GUIDANCE = "GUIDANCE"
    """What the principals ask of named organisations, reviewed at the next edition."""


class OutcomePart(StrEnum):
    """A part of an outcome, named as its member in a request."""

    CONCLUSION = "conclusion"
    ACTION = "action"
    REASON = "reason"
    DEFERRED_TO = "deferred_to"
    ADDRESSEES = "addressees"


class Need(StrEnum):
    REQUIRED = "REQUIRED"
    OPTIONAL = "OPTIONAL"
    REFUSED = "REFUSED"


def _row(
    *,
    conclusion: Need = Need.REQUIRED,
    action: Need = Need.REFUSED,
    reason: Need = Need.REFUSED,
    deferred_to: Need = Need.REFUSED,
    addressees: Need = Need.REFUSED,
) -> Mapping[OutcomePart, Need]:
    return {
        OutcomePart.CONCLUSION: conclusion,
        OutcomePart.ACTION: action,
        OutcomePart.REASON: reason,
        OutcomePart.DEFERRED_TO: deferred_to,
        OutcomePart.ADDRESSEES: addressees,
    }


KIND_RULES: Mapping[OutcomeKind, Mapping[OutcomePart, Need]] = {
    OutcomeKind.CONCLUDED: _row(action=Need.OPTIONAL),
    OutcomeKind.NOTED: _row(),
    OutcomeKind.DEFERRED: _row(conclusion=Need.OPTIONAL, reason=Need.REQUIRED, deferred_to=Need.OPTIONAL),
    OutcomeKind.NOT_REACHED: _row(conclusion=Need.OPTIONAL, reason=Need.OPTIONAL),
    OutcomeKind.WITHDRAWN: _row(conclusion=Need.OPTIONAL, reason=Need.REQUIRED),
    OutcomeKind.GUIDANCE: _row(action=Need.OPTIONAL, addressees=Need.REQUIRED),
}
"""Total: every kind has an entry for every part."""

DECISIONS = frozenset({OutcomeKind.CONCLUDED, OutcomeKind.GUIDANCE})
"""The kinds that get a decision number when they are agreed."""

RETURNING = frozenset({OutcomeKind.DEFERRED, OutcomeKind.NOT_REACHED})
"""The kinds whose item comes back at the next edition."""


def check_parts(kind: OutcomeKind, given: Collection[OutcomePart]) -> None:
    """Raises `OutcomePartMissing` or `OutcomePartRefused`."""
    for part, need in KIND_RULES[kind].items():
        if need is Need.REQUIRED and part not in given:
            raise OutcomePartMissing(
                f"{kind.value} needs {part.value.replace('_', ' ')}", pointer=f"/{part.value}"
            )
        if need is Need.REFUSED and part in given:
            raise OutcomePartRefused(
                f"{kind.value} has no {part.value.replace('_', ' ')}", pointer=f"/{part.value}"
            )
