"""Instants and days as formats write them."""

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from services.threatfeed.domain.assessment import Period
from services.threatfeed.domain.refusals import PeriodInvalid, TimestampInvalid

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MICROSECOND: Final = timedelta(microseconds=1)


def read_instant(text: str, pointer: str) -> datetime:
    """An RFC 3339 instant, in UTC. Raises `TimestampInvalid` for one that no calendar or clock holds."""
    try:
        instant = datetime.fromisoformat(text)
        if instant.tzinfo is None:
            raise ValueError("no offset")
        return instant if instant.tzinfo is UTC else instant.astimezone(UTC)
    except (ValueError, OverflowError):
        raise TimestampInvalid(f"{text[:40]!r} is not an instant", pointer=pointer) from None


def read_instant_or_day(text: str, pointer: str) -> datetime:
    """An RFC 3339 instant, or the beginning of a day. Raises `TimestampInvalid`."""
    if _DAY.fullmatch(text):
        return datetime.combine(read_day(text, pointer), time.min, UTC)
    return read_instant(text, pointer)


def microseconds(instant: datetime) -> int:
    """Microseconds since 1970-01-01T00:00:00Z."""
    return (instant - _EPOCH) // _MICROSECOND


def read_day(text: str, pointer: str) -> date:
    """A day of the calendar. Raises `TimestampInvalid`."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise TimestampInvalid(f"{text[:40]!r} is not a day", pointer=pointer) from None


def read_period(start: str | None, end: str | None, pointer: str) -> Period | None:
    """A period, or None without a start and an end. Raises `TimestampInvalid` and `PeriodInvalid`."""
    if start is None and end is None:
        return None
    period = Period(
        start=None if start is None else read_day(start, f"{pointer}/start"),
        end=None if end is None else read_day(end, f"{pointer}/end"),
    )
    if period.start and period.end and period.end < period.start:
        raise PeriodInvalid("the period ends before it starts", pointer=pointer)
    return period
