"""Changes of actions at a steady rate, each with its place in the feed and the moment it was committed.

A burst is what a new day or another policy makes: many actions in one transaction, told again by the code
that does that, and stored beforehand in one statement. One by one, with an audit entry and a span each, the
writer would be what is measured.
"""

import asyncio
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

from services.actions.domain.action import Action
from services.actions.domain.opening import AgreedOutcome
from services.actions.domain.owners import Owner
from services.actions.store.actions import find_all, update
from services.actions.store.rows import write_progress
from services.actions.usecases.open_actions import Opening, open_actions
from services.actions.usecases.publication import Publication
from services.chassis.audit import AuditEntry
from services.chassis.database import Database, Transaction
from services.kernel.parties import Reader, Role

OWNER = Reader("dsit-owner", "UK", "DSIT", frozenset({Role.OWNER}))
_ABREAST = 4
_STORE = """
UPDATE action SET state = new.state, blocked = new.blocked, changed_at = new.changed_at, version = new.version
FROM unnest(
    %(id)s::uuid[], %(state)s::text[], %(blocked)s::jsonb[],
    %(changed_at)s::timestamptz[], %(version)s::integer[]
) AS new (id, state, blocked, changed_at, version)
WHERE action.id = new.id
"""


@dataclass(slots=True)
class Changes:
    """Blocks and frees actions in turn."""

    database: Database
    publication: Publication
    audience: str
    actions: list[UUID] = field(default_factory=list)
    committed: dict[int, float] = field(default_factory=dict)
    """When the transaction of a sequence was committed, on the machine's monotonic clock."""
    newest: dict[str, int] = field(default_factory=dict)
    """The last sequence of each action."""
    late: float = 0.0
    """The longest that a change waited for its turn to begin."""
    seconds: float = 0.0
    """How long the last run took."""
    _held: dict[UUID, Action] = field(default_factory=dict)

    async def open(self, count: int) -> None:
        at = datetime.now(UTC)
        self.actions = [uuid4() for _ in range(count)]
        openings = [Opening(_outcome(action, number), None) for number, action in enumerate(self.actions)]
        for first in range(0, count, 50):
            async with self.database.transaction() as tx:
                refusals = await open_actions(tx, openings[first : first + 50], self.publication, at)
            if any(refusals):
                raise RuntimeError(f"an action was not opened: {refusals}")
        for first in range(0, count, 50):
            await self._change(self.actions[first : first + 50], "accepted")

    async def run(self, rate: float, seconds: float, together: int) -> None:
        """So many changes a second, each begun at its moment, a few at once."""
        change = self._change if together == 1 else self._change_all
        async with self.database.transaction() as tx:
            self._held = {action.id: action for action in await find_all(tx, self.actions)}
        count, began = int(rate * seconds), time.monotonic()
        turns, idle = iter(range(0, count, together)), deque(self.actions)

        async def work() -> None:
            for number in turns:
                due = began + number / rate
                await asyncio.sleep(max(0.0, due - time.monotonic()))
                self.late = max(self.late, time.monotonic() - due)
                # Those that another transaction is changing now are left alone.
                chosen = [idle.popleft() for _ in range(together)]
                await change(chosen, "changed")
                idle.extend(chosen)

        async with asyncio.TaskGroup() as group:
            for _ in range(_ABREAST):
                group.create_task(work())
        self.seconds = time.monotonic() - began

    async def _change(self, chosen: Sequence[UUID], what: str) -> None:
        at = datetime.now(UTC)
        async with self.database.transaction() as tx:
            changed = []
            for before in await find_all(tx, chosen):
                after = _next(before, what, at)
                audit = AuditEntry(
                    action=f"action.{what}",
                    actor=OWNER.subject,
                    party=OWNER.party,
                    subject_kind="action",
                    subject_id=str(after.id),
                    at=at,
                    detail={"version": after.version},
                )
                await update(tx, before, after, audit)
                changed.append(after)
            await self.publication.publish(tx, changed, at)
            last = await self._place(tx)
        self._note(changed, last)

    async def _change_all(self, chosen: Sequence[UUID], what: str) -> None:
        at = datetime.now(UTC)
        changed = [_next(self._held[action], what, at) for action in chosen]
        async with self.database.transaction() as tx:
            await tx.execute(_STORE, _columns(changed))
            await self.publication.tell_again(tx, changed, at)
            last = await self._place(tx)
        self._note(changed, last)
        self._held.update({action.id: action for action in changed})

    async def _place(self, tx: Transaction) -> int:
        cursor = await tx.execute("SELECT sequence FROM audience_feed WHERE audience = %s", [self.audience])
        row = await cursor.fetchone()
        return int(row[0]) if row else 0

    def _note(self, changed: Sequence[Action], last: int) -> None:
        committed = time.monotonic()
        for sequence, after in zip(range(last - len(changed) + 1, last + 1), changed, strict=True):
            self.committed[sequence] = committed
            self.newest[str(after.id)] = max(sequence, self.newest.get(str(after.id), 0))


def _columns(changed: Sequence[Action]) -> dict[str, list[Any]]:
    rows = [(action.id, write_progress(action)) for action in changed]
    return {
        "id": [identity for identity, _ in rows],
        **{name: [row[name] for _, row in rows] for name in ("state", "blocked", "changed_at", "version")},
    }


def _next(before: Action, what: str, at: datetime) -> Action:
    if what == "accepted":
        return before.accepted(OWNER, at)
    if before.blocked is None:
        return before.blocked_by("The reviewers have not answered yet.", OWNER, at)
    return before.unblocked(OWNER, at)


def _outcome(action: UUID, number: int) -> AgreedOutcome:
    return AgreedOutcome(
        action_id=action,
        reference=f"UKEU-2026-A{number + 1:02}",
        series="uk-eu",
        meeting_id="meeting",
        item_id=f"item-{number}",
        outcome_id=f"outcome-{number}",
        content_hash="sha256:" + "0" * 64,
        text="Publish joint guidance for operators of essential services on supplier compromise. " * 3,
        guidance="Build on what both agencies have published.",
        owners=(Owner("UK", "DSIT", accountable=True), Owner("EU", "CNECT", accountable=True)),
        due_date=date(2027, 6, 30),
        commitment="C3",
        marking="UK OFFICIAL REL EU",
        basis=(),
    )
