"""Count how the open actions of a series were rated at the end of each of the last months or weeks."""

from dataclasses import dataclass
from datetime import datetime

from services.actions.domain.figures import MOST_PERIODS, Period, Trend, period_ends
from services.actions.domain.filters import ANY, ActionFilter
from services.actions.store.figures import count_ratings
from services.actions.usecases.asking import ask, check_question, require_on_record
from services.chassis.database import Database
from services.kernel.parties import Reader
from services.kernel.policy import Policy
from services.kernel.refusals import InvalidValue


@dataclass(frozen=True, slots=True)
class Following:
    """What is asked for. The last point is `as_of`, or now, in the period that then ran."""

    series: str
    period: Period = Period.MONTH
    periods: int = 12
    wanted: ActionFilter = ANY
    as_of: datetime | None = None


async def follow_ratings(
    database: Database, reader: Reader, asked: Following, *, policy: Policy, now: datetime
) -> Trend:
    """What is wanted is held against how actions stood at each point; who may see them is decided by today's
    rules, as for figures of the past.

    Raises `NoAccess`, `InvalidValue` or `HistoryUnknown`.
    """
    check_question(reader, asked.series, asked.wanted, policy)
    if not 1 <= asked.periods <= MOST_PERIODS:
        raise InvalidValue(f"1 to {MOST_PERIODS} periods", pointer="/periods")
    async with database.transaction() as tx:
        began = await require_on_record(tx, asked.as_of, now)
        question = await ask(tx, reader, asked.series, asked.wanted, policy, now=now, as_of=asked.as_of)
        ends = period_ends(asked.as_of or now, asked.period, asked.periods)
        known = [at for at in ends if began is None or at >= began]
        points = await count_ratings(tx, question, known)
    return Trend(asked.series, asked.period, began, points)
