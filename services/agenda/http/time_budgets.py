"""The time of an agenda as the routes show it."""

from collections.abc import Iterable
from datetime import date, datetime

from pydantic import BaseModel

from services.agenda.domain.time_budget import OverRun, TimeBudget


class SectionTimeModel(BaseModel):
    """`section` is a planned one, or the kind of its items. `used_minutes`, and `over_by` beyond the items'
    own minutes, are of a running clock."""

    section: str
    items: int
    minutes: float
    used_minutes: float
    over_by: float


class DayTimeModel(BaseModel):
    """A day of the place. Above zero, `over_by` is a warning: minutes beyond the window."""

    day: date
    window_minutes: float
    item_minutes: float
    break_minutes: float
    over_by: float


class OverRunModel(BaseModel):
    """`section` is that in which the time of the day is used up; empty in a break."""

    day: date
    section: str
    minutes: float


class TimeBudgetModel(BaseModel):
    """Minutes by section and by day against the windows; `over_runs` are warnings. `ends_at` is when the last
    item would end."""

    sections: list[SectionTimeModel]
    days: list[DayTimeModel]
    item_minutes: float
    break_minutes: float
    window_minutes: float
    over_runs: list[OverRunModel]
    ends_at: datetime | None


def time_model(time: TimeBudget) -> TimeBudgetModel:
    return TimeBudgetModel(
        sections=[
            SectionTimeModel(
                section=one.section,
                items=one.items,
                minutes=one.minutes,
                used_minutes=one.used_minutes,
                over_by=one.over_by,
            )
            for one in time.sections
        ],
        days=[
            DayTimeModel(
                day=one.day,
                window_minutes=one.window_minutes,
                item_minutes=one.item_minutes,
                break_minutes=one.break_minutes,
                over_by=one.over_by,
            )
            for one in time.days
        ],
        item_minutes=time.item_minutes,
        break_minutes=time.break_minutes,
        window_minutes=time.window_minutes,
        over_runs=over_run_models(time.over_runs),
        ends_at=time.ends_at,
    )


def over_run_models(over_runs: Iterable[OverRun]) -> list[OverRunModel]:
    return [OverRunModel(day=one.day, section=one.section, minutes=one.minutes) for one in over_runs]
