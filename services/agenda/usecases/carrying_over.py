"""What comes back to a meeting by itself: items put off, guidance to review, and matters arising."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from services.agenda.domain.carry_over import (
    Guidance,
    ReturningItem,
    guidance_to_review,
    returning_items,
)
from services.agenda.domain.items import DraftItem, ItemContent
from services.agenda.domain.matters_arising import Matter, matters_arising
from services.agenda.domain.meeting import Meeting, MeetingLevel, MeetingState
from services.agenda.domain.permissions import Command
from services.agenda.statements import read_items
from services.agenda.store.actions import action_tellings
from services.agenda.store.agendas import agendas_by_id
from services.agenda.store.meetings import meetings_of_series
from services.agenda.store.returning import agreed_guidance, past_outcomes
from services.agenda.usecases.access import meeting_for
from services.agenda.usecases.paging import Key, cut, read_key, write_token
from services.chassis.clock import Clock
from services.chassis.database import Database, Transaction
from services.kernel.joint_text import decide_joint_text
from services.kernel.markings.banner import parse
from services.kernel.parties import Reader
from services.kernel.policy import Policy
from services.kernel.refusals import Refusal

_CALLED_OFF = frozenset({MeetingState.CANCELLED, MeetingState.POSTPONED})


@dataclass(frozen=True, slots=True)
class CarryOver:
    """What comes back to a meeting, the same for every party."""

    items: tuple[ReturningItem, ...]
    titles: dict[UUID, str]
    guidance: tuple[Guidance, ...]


@dataclass(frozen=True, slots=True)
class MattersArising:
    """The section for one party. `since` is the end of the meeting before, None where there was none."""

    since: datetime | None
    until: datetime
    matters: tuple[Matter, ...]


async def returning(tx: Transaction, meeting: Meeting, policy: Policy) -> tuple[ReturningItem, ...]:
    """What was put off comes back to an edition, and not to the working-level meetings under it: they
    conclude nothing.
    """
    if meeting.level is MeetingLevel.WORKING:
        return ()
    return returning_items(
        await past_outcomes(tx, meeting.series, meeting.edition),
        meeting_id=meeting.id,
        edition=meeting.edition,
        series=policy.get_series(meeting.series),
    )


async def returning_to(
    tx: Transaction, meeting: Meeting, *, policy: Policy, traceparent: str | None, now: datetime
) -> tuple[tuple[ReturningItem, ...], tuple[DraftItem, ...]]:
    """What comes back to a meeting, and the lines of a new draft that this makes.

    A line keeps its words and leaves its texts behind: they are chosen anew, as they then stand.
    """
    items = await returning(tx, meeting, policy)
    contents = await contents_of(tx, items)
    lines = tuple(
        DraftItem(
            id=item.item_id,
            content=contents[item.root_item_id],
            action_ids=(),
            proposed_at=now,
            traceparent=traceparent,
        )
        for item in items
        if not item.in_template
    )
    return items, lines


async def read_carry_over(
    database: Database, reader: Reader, meeting_id: UUID, *, policy: Policy
) -> CarryOver:
    """Raises `NoAccess`."""
    async with database.transaction() as tx:
        meeting = await meeting_for(tx, reader, Command.READ_AGENDA, meeting_id, policy)
        items = await returning(tx, meeting, policy)
        contents = await contents_of(tx, items)
        held = await meetings_of_series(tx, meeting.series)
        given = (
            await agreed_guidance(tx, meeting.series, meeting.edition)
            if meeting.level is MeetingLevel.EDITION
            else ()
        )
    return CarryOver(
        items=items,
        titles={item.item_id: contents[item.root_item_id].title for item in items},
        guidance=guidance_to_review(
            given,
            edition=meeting.edition,
            editions=sorted(
                one.edition
                for one in held
                if one.level is MeetingLevel.EDITION and one.state not in _CALLED_OFF
            ),
        ),
    )


async def page_of_carry_over(
    database: Database, reader: Reader, meeting_id: UUID, *, page_size: int, page_token: str, policy: Policy
) -> tuple[CarryOver, str]:
    """A page of the same, items before guidance, and the token of the next one. Raises `NoAccess` or
    `InvalidValue`.
    """
    question = ("carry-over", meeting_id)
    after = read_key(page_token, (int, int, int, str), *question)
    found = await read_carry_over(database, reader, meeting_id, policy=policy)
    entries: tuple[ReturningItem | Guidance, ...] = (*found.items, *found.guidance)
    shown, last = cut(entries, _place, after, page_size)
    items = tuple(one for one in shown if isinstance(one, ReturningItem))
    guidance = tuple(one for one in shown if isinstance(one, Guidance))
    return CarryOver(items, found.titles, guidance), write_token(last, *question)


def _place(one: ReturningItem | Guidance) -> Key:
    """In the order that they come in, items before guidance."""
    if isinstance(one, Guidance):
        return 1, one.review_edition, 0, one.decision_reference
    return 0, one.last.edition, one.last.position, str(one.item_id)


async def page_of_matters(
    database: Database,
    reader: Reader,
    meeting_id: UUID,
    *,
    page_size: int,
    page_token: str,
    policy: Policy,
    clock: Clock,
) -> tuple[MattersArising, str]:
    """A page of the section, by reference, and the token of the next one. Raises `NoAccess` or
    `InvalidValue`.
    """
    question = ("matters", reader.party, meeting_id)
    after = read_key(page_token, (str, str), *question)
    section = await read_matters_arising(database, reader, meeting_id, policy=policy, clock=clock)
    shown, last = cut(section.matters, lambda one: (one.reference, str(one.action_id)), after, page_size)
    return replace(section, matters=tuple(shown)), write_token(last, *question)


async def read_matters_arising(
    database: Database, reader: Reader, meeting_id: UUID, *, policy: Policy, clock: Clock
) -> MattersArising:
    """The actions of the series as they stand now, or stood when the meeting began, against the meeting
    before; only those whose words may be handed to the reader's party. Raises `NoAccess`.
    """
    now = clock()
    async with database.transaction() as tx:
        meeting = await meeting_for(tx, reader, Command.READ_AGENDA, meeting_id, policy)
        until = min(now, meeting.starts_at)
        earlier = [
            one
            for one in await meetings_of_series(tx, meeting.series)
            if one.level is MeetingLevel.EDITION
            and one.ends_at < meeting.starts_at
            and one.ends_at <= until
            and one.state not in _CALLED_OFF
        ]
        ends = sorted(one.ends_at for one in earlier)
        since = ends[-1] if ends else None
        tellings = await action_tellings(tx, meeting.series, until)
    matters = matters_arising(tellings, since=since, until=until, meetings=ends)
    return MattersArising(since, until, _releasable(matters, reader.party, meeting.series, policy, now))


def _releasable(
    matters: Iterable[Matter], party: str, series: str, policy: Policy, now: datetime
) -> tuple[Matter, ...]:
    return tuple(
        matter
        for matter in matters
        if may_have_words(matter.action_id, matter.marking, party, series, policy=policy, now=now)
    )


def may_have_words(
    action_id: UUID, banner: str, party: str, series: str, *, policy: Policy, now: datetime
) -> bool:
    """Whether a party may have an action's words. What is unmarked, or marked beyond understanding, goes
    to nobody.
    """
    try:
        marking = parse(banner)
    except Refusal:
        return False
    held = policy.get_series(series)
    return decide_joint_text(action_id, marking, party, held, policy=policy, now=now).allowed


async def contents_of(tx: Transaction, items: Sequence[ReturningItem]) -> dict[UUID, ItemContent]:
    """The words of each item as it last stood on an agenda, by its root."""
    agendas = await agendas_by_id(tx, sorted({item.last.agenda_id for item in items}))
    tabled = {(agenda.id, line.id): line for agenda in agendas for line in read_items(agenda.payload)}
    return {item.root_item_id: tabled[item.last.agenda_id, item.last.item_id].content() for item in items}
