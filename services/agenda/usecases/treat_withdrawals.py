"""A secretariat sees what it has to do about texts that no longer stand, and says what it did."""

from dataclasses import replace
from datetime import datetime
from typing import Final
from uuid import UUID

from services.agenda.domain.permissions import Command, may
from services.agenda.domain.withdrawal_tasks import Closing, TaskKind, TaskSelection
from services.agenda.store.withdrawal_tasks import ListedTask, list_tasks, lock_task, store_closing
from services.agenda.usecases.access import audit_of
from services.agenda.usecases.carrying_over import may_have_words
from services.agenda.usecases.paging import read_instant_token, write_token
from services.chassis.clock import Clock
from services.chassis.database import Database
from services.chassis.once import Once
from services.kernel.parties import Reader
from services.kernel.policy import Policy
from services.kernel.refusals import NoAccess

MOST: Final = 500
"""Tasks that are listed at once where no page is asked for."""


async def read_tasks(
    database: Database, reader: Reader, selection: TaskSelection, *, policy: Policy, now: datetime
) -> list[ListedTask]:
    """Over every series of the reader, the latest first, at most `MOST`."""
    async with database.transaction() as tx:
        found = await list_tasks(tx, reader.party, _series_of(reader, policy), selection, MOST)
    return [one for one in found if _may_know(one, reader, policy, now)]


async def page_of_tasks(
    database: Database,
    reader: Reader,
    selection: TaskSelection,
    *,
    page_size: int,
    page_token: str,
    policy: Policy,
    now: datetime,
) -> tuple[list[ListedTask], str]:
    """A page of the same list to its end, and the token of the next one. It is filled up with what the reader
    may know of, so that its length says nothing of the rest. Raises `InvalidValue`.
    """
    question = ("withdrawal-tasks", reader.party, selection.value)
    place = read_instant_token(page_token, *question)
    series = _series_of(reader, policy)
    known: list[ListedTask] = []
    async with database.transaction() as tx:
        while len(known) <= page_size:
            found = await list_tasks(tx, reader.party, series, selection, page_size + 1, place)
            known += [one for one in found if _may_know(one, reader, policy, now)]
            if len(found) <= page_size:
                break
            place = found[-1].task.opened_at, found[-1].task.id
    shown = known[:page_size]
    last = shown[-1].task if len(known) > page_size else None
    return shown, write_token(None if last is None else (last.opened_at, last.id), *question)


def _series_of(reader: Reader, policy: Policy) -> list[str]:
    return [
        one.id
        for one in policy.series_of(reader)
        if may(policy, reader, Command.READ_WITHDRAWAL_TASKS, one.id)
    ]


async def close_task(
    once: Once[ListedTask], reader: Reader, task_id: UUID, note: str, *, policy: Policy, clock: Clock
) -> ListedTask:
    """For the reader's own party only. Raises `NoAccess` or `TaskClosed`."""
    now = clock()
    async with once.transaction() as tx:
        found = await lock_task(tx, task_id, reader.party)
        allowed = found is not None and may(
            policy, reader, Command.CLOSE_WITHDRAWAL_TASK, found.task.subject.series
        )
        if found is None or not allowed or not _may_know(found, reader, policy, now):
            raise NoAccess(f"withdrawal task '{task_id}'")
        closing = Closing(note, reader.subject, now)
        closed = found.task.closed(closing)
        audit = audit_of(once, reader, "withdrawal-task.closed", "withdrawal-task", task_id, now, note=note)
        await store_closing(tx, task_id, reader.party, closing, audit)
        return await once.answer(tx, replace(found, task=closed))


def _may_know(found: ListedTask, reader: Reader, policy: Policy, now: datetime) -> bool:
    """An action is told of to those who may have its words."""
    subject = found.task.subject
    if subject.kind is not TaskKind.ACTION:
        return True
    return may_have_words(subject.id, found.marking, reader.party, subject.series, policy=policy, now=now)
