"""Times as a caller writes them."""

from datetime import UTC, date, datetime, timedelta

from services.kernel.refusals import InvalidValue


def read_as_of(text: str, now: datetime) -> datetime | None:
    """An instant, or the end of a day (UTC), today's being now; None for an empty text.

    Raises `InvalidValue`.
    """
    if not text:
        return None
    try:
        if len(text) == len("2026-11-25"):
            day = date.fromisoformat(text)
            if day == now.date():
                return now
            return datetime(day.year, day.month, day.day, 23, 59, 59, 999_999, tzinfo=UTC)
        at = datetime.fromisoformat(text)
        if at.tzinfo is None:
            raise ValueError("no offset")
        return at.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise InvalidValue("an RFC 3339 date, or a date-time with its offset", pointer="/as_of") from error


def read_since(text: str) -> datetime:
    """An instant, or the last one before a day (UTC). Raises `InvalidValue`."""
    try:
        if len(text) == len("2026-11-25"):
            day = date.fromisoformat(text)
            return datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(microseconds=1)
        at = datetime.fromisoformat(text)
        if at.tzinfo is None:
            raise ValueError("no offset")
        return at.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise InvalidValue("an RFC 3339 date, or a date-time with its offset", pointer="/since") from error
