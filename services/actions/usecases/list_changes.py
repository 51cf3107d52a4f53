"""Say what changed of the actions of a series since an instant, or of one action since it was opened."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.actions.domain.action import Action
from services.actions.domain.filters import ANY, ActionFilter
from services.actions.domain.history import Change
from services.actions.domain.visibility import seen_by
from services.actions.store.actions import find, find_all
from services.actions.store.changes import Place, PlacedChange, changes_of, changes_since
from services.actions.usecases.asking import ask, check_question
from services.actions.usecases.paging import (
    invalid_token,
    page_size,
    question_of,
    read_token,
    write_token,
)
from services.chassis.database import Database, Transaction
from services.kernel.parties import Reader
from services.kernel.policy import Policy
from services.kernel.refusals import InvalidValue, NoAccess


@dataclass(frozen=True, slots=True)
class ChangedAction:
    """A change, and the action of which."""

    action: Action
    change: Change


@dataclass(frozen=True, slots=True)
class ChangePage:
    """Changes from the earliest on, and the token of what follows; empty at the end."""

    changes: tuple[ChangedAction, ...]
    next_token: str


@dataclass(frozen=True, slots=True)
class Since:
    """What is asked for: changes later than `since` of actions that are wanted as they stand now."""

    series: str
    since: datetime
    wanted: ActionFilter = ANY
    size: int = 0
    token: str = ""


async def list_changes(
    database: Database, reader: Reader, asked: Since, *, policy: Policy, now: datetime
) -> ChangePage:
    """A change of which the reader may see nothing is left out without a trace.

    Raises `NoAccess`, `InvalidValue` or `PageTokenInvalid`.
    """
    check_question(reader, asked.series, asked.wanted, policy)
    if asked.since > now:
        raise InvalidValue("this time is still to come", pointer="/since")
    size = page_size(asked.size)
    question_hash = question_of(reader, asked.series, asked.since.isoformat(), asked.wanted)
    after = _read_place(read_token(asked.token, question_hash, 3))
    found: list[tuple[Place, ChangedAction]] = []
    async with database.transaction() as tx:
        question = await ask(tx, reader, asked.series, asked.wanted, policy, now=now)
        while len(found) <= size:
            rows = await changes_since(tx, question, asked.since, after, size + 1)
            found.extend(await _visible(tx, rows, reader, policy, now))
            if len(rows) <= size:
                break
            after = rows[-1].place
    return _page(found, size, question_hash)


async def read_history(
    database: Database,
    reader: Reader,
    action_id: UUID,
    *,
    size: int,
    token: str,
    policy: Policy,
    now: datetime,
) -> ChangePage:
    """What changed of one action, the earliest first. Raises as `list_changes` does."""
    size = page_size(size)
    question_hash = question_of(reader, str(action_id))
    after = _read_place(read_token(token, question_hash, 3))
    version = 0 if after is None else after[2]
    found: list[tuple[Place, ChangedAction]] = []
    async with database.transaction() as tx:
        action = await find(tx, action_id)
        if action is None:
            raise NoAccess(f"action {action_id}")
        seen = seen_by(action, reader, policy, now)
        while len(found) <= size:
            rows = await changes_of(tx, action_id, version, size + 1)
            found.extend(_seen(rows, {action_id: seen}))
            if len(rows) <= size:
                break
            version = rows[-1].place[2]
    return _page(found, size, question_hash)


async def _visible(
    tx: Transaction, rows: Sequence[PlacedChange], reader: Reader, policy: Policy, now: datetime
) -> list[tuple[Place, ChangedAction]]:
    actions = await find_all(tx, sorted({row.change.action_id for row in rows}))
    return _seen(rows, {action.id: seen_by(action, reader, policy, now) for action in actions})


def _seen(rows: Sequence[PlacedChange], actions: dict[UUID, Action]) -> list[tuple[Place, ChangedAction]]:
    found = []
    for row in rows:
        action = actions[row.change.action_id]
        change = row.change.seen([item.id for item in action.evidence])
        if change is not None:
            found.append((row.place, ChangedAction(action, change)))
    return found


def _page(found: Sequence[tuple[Place, ChangedAction]], size: int, question: str) -> ChangePage:
    shown = tuple(entry for _, entry in found[:size])
    if len(found) <= size:
        return ChangePage(shown, "")
    at, action, version = found[size - 1][0]
    return ChangePage(shown, write_token(question, [at.isoformat(), str(action), str(version)]))


def _read_place(place: list[str] | None) -> Place | None:
    if place is None:
        return None
    try:
        at, action, version = datetime.fromisoformat(place[0]), UUID(place[1]), int(place[2])
    except ValueError:
        raise invalid_token() from None
    if at.tzinfo is None or not 0 <= version < 2**62:
        raise invalid_token()
    return at, action, version
