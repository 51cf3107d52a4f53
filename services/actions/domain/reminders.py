"""What an owning organisation is reminded of, in one digest a working day: what is due soon, what is
overdue, and the rounds that ask for an update.

A digest is sent where something new has come up for one of its actions: so many working days before or
after the due date, or a round that was opened or reminds. What lapsed meanwhile is never sent in arrears: of
each action the latest that is due counts. A due date that was moved starts anew, also where it comes back to
the same day.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from services.actions.domain.action import Action
from services.actions.domain.escalation import Closed, causes
from services.actions.domain.rounds import OWING
from services.kernel.escalation import Escalation, Trigger
from services.kernel.series import Series
from services.kernel.working_days import is_working_day

_DAY = timedelta(days=1)


class Matter(StrEnum):
    """Why an action stands in a digest."""

    DUE_SOON = "DUE_SOON"
    OVERDUE = "OVERDUE"
    ROUND_OPEN = "ROUND_OPEN"


class RoundCall(StrEnum):
    """What a round asked last of one who has not answered."""

    OPENED = "OPENED"
    REMINDED = "REMINDED"


@dataclass(frozen=True, slots=True)
class Occasion:
    """Something to remind of. Of one `key`, only what comes later in `place` is new."""

    key: str
    place: int


@dataclass(frozen=True, slots=True)
class Entry:
    """One action of a digest; `post` and `subject` are of who led it then, empty where nobody was named."""

    action_id: UUID
    matters: tuple[Matter, ...]
    due_date: date
    post: str
    subject: str


@dataclass(frozen=True, slots=True)
class Digest:
    """What one organisation was reminded of on a working day of its party."""

    id: UUID
    series: str
    party: str
    organisation: str
    sent_on: date
    sent_at: datetime
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Desk:
    """An owning organisation of a party in a series, and what its day and holidays are."""

    series: str
    party: str
    organisation: str
    today: date


def is_remindable(hour: int, today: date, escalation: Escalation, party: str, closed: Closed) -> bool:
    """Whether a party is at work, and its day far enough on."""
    return hour >= escalation.from_hour and _works(party, today, closed)


def due_place(
    escalation: Escalation, party: str, due: date, last_good: date, today: date, closed: Closed
) -> int | None:
    """The latest reminder about a due date that has come, by its working days: negative before it, positive
    after `last_good`, the last day on which it is not overdue; None where none has come.
    """
    if today > last_good:
        counts = sorted(escalation.remind_after)
        passed = _count(party, last_good, today, counts[-1], closed) if counts else 0
        return max((count for count in counts if count <= passed), default=None)
    if today > due or not escalation.remind_before:
        return None
    left = _count(party, today, due, max(escalation.remind_before) + 1, closed)
    nearest = min((count for count in escalation.remind_before if left <= count), default=None)
    return None if nearest is None else -nearest


def remind(
    series: Series,
    escalation: Escalation,
    desk: Desk,
    action: Action,
    call: tuple[UUID, RoundCall] | None,
    closed: Closed,
) -> tuple[tuple[Occasion, ...], Entry | None]:
    """The latest occasions that have come for an action of a desk, and its entry in a digest of the day."""
    occasions, matters = [], []
    overdue = [cause for cause in causes(series, action) if cause.trigger is Trigger.OVERDUE]
    if action.state in OWING and overdue:
        last_good = overdue[0].since
        place = due_place(escalation, desk.party, action.due_date, last_good, desk.today, closed)
        if place is not None:
            occasions.append(Occasion(_key(action), place))
        if desk.today > last_good:
            matters.append(Matter.OVERDUE)
        elif place is not None:
            matters.append(Matter.DUE_SOON)
    if call is not None:
        round_id, asked = call
        occasions.append(Occasion(f"round {round_id}", list(RoundCall).index(asked)))
        matters.append(Matter.ROUND_OPEN)
    if not matters:
        return (), None
    lead = next((one for one in action.lead_officials if one.party == desk.party), None)
    post, subject = ("", "") if lead is None else (lead.post, lead.subject)
    return tuple(occasions), Entry(action.id, tuple(matters), action.due_date, post, subject)


def news(occasions: Iterable[Occasion], sent: Mapping[str, int]) -> tuple[Occasion, ...]:
    """Those that come after what was sent of their key."""
    return tuple(one for one in occasions if one.key not in sent or one.place > sent[one.key])


def by_lead(entries: Sequence[Entry]) -> list[tuple[str, str, list[Entry]]]:
    """The entries of each lead official, by post and id, those whom nobody leads last; by due date each."""
    groups: dict[tuple[bool, str, str], list[Entry]] = {}
    for entry in sorted(entries, key=lambda one: (one.due_date, str(one.action_id))):
        groups.setdefault((not entry.post, entry.post, entry.subject), []).append(entry)
    return [(post, subject, groups[nobody, post, subject]) for nobody, post, subject in sorted(groups)]


def _key(action: Action) -> str:
    return f"due {action.due_date.isoformat()} {len(action.due_date_changes)}"


def _count(party: str, after: date, until: date, most: int, closed: Closed) -> int:
    """The working days of a party after one day, up to another with it; no more than `most`."""
    count, day = 0, after + _DAY
    while day <= until and count < most:
        count += _works(party, day, closed)
        day += _DAY
    return count


def _works(party: str, day: date, closed: Closed) -> bool:
    return is_working_day(day, {party: closed(party, day.year)})
