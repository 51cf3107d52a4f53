"""An official asks who changed what about a meeting."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from typing import Final
from uuid import UUID

from services.agenda.domain.history.acts import OF_EVERY_SIDE
from services.agenda.domain.history.telling import Entry, Recorded, Sight, Wanted, history
from services.agenda.domain.meeting import Meeting
from services.agenda.domain.permissions import Command, may
from services.agenda.statements import read_items
from services.agenda.store.agendas import agendas_of_meeting
from services.agenda.store.drafts import draft_of_party
from services.agenda.store.history import Mark, recorded_about
from services.agenda.usecases.access import meeting_for
from services.agenda.usecases.paging import cut, read_key, write_token
from services.chassis.database import Database, Transaction
from services.kernel.parties import Reader
from services.kernel.policy import Policy
from services.kernel.refusals import InvalidValue

_FIRST_READ: Final = 300
"""Entries of the record that are read at first; each further reading for one page is twice as long."""


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """The oldest first. `tabled` and `drafted` name items: as they were tabled last, and as they are now in
    the reader's own draft.
    """

    entries: Sequence[Entry]
    tabled: Mapping[UUID, str]
    drafted: Mapping[UUID, str]
    following: str

    def title(self, entry: Entry, item_id: UUID | None) -> str | None:
        """What is joint is named by what lay on the table."""
        if item_id is None:
            return None
        nearer = self.tabled if entry.act.joint else {**self.tabled, **self.drafted}
        return nearer.get(item_id)


async def list_history(
    database: Database,
    reader: Reader,
    meeting_id: UUID,
    wanted: Wanted,
    *,
    page_size: int,
    page_token: str,
    policy: Policy,
) -> HistoryPage:
    """Raises `NoAccess`, or `InvalidValue` for a token of another question or another reader's sight."""
    async with database.transaction() as tx:
        meeting = await meeting_for(tx, reader, Command.READ_HISTORY, meeting_id, policy)
        allowed = frozenset(one for one in Command if may(policy, reader, one, meeting.series))
        sight = Sight(reader.party, allowed)
        question = ("history", meeting.id, wanted, sight.party, sorted(allowed))
        after = read_key(page_token, (str, int), *question)
        begins = _instant(str(after[0])) if after else wanted.since
        records: list[Recorded] = []
        mark: Mark | None = None
        for limit in (_FIRST_READ * 2**step for step in count()):
            batch = await recorded_about(
                tx, meeting, reader.party, OF_EVERY_SIDE, since=begins, after=mark, limit=limit
            )
            records += [one for _, one in batch]
            shown, last = cut(history(records, sight, wanted), lambda placed: placed[0], after, page_size)
            if last is not None or len(batch) < limit:
                break
            mark = batch[-1][0]
        tabled, drafted = await _titles(tx, meeting, sight)
    return HistoryPage([entry for _, entry in shown], tabled, drafted, write_token(last, *question))


async def _titles(
    tx: Transaction, meeting: Meeting, sight: Sight
) -> tuple[Mapping[UUID, str], Mapping[UUID, str]]:
    tabled = {
        item.id: item.title
        for agenda in reversed(await agendas_of_meeting(tx, meeting.id))
        for item in read_items(agenda.payload)
    }
    own = None
    if Command.READ_DRAFT in sight.commands:
        own = await draft_of_party(tx, meeting.id, sight.party)
    return tabled, {item.id: item.content.title for item in own.items} if own else {}


def _instant(text: str) -> datetime:
    """Raises `InvalidValue`."""
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise InvalidValue("not a page token", pointer="/page_token") from error
