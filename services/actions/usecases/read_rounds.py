"""Read the reporting rounds of a series, one of them with what became of it, or the updates on an action."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from services.actions.domain.action import Action
from services.actions.domain.rounds import Answer, Counts, Obligation, ProgressUpdate, Round, RoundDays
from services.actions.domain.visibility import READERS, may_see, may_see_all, seen_by
from services.actions.store.actions import find, find_all
from services.actions.store.progress_updates import page_of_updates
from services.actions.store.rounds import find_round, obligations, page_of_rounds
from services.actions.usecases.round_calendar import next_round
from services.chassis.database import Database
from services.kernel.parties import Reader
from services.kernel.policy import Policy
from services.kernel.refusals import NoAccess

LARGEST_PAGE = 100
"""Rounds or updates given at once, the latest first."""


@dataclass(frozen=True, slots=True)
class OwnAnswer:
    """What the reader's own party owes on one action, and what became of it."""

    obligation: Obligation
    reference: str
    answer: Answer


@dataclass(frozen=True, slots=True)
class RoundView:
    """A round as its reader may see it.

    `own` are the reader's party's alone. `joint` counts by party, over the actions that all parties of the
    series may see, so that every party reads the same.
    """

    asking: Round
    own: tuple[OwnAnswer, ...]
    joint: Mapping[str, Counts]
    as_of: datetime

    @property
    def own_counts(self) -> Counts:
        return Counts.of(one.answer for one in self.own)


@dataclass(frozen=True, slots=True)
class RoundList:
    """Rounds of a series, the latest first, and the days of the next one to come."""

    rounds: tuple[Round, ...]
    next: RoundDays | None


async def list_rounds(
    database: Database, reader: Reader, series: str, before: date | None, *, policy: Policy, now: datetime
) -> RoundList:
    """The latest rounds, those planned for a day before one. Raises `NoAccess`."""
    if not policy.roles(reader, series) & READERS:
        raise NoAccess(f"series {series}")
    async with database.transaction() as tx:
        rounds = await page_of_rounds(tx, series, before or date.max, LARGEST_PAGE)
    return RoundList(tuple(rounds), next_round(policy, series, now))


async def read_round(
    database: Database, reader: Reader, round_id: UUID, *, policy: Policy, now: datetime
) -> RoundView:
    """Raises `NoAccess`."""
    async with database.transaction() as tx:
        asking = await find_round(tx, round_id)
        if asking is None or not policy.roles(reader, asking.series) & READERS:
            raise NoAccess(f"reporting round {round_id}")
        owed = await obligations(tx, round_id)
        found = await find_all(tx, sorted({one.action_id for one in owed}))
    return view_round(asking, owed, found, reader.party, policy=policy, now=now)


def view_round(
    asking: Round,
    owed: Sequence[Obligation],
    found: Iterable[Action],
    party: str,
    *,
    policy: Policy,
    now: datetime,
) -> RoundView:
    """The round as a party of its series may see it; `found` are the actions that it asks about."""
    actions = {action.id: action for action in found}
    answers = [(one, actions[one.action_id].reference, one.answer(actions[one.action_id])) for one in owed]
    own = {identity for identity, action in actions.items() if may_see(action, party, policy, now)}
    joint = {identity for identity, action in actions.items() if may_see_all(action, policy, now)}
    return RoundView(
        asking=asking,
        own=tuple(
            sorted(
                (
                    OwnAnswer(*answer)
                    for answer in answers
                    if answer[0].party == party and answer[0].action_id in own
                ),
                key=lambda one: one.reference,
            )
        ),
        joint={
            each: Counts.of(
                answer for one, _, answer in answers if one.party == each and one.action_id in joint
            )
            for each in policy.get_series(asking.series).parties
        },
        as_of=now,
    )


async def list_updates(
    database: Database,
    reader: Reader,
    action_id: UUID,
    before: UUID | None,
    *,
    policy: Policy,
    now: datetime,
) -> list[ProgressUpdate]:
    """The latest updates on an action; those before one of its own. Raises `NoAccess`."""
    async with database.transaction() as tx:
        action = await find(tx, action_id)
        if action is None:
            raise NoAccess(f"action {action_id}")
        seen_by(action, reader, policy, now)
        return await page_of_updates(tx, action_id, before, LARGEST_PAGE)
