"""A question of a reader about the actions of a series, held against what there is to see for it."""

from datetime import datetime
from uuid import UUID

from services.actions.domain.filters import ActionFilter
from services.actions.domain.refusals import HistoryUnknown
from services.actions.domain.visibility import READERS, may_see_marked
from services.actions.store.reading import Question, history_began, markings_of
from services.chassis.database import Transaction
from services.kernel.parties import Reader
from services.kernel.policy import Policy
from services.kernel.refusals import InvalidValue, NoAccess


def check_question(reader: Reader, series: str, wanted: ActionFilter, policy: Policy) -> None:
    """Raises `NoAccess`, or `InvalidValue` for what can hold of no action of the series."""
    if not policy.roles(reader, series) & READERS:
        raise NoAccess(f"series {series}")
    wanted.check(policy.get_series(series), policy)


async def require_on_record(tx: Transaction, as_of: datetime | None, now: datetime) -> datetime | None:
    """Since when there is a record; None for always.

    Raises `InvalidValue` for a time to come, `HistoryUnknown` for one before the record.
    """
    if as_of is not None and as_of > now:
        raise InvalidValue("this time is still to come", pointer="/as_of")
    began = await history_began(tx)
    if as_of is not None and began is not None and as_of < began:
        raise HistoryUnknown("what was then is not on record", pointer="/as_of", began_at=began.isoformat())
    return began


async def ask(
    tx: Transaction,
    reader: Reader,
    series: str,
    wanted: ActionFilter,
    policy: Policy,
    *,
    now: datetime,
    as_of: datetime | None = None,
) -> Question:
    """The question over what the reader may see today, also where it asks about the past."""
    return Question(
        series=series,
        markings=[
            marking
            for marking in await markings_of(tx, series)
            if may_see_marked(UUID(int=0), marking, reader.party, series, policy, now)
        ],
        day=(as_of or now).date(),
        wanted=wanted,
        commitments=wanted.commitments(policy),
        as_of=as_of,
        reader=reader,
    )
