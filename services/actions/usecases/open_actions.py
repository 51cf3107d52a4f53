"""Open the actions of agreed outcomes."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from services.actions.domain.action import Action
from services.actions.domain.basis import judge
from services.actions.domain.opening import AgreedOutcome, open_action
from services.actions.domain.refusals import ActionContradicted
from services.actions.store.actions import find, insert
from services.actions.store.assessments import lock_standings
from services.actions.usecases.publication import Publication
from services.chassis.audit import AuditEntry
from services.chassis.database import Transaction
from services.chassis.telemetry import current_traceparent
from services.kernel.refusals import Refusal


@dataclass(frozen=True, slots=True)
class Opening:
    """An agreed outcome as it arrived, with the trace context of its event."""

    outcome: AgreedOutcome
    trace: str | None


async def open_actions(
    tx: Transaction, openings: Sequence[Opening], publication: Publication, at: datetime
) -> list[Refusal | None]:
    """Opens what is not open yet; gives for each outcome why it was refused, or None.

    An outcome that is told again changes nothing.
    """
    standings = await lock_standings(
        tx, (reference.assessment_id for opening in openings for reference in opening.outcome.basis)
    )
    refusals: dict[int, Refusal] = {}
    opened: list[Action] = []
    in_order = sorted(range(len(openings)), key=lambda index: openings[index].outcome.action_id)
    for index in in_order:
        opening = openings[index]
        try:
            action = open_action(opening.outcome, publication.policy, at, opening.trace)
            action = replace(
                action,
                basis=judge(action.basis, standings),
                latest_trace=current_traceparent() or opening.trace,
            )
            if await _insert(tx, action, at):
                opened.append(action)
        except Refusal as refusal:
            refusals[index] = refusal
    await publication.publish(tx, opened, at)
    return [refusals.get(index) for index in range(len(openings))]


async def _insert(tx: Transaction, action: Action, at: datetime) -> bool:
    """False for an action that is open already. Raises `ActionContradicted`."""
    audit = AuditEntry(
        action="action.opened",
        actor="actions",
        party=None,
        subject_kind="action",
        subject_id=str(action.id),
        at=at,
        detail={"reference": action.reference, "outcome": action.outcome_id, "hash": action.content_hash},
    )
    if await insert(tx, action, audit):
        return True
    held = await find(tx, action.id)
    if held is None:
        raise ActionContradicted("another action has this reference", pointer="/outcome/action/reference")
    if held.content_hash != action.content_hash:
        raise ActionContradicted(
            "the action was opened with another agreed text", pointer="/outcome/action/actionId"
        )
    return False
