"""What readings of drafts, agendas, plans and the run clock share: the time by the clocks of the place."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from services.agenda.domain.agenda import Agenda
from services.agenda.domain.assembly.planning import Planning, Timed
from services.agenda.domain.draft import Draft
from services.agenda.domain.items import DraftItem, TabledItem
from services.agenda.domain.meeting import Sitting
from services.agenda.domain.run_clock import Run
from services.agenda.domain.time_budget import (
    TimeBudget,
    agenda_budget,
    clock_budget,
    draft_budget,
    plan_budget,
    sitting_days,
)
from services.agenda.statements import read_items
from services.calendars import zone_of


def time_of_agenda(agenda: Agenda) -> TimeBudget:
    return agenda_budget(read_items(agenda.payload), agenda.sitting, zone_of(agenda.sitting.time_zone))


def time_of_draft(draft: Draft, planning: Planning, sitting: Sitting) -> TimeBudget:
    return draft_budget(draft, planning, sitting, zone_of(sitting.time_zone))


def time_of_plan(
    plan: Sequence[Timed], items: Iterable[DraftItem], planning: Planning, sitting: Sitting
) -> TimeBudget:
    return plan_budget(plan, items, planning, sitting, zone_of(sitting.time_zone))


def time_of_run(run: Run, items: Sequence[TabledItem], sitting: Sitting, now: datetime) -> TimeBudget:
    return clock_budget(run, items, sitting, zone_of(sitting.time_zone), now)


def windows_of(sitting: Sitting) -> list[tuple[datetime, datetime]]:
    """From when to when a meeting sits, day by day."""
    return [window for day in sitting_days(sitting, zone_of(sitting.time_zone)) for window in day.windows]
