"""When the next edition of a series would be, by its cadence and its turns in hosting."""

from calendar import monthrange
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from services.agenda.domain.refusals import EditionInvalid
from services.kernel.series import Series
from services.kernel.working_days import working_day_after


@dataclass(frozen=True, slots=True)
class NextEdition:
    """A proposal; nothing is planned by it."""

    series: str
    edition: int
    host_party: str
    first_day: date


def next_day(series: Series, held: Iterable[date], today: date) -> date:
    """The first day that the cadence gives after today, counted from the latest edition known, before
    anybody's holidays. Raises `EditionInvalid` where no edition is known to count from.
    """
    latest = max(held, default=None)
    if latest is None:
        raise EditionInvalid("no edition of the series is known to count from")
    count = 1
    while (day := _months_after(latest, count * series.cadence_months)) <= today:
        count += 1
    return day


def propose_next(series: Series, nominal: date, closed: Mapping[str, frozenset[date]]) -> NextEdition:
    """The edition of that day, or of the first day after it on which every party works."""
    day = working_day_after(nominal, closed)
    return NextEdition(series.id, day.year, series.host(day.year), day)


def _months_after(day: date, months: int) -> date:
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
