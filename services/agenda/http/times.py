"""When somebody wants to meet, as requests say it."""

from datetime import datetime
from typing import Annotated

from pydantic import BeforeValidator, Field, StringConstraints

from services.agenda.domain.wording import LONGEST_ZONE, TIME_ZONE
from services.agenda.http.fields import Body
from services.agenda.usecases.timing import AskedTimes

_MINUTES = len("2026-12-09T09:00")

ZoneName = Annotated[
    str, StringConstraints(strict=True, min_length=1, max_length=LONGEST_ZONE, pattern=TIME_ZONE)
]


def _with_time(value: object) -> object:
    """A date alone is no time to meet at, and neither is a number."""
    if not isinstance(value, str) or len(value) < _MINUTES:
        raise ValueError("a date and a time, as RFC 3339 writes them")
    return value


PlaceTime = Annotated[datetime, BeforeValidator(_with_time)]


class TimesBody(Body):
    """A time without an offset from UTC is one of the place, whose zone is that of the host unless named."""

    starts_at: PlaceTime
    ends_at: PlaceTime
    time_zone: Annotated[ZoneName | None, Field(description="IANA name")] = None

    def times(self) -> AskedTimes:
        return AskedTimes(self.starts_at, self.ends_at, self.time_zone)
