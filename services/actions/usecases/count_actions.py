"""Count the actions of a series that a reader may see, as they stand now or stood at another time."""

from datetime import datetime

from services.actions.domain.figures import Figures
from services.actions.domain.filters import ActionFilter
from services.actions.domain.refusals import HistoryUnknown
from services.actions.store.figures import count_figures
from services.actions.store.reading import history_began
from services.actions.usecases.asking import ask, check_question
from services.chassis.database import Database
from services.kernel.parties import Reader
from services.kernel.policy import Policy
from services.kernel.refusals import InvalidValue


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
    if as_of is not None and as_of > now:
        raise InvalidValue("this time is still to come", pointer="/as_of")
    async with database.transaction() as tx:
        began = await history_began(tx)
        if as_of is not None and began is not None and as_of < began:
            raise HistoryUnknown(
                "what was then is not on record", pointer="/as_of", began_at=began.isoformat()
            )
        question = await ask(tx, reader, series, wanted, policy, now=now, as_of=as_of)
        figures = await count_figures(tx, question)
    return Figures(series, as_of or now, question.day, figures)
