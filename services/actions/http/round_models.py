"""What callers are shown of reporting rounds and of ratings over REST."""

from dataclasses import asdict
from datetime import date, datetime
from uuid import UUID

from pydantic import Field

from services.actions.domain import definitions, rounds
from services.actions.domain.action import Rag
from services.actions.domain.rating import Timeliness
from services.actions.domain.rounds import Answer, RoundState
from services.actions.http.evidence_models import Model
from services.actions.usecases import read_rounds
from services.actions.usecases.read_rounds import RoundView


class RoundDays(Model):
    """Working days of all parties of the series, but for the one that is planned."""

    planned_for: date
    opens_on: date
    reminds_on: date
    due_on: date = Field(description="The last day of an update in time, as its party counts days")
    closes_on: date = Field(description="The last day on which a late update is taken")


class Round(RoundDays):
    """A reporting round, and when its steps were taken."""

    id: UUID
    series: str
    state: RoundState
    opened_at: datetime | None
    reminded_at: datetime | None
    fell_due_at: datetime | None
    closed_at: datetime | None


class RoundList(Model):
    rounds: list[Round]
    next: RoundDays | None = Field(
        description="The next one to come; null where none is or its year is not known"
    )


class Counts(Model):
    """The population is what was submitted, outstanding and excused together."""

    population: int
    submitted: int
    late: int = Field(description="Some of the submitted")
    outstanding: int
    missed: int = Field(description="Some of the outstanding: the update was due and did not come")
    excused: int = Field(description="The action ended, or was claimed to be done, before")


class OwnAnswer(Model):
    """What the reader's own party owes on one action."""

    action_id: UUID
    reference: str
    organisation: str
    answer: Answer
    reminded_at: datetime | None
    submitted_at: datetime | None


class RoundReport(Model):
    round: Round
    own_counts: Counts
    own: list[OwnAnswer]
    joint: dict[str, Counts] = Field(
        description="By party, over the actions that all parties of the series may see"
    )
    as_of: datetime


class ProgressUpdate(Model):
    """One report as it was given; a correction is a further revision."""

    id: UUID
    party: str
    organisation: str
    official: str
    submitted_at: datetime
    rag: Rag
    narrative: str
    percent: int | None = Field(description="Of the weights of the milestones then")
    round_id: UUID | None = Field(description="Null for a report outside any round")
    late: bool
    revision: int
    reason: str = Field(description="Why it was corrected")


class ProgressUpdates(Model):
    updates: list[ProgressUpdate]


class RatingRule(Model):
    name: str
    rating: Rag = Field(description="Where the rule holds, an open action is at best rated so")
    meaning: str


class RatingDefinitions(Model):
    source: str = Field(description="Where the words of the owner's ratings come from")
    claimed: dict[Rag, str]
    computed: str
    rules: list[RatingRule]
    timeliness: dict[Timeliness, str]
    stale: str
    contradicted: str


def show_round(one: rounds.Round) -> Round:
    return Round(
        id=one.id,
        series=one.series,
        state=one.state,
        opened_at=one.opened_at,
        reminded_at=one.reminded_at,
        fell_due_at=one.fell_due_at,
        closed_at=one.closed_at,
        **asdict(one.days),
    )


def show_rounds(listed: read_rounds.RoundList) -> RoundList:
    following = None if listed.next is None else RoundDays(**asdict(listed.next))
    return RoundList(rounds=[show_round(one) for one in listed.rounds], next=following)


def show_report(view: RoundView) -> RoundReport:
    return RoundReport(
        round=show_round(view.asking),
        own_counts=_counts(view.own_counts),
        own=[
            OwnAnswer(
                action_id=one.obligation.action_id,
                reference=one.reference,
                organisation=one.obligation.organisation,
                answer=one.answer,
                reminded_at=one.obligation.reminded_at,
                submitted_at=one.obligation.submitted_at,
            )
            for one in view.own
        ],
        joint={party: _counts(counts) for party, counts in view.joint.items()},
        as_of=view.as_of,
    )


def show_update(update: rounds.ProgressUpdate) -> ProgressUpdate:
    return ProgressUpdate(
        id=update.id,
        party=update.by.party,
        organisation=update.by.organisation,
        official=update.by.official,
        submitted_at=update.by.at,
        rag=update.rag,
        narrative=update.narrative,
        percent=update.percent,
        round_id=update.round_id,
        late=update.late,
        revision=update.revision,
        reason=update.reason,
    )


def show_definitions() -> RatingDefinitions:
    return RatingDefinitions(
        source=definitions.SOURCE,
        claimed=dict(definitions.MEANINGS),
        computed=definitions.COMPUTED,
        rules=[
            RatingRule(name=rule.name, rating=rule.rating, meaning=rule.meaning)
            for rule in definitions.computed_rules()
        ],
        timeliness=dict(definitions.TIMELINESS),
        stale=definitions.STALE,
        contradicted=definitions.CONTRADICTED,
    )


def _counts(counts: rounds.Counts) -> Counts:
    return Counts(
        population=counts.population,
        submitted=counts.submitted,
        late=counts.late,
        outstanding=counts.outstanding,
        missed=counts.missed,
        excused=counts.excused,
    )
