"""Count the actions of a series that a reader may see, as they stand now or stood at another time."""

from datetime import datetime

from services.actions.domain.figures import Figures
from services.actions.domain.filters import ActionFilter
from services.actions.store.figures import count_figures
from services.actions.usecases.asking import ask, check_question, require_on_record
from services.chassis.database import Database
from services.kernel.parties import Reader
from services.kernel.policy import Policy


async def count_actions(
    database: Database,
    reader: Reader,
    series: str,
    wanted: ActionFilter,
    as_of: datetime | None,
    *,
    policy: Policy,
    now: datetime,
) -> Figures:
    """Who may see what is decided by today's rules, whatever time is asked about.

    Raises `NoAccess`, `InvalidValue` for a time to come, `HistoryUnknown` for one before the record.
    """
    check_question(reader, series, wanted, policy)
    async with database.transaction() as tx:
        await require_on_record(tx, as_of, now)
        question = await ask(tx, reader, series, wanted, policy, now=now, as_of=as_of)
        figures = await count_figures(tx, question)
    return Figures(series, as_of or now, question.day, figures)
