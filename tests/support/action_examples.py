"""The golden messages of actions, made again by the code that makes them in production."""

from datetime import UTC, date, datetime
from pathlib import Path
from uuid import UUID

from entente.agenda.v1 import outcome_event_pb2
from google.protobuf.json_format import Parse
from google.protobuf.message import Message

from services.actions.consumers import read_outcome
from services.actions.domain.action import Action, Rag
from services.actions.domain.basis import AssessmentStanding, Standing
from services.actions.domain.opening import open_action
from services.actions.domain.planning import Milestone
from services.actions.domain.proposals import ProposalKind, Terms
from services.actions.domain.rating import rate_in
from services.actions.events import encode_snapshot, encode_status, write_instant
from tests.support.actions import CNECT, DSIT, UK_EU, evidence
from tests.support.outcomes import record_of
from tests.support.release import shipped_policy

EXAMPLES = Path(__file__).parents[2] / "proto" / "examples"
AT = datetime(2026, 12, 11, 10, 31, tzinfo=UTC)
LATER = datetime(2027, 6, 21, 8, 0, tzinfo=UTC)
EPOCH = "7d0f7f6e-0f8c-4c1c-8f2b-0d3c1e9a7b06"
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
    known = AssessmentStanding(reference.assessment_id, Standing.WITHDRAWN, 2, 4)
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


def status(action: Action, sequence: int) -> Message:
    """What the audience uk-eu.eu is told at that place."""
    rating = rate_in(shipped_policy().get_series(action.series), action, LATER.date())
    message = encode_status("uk-eu.eu", action, rating)
    message.epoch, message.sequence = EPOCH, sequence
    message.changed_at = write_instant(action.changed_at)
    return message


def examples() -> dict[str, Message]:
    """Every golden message of ours, by its place below `proto/examples`."""
    snapshot, shown = "entente.actions.v1.ActionSnapshot", "entente.exchange.v1.ActionStatus"
    return {
        f"{snapshot}/opened.json": encode_snapshot(opened()),
        f"{snapshot}/red-on-withdrawn-basis.json": encode_snapshot(red()),
        f"{snapshot}/closed-after-a-moved-date.json": encode_snapshot(closed()),
        f"{shown}/opened.json": status(opened(), 1),
        f"{shown}/red-on-withdrawn-basis.json": status(red(), 4),
        f"{shown}/closed-after-a-moved-date.json": status(closed(), 5),
    }
