"""The picture of one audience: what is rising and who is silent, from what it may see and nothing else.

It is a pure function of the latest state of every assessment and of the clock, so it does not matter in
which order, or how often, those states were heard of.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from services.kernel.parties import Audience
from services.kernel.policy import Policy
from services.kernel.release_terms import Rendition
from services.threatfeed.domain.rhythm import Rhythm, judge, usual_gap
from services.threatfeed.domain.visibility import Sight, Told

WINDOWS: Final = (7, 30, 90, 365)
"""Days, counted back from the day of the picture, which is the last of them."""


class Trend(StrEnum):
    """How a count compares with that of the window before."""

    RISING = "RISING"
    STEADY = "STEADY"
    """The difference is no larger than chance would make it."""
    FALLING = "FALLING"

    @classmethod
    def of(cls, count: int, before: int) -> "Trend":
        """A trend is a difference of more than two standard deviations of chance.

        Two independent Poisson counts differ by a standard deviation of the root of their sum.
        """
        difference = count - before
        if difference * difference <= 4 * (count + before):
            return cls.STEADY
        return cls.RISING if difference > 0 else cls.FALLING


@dataclass(frozen=True, slots=True)
class WindowTempo:
    """How much was published in the last `days`, and in as many days before."""

    days: int
    count: int
    before: int

    @property
    def trend(self) -> Trend:
        return Trend.of(self.count, self.before)


@dataclass(frozen=True, slots=True)
class SubjectTempo:
    """The tempo on one theme, on one sector or of one party, in every window."""

    subject: str
    windows: tuple[WindowTempo, ...]


@dataclass(frozen=True, slots=True)
class AgencyRhythm:
    """How long an agency has published nothing, and how long it usually does not."""

    agency: str
    party: str
    last_published: date
    silence: timedelta
    usual_gap: timedelta | None

    @property
    def rhythm(self) -> Rhythm:
        return judge(self.silence, self.usual_gap)


@dataclass(frozen=True, slots=True)
class Picture:
    """What one audience is told."""

    audience: str
    as_of: date
    themes: tuple[SubjectTempo, ...]
    sectors: tuple[SubjectTempo, ...]
    parties: tuple[SubjectTempo, ...]
    agencies: tuple[AgencyRhythm, ...]


@dataclass(frozen=True, slots=True)
class Publication:
    """What an audience may know of one assessment that it may see."""

    day: date
    agency: str
    party: str
    themes: tuple[str, ...]
    sectors: tuple[str, ...]


def newer(held: Told | None, incoming: Told) -> bool:
    """Whether what is told replaces what is held: only the version of the aggregate decides."""
    return held is None or incoming.aggregate_version > held.aggregate_version


def pictures(told: Mapping[UUID, Told], policy: Policy, at: datetime) -> dict[str, Picture]:
    """The picture of every audience of the policy, by its id. What is published later than today waits."""
    audiences = [one for key in sorted(policy.series) for one in policy.audiences(key)]
    seen = {
        party: publications(told, party, policy, at) for party in sorted({one.party for one in audiences})
    }
    return {one.id: picture(one, seen[one.party], at) for one in audiences}


def publications(told: Mapping[UUID, Told], party: str, policy: Policy, at: datetime) -> list[Publication]:
    """What a party may see of what was published until today.

    Themes and sectors are drawn from the whole text: they are not told to who may have a tear line only.
    """
    sight, today = Sight(party, told, policy, at), at.astimezone(UTC).date()
    found = []
    for one in told.values():
        if one.published is None or (day := one.published.astimezone(UTC).date()) > today:
            continue
        rendition = sight.rendition(one)
        if rendition is None:
            continue
        full = rendition is Rendition.FULL
        found.append(
            Publication(
                day=day,
                agency=one.agency,
                party=policy.agency(one.agency).party,
                themes=one.themes if full else (),
                sectors=one.sectors if full else (),
            )
        )
    return found


def picture(audience: Audience, seen: Iterable[Publication], at: datetime) -> Picture:
    """The picture made of what an audience may see."""
    seen, today = list(seen), at.astimezone(UTC).date()
    return Picture(
        audience=audience.id,
        as_of=today,
        themes=_tempos(seen, today, lambda one: one.themes),
        sectors=_tempos(seen, today, lambda one: one.sectors),
        parties=_tempos(seen, today, lambda one: (one.party,)),
        agencies=_rhythms(seen, today),
    )


def _tempos(
    seen: Iterable[Publication], today: date, subjects: Callable[[Publication], Iterable[str]]
) -> tuple[SubjectTempo, ...]:
    by_age: dict[str, Counter[int]] = {}
    for one in seen:
        age = (today - one.day).days
        if age < 2 * WINDOWS[-1]:
            for subject in set(subjects(one)):
                by_age.setdefault(subject, Counter())[age] += 1
    return tuple(
        SubjectTempo(subject, tuple(_window(days, by_age[subject]) for days in WINDOWS))
        for subject in sorted(by_age)
    )


def _window(days: int, by_age: Counter[int]) -> WindowTempo:
    count = sum(number for age, number in by_age.items() if age < days)
    before = sum(number for age, number in by_age.items() if days <= age < 2 * days)
    return WindowTempo(days, count, before)


def _rhythms(seen: Iterable[Publication], today: date) -> tuple[AgencyRhythm, ...]:
    days: dict[tuple[str, str], set[date]] = {}
    for one in seen:
        days.setdefault((one.agency, one.party), set()).add(one.day)
    return tuple(
        AgencyRhythm(
            agency=agency,
            party=party,
            last_published=max(found),
            silence=today - max(found),
            usual_gap=usual_gap(start_of(day) for day in found),
        )
        for (agency, party), found in sorted(days.items())
    )


def start_of(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
