"""Instants, and the time of an agenda, as messages."""

from collections.abc import Iterable
from datetime import date, datetime

from entente.agenda.v1 import time_budget_pb2
from google.protobuf.timestamp_pb2 import Timestamp

from services.agenda.domain.time_budget import OverRun, TimeBudget


def encode_time(at: datetime | None) -> Timestamp | None:
    if at is None:
        return None
    message = Timestamp()
    message.FromDatetime(at)
    return message


def encode_day(day: date | None) -> str:
    """An RFC 3339 full-date; empty for none."""
    return "" if day is None else day.isoformat()


def encode_budget(time: TimeBudget) -> time_budget_pb2.TimeBudget:
    return time_budget_pb2.TimeBudget(
        sections=[
            time_budget_pb2.SectionTime(
                section=one.section,
                items=one.items,
                minutes=one.minutes,
                used_minutes=one.used_minutes,
                over_by=one.over_by,
            )
            for one in time.sections
        ],
        days=[
            time_budget_pb2.DayTime(
                day=one.day.isoformat(),
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
        over_runs=encode_over_runs(time.over_runs),
        ends_at=encode_time(time.ends_at),
    )


def encode_over_runs(over_runs: Iterable[OverRun]) -> list[time_budget_pb2.OverRun]:
    return [
        time_budget_pb2.OverRun(day=one.day.isoformat(), section=one.section, minutes=one.minutes)
        for one in over_runs
    ]
