"""The golden messages of actions, made again by the code that makes them in production."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID

from entente.agenda.v1 import outcome_event_pb2
from entente.exchange.v1.action_status_pb2 import ActionStatus
from google.protobuf.json_format import Parse
from google.protobuf.message import Message

from services.actions.consumers import read_outcome
from services.actions.domain.action import Action, Rag
from services.actions.domain.basis import AssessmentStanding
from services.actions.domain.basis import Standing as AssessmentState
from services.actions.domain.escalation import Standing
from services.actions.domain.opening import open_action
from services.actions.domain.planning import Milestone
from services.actions.domain.proposals import ProposalKind, Terms
from services.actions.domain.rating import rate_in
from services.actions.events import (
    encode_notice,
    encode_snapshot,
    encode_status,
    withheld_status,
    write_instant,
)
from services.actions.usecases.watch_scheduler import SchedulerState
from services.kernel.escalation import LadderStep, Trigger
from tests.support.actions import CNECT, DSIT, UK_EU, evidence
from tests.support.outcomes import record_of
from tests.support.release import shipped_policy

EXAMPLES = Path(__file__).parents[2] / "proto" / "examples"
AT = datetime(2026, 12, 11, 10, 31, tzinfo=UTC)
LATER = datetime(2027, 6, 21, 8, 0, tzinfo=UTC)
NOTIFIED = datetime(2027, 7, 27, 7, 0, 30, tzinfo=UTC)
EPOCH = "7d0f7f6e-0f8c-4c1c-8f2b-0d3c1e9a7b06"
SILENT = SchedulerState(silent=True, age=timedelta(minutes=6), at=NOTIFIED, heartbeat=None).notice
PROPOSAL = UUID("5a0f7f6e-0f8c-4c1c-8f2b-0d3c1e9a7b08")
STEP = UUID("5a0f7f6e-0f8c-4c1c-8f2b-0d3c1e9a7b09")
CLOSURE = UUID("5a0f7f6e-0f8c-4c1c-8f2b-0d3c1e9a7b07")


def opened() -> Action:
    """The action of the golden outcome."""
    text = (EXAMPLES / "entente.agenda.v1.OutcomeAgreed" / "with-action.json").read_text()
    told = read_outcome(record_of(Parse(text, outcome_event_pb2.OutcomeAgreed())))
    assert told.content is not None
    return open_action(told.content, shipped_policy(), AT, None)


def red() -> Action:
    """Under way, in trouble, and what it rests on withdrawn."""
    action = opened()
    (reference,) = action.basis
    known = AssessmentStanding(reference.assessment_id, AssessmentState.WITHDRAWN, 2, 4)
    working = action.accepted(DSIT, AT).reported(Rag.RED, "The reviewers have left.", DSIT, LATER)
    return working.rebased({reference.assessment_id: known}, LATER)


def closed() -> Action:
    """Planned, moved once, shown done and found done."""
    action = opened().accepted(DSIT, AT)
    terms = Terms(ProposalKind.MOVE_DUE_DATE, "The consultation was extended.", date(2027, 9, 30))
    moved = action.proposed(terms, DSIT, UK_EU, PROPOSAL, AT).proposal_accepted(PROPOSAL, CNECT, UK_EU, AT)
    steps = [Milestone(STEP, "Draft circulated", 1, date(2027, 3, 31))]
    planned = moved.planned(steps, DSIT, AT).milestone_reached(STEP, DSIT, LATER)
    working = planned.reported(Rag.GREEN, "", DSIT, LATER)
    return working.claimed([evidence()], "Published.", DSIT, LATER).confirmed(CNECT, UK_EU, CLOSURE, LATER)


def told_of() -> tuple[Action, list[Standing]]:
    """Overdue, and a round passed without a word of the EU: what its own side was told."""
    overdue, missed = date(2027, 6, 30), date(2027, 7, 26)
    action = replace(opened().accepted(DSIT, AT), missed_by={"EU": missed})
    return action, [
        Standing(Trigger.OVERDUE, overdue, LadderStep.DIRECTOR, date(2027, 7, 14), acknowledged=True),
        Standing(Trigger.MISSED_REPORT, missed, LadderStep.OWNER, NOTIFIED.date(), acknowledged=False),
    ]


def status(action: Action, sequence: int) -> Message:
    """What the audience uk-eu.eu is told at that place."""
    return placed(shown(action, LATER), sequence, action.changed_at)


def shown(action: Action, at: datetime, told: Sequence[Standing] = ()) -> ActionStatus:
    rating = rate_in(shipped_policy().get_series(action.series), action, at.date())
    return encode_status("uk-eu.eu", action, rating, told)


def placed(message: ActionStatus, sequence: int, at: datetime) -> Message:
    message.epoch, message.sequence = EPOCH, sequence
    message.changed_at = write_instant(at)
    return message


def examples() -> dict[str, Message]:
    """Every golden message of ours, by its place below `proto/examples`."""
    action, standings = told_of()
    snapshot, feed = "entente.actions.v1.ActionSnapshot", "entente.exchange.v1.ActionStatus"
    notice = "entente.actions.v1.FeedNotice"
    return {
        f"{snapshot}/opened.json": encode_snapshot(opened()),
        f"{snapshot}/red-on-withdrawn-basis.json": encode_snapshot(red()),
        f"{snapshot}/closed-after-a-moved-date.json": encode_snapshot(closed()),
        f"{notice}/scheduler-silent.json": encode_notice(SILENT),
        f"{feed}/opened.json": status(opened(), 1),
        f"{feed}/red-on-withdrawn-basis.json": status(red(), 4),
        f"{feed}/closed-after-a-moved-date.json": status(closed(), 5),
        f"{feed}/told-up-to-the-director.json": placed(shown(action, NOTIFIED, standings), 6, NOTIFIED),
        f"{feed}/withheld.json": placed(withheld_status("uk-eu.eu", action), 7, NOTIFIED),
    }
