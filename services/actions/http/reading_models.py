"""What callers are shown of the past of actions, and of their number."""

from datetime import date, datetime
from uuid import UUID

from pydantic import Field

from services.actions.domain import figures
from services.actions.domain.action import Action
from services.actions.domain.figures import COUNTED, FigureName, Period
from services.actions.domain.states import State
from services.actions.http.evidence_models import Evidence, Model, show_evidence
from services.actions.usecases import list_changes, read_thread


class FieldChange(Model):
    field: str
    before: list[str] = Field(description="What it no longer holds")
    after: list[str] = Field(
        description="What it holds now and did not before; of evidence, ids and revisions"
    )


class Change(Model):
    """What somebody changed of an action, as its reader may see it."""

    action_id: UUID
    reference: str
    at: datetime
    kind: str
    actor: str
    party: str | None = Field(description="Null for what the service did by itself")
    fields: list[FieldChange]


class ChangePage(Model):
    changes: list[Change]
    next_page_token: str = Field(description="Empty at the end")


class FigureValue(Model):
    key: str
    value: int


class Figure(Model):
    """Numbers over a population, as of an instant. The reader's actions are counted, and no others."""

    name: FigureName
    counted: str = Field(description="What the population is")
    population: int
    as_of: datetime
    values: list[FigureValue]


class Figures(Model):
    series: str
    as_of: datetime
    day: date = Field(description="Dates and ratings are judged on this day")
    figures: list[Figure]


class TrendPoint(Model):
    as_of: datetime
    day: date = Field(description="Ratings are judged on this day")
    figures: list[Figure]


class Trend(Model):
    """Both ratings at the end of each period, the earliest first; the last point is in the one that runs."""

    series: str
    period: Period
    record_began_at: datetime | None = Field(description="Points before it are not on record and left out")
    points: list[TrendPoint]


class ThreadAction(Model):
    id: UUID
    reference: str
    state: State


class Thread(Model):
    """From the outcome to the closure, and the actions beside it that the reader may see."""

    outcome_id: str
    meeting_id: str
    item_id: str
    action: ThreadAction
    waits_for: list[ThreadAction]
    awaited_by: list[ThreadAction]
    took_the_place_of: list[ThreadAction]
    successor: ThreadAction | None
    evidence: list[Evidence]
    closure_id: UUID | None
    closed_at: datetime | None


def show_changes(page: list_changes.ChangePage) -> ChangePage:
    return ChangePage(changes=[_change(entry) for entry in page.changes], next_page_token=page.next_token)


def show_figures(found: figures.Figures) -> Figures:
    return Figures(
        series=found.series,
        as_of=found.as_of,
        day=found.day,
        figures=[_figure(figure, found.as_of) for figure in found.figures],
    )


def show_trend(found: figures.Trend) -> Trend:
    return Trend(
        series=found.series,
        period=found.period,
        record_began_at=found.record_began_at,
        points=[
            TrendPoint(
                as_of=point.as_of,
                day=point.day,
                figures=[_figure(figure, point.as_of) for figure in point.figures],
            )
            for point in found.points
        ],
    )


def _figure(figure: figures.Figure, as_of: datetime) -> Figure:
    return Figure(
        name=figure.name,
        counted=COUNTED[figure.name],
        population=figure.population,
        as_of=as_of,
        values=[FigureValue(key=key, value=value) for key, value in figure.values],
    )


def show_thread(found: read_thread.Thread) -> Thread:
    action = found.action
    return Thread(
        outcome_id=action.outcome_id,
        meeting_id=action.meeting_id,
        item_id=action.item_id,
        action=_node(action),
        waits_for=[_node(other) for other in found.waits_for],
        awaited_by=[_node(other) for other in found.awaited_by],
        took_the_place_of=[_node(other) for other in found.took_the_place_of],
        successor=None if found.successor is None else _node(found.successor),
        evidence=[show_evidence(item) for item in action.evidence],
        closure_id=action.closure_id,
        closed_at=action.closed_at,
    )


def _change(entry: list_changes.ChangedAction) -> Change:
    change = entry.change
    return Change(
        action_id=change.action_id,
        reference=entry.action.reference,
        at=change.at,
        kind=change.kind,
        actor=change.actor,
        party=change.party,
        fields=[
            FieldChange(field=field.field, before=list(field.before), after=list(field.after))
            for field in change.fields
        ],
    )


def _node(action: Action) -> ThreadAction:
    return ThreadAction(id=action.id, reference=action.reference, state=action.state)
