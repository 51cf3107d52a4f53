"""Series: the yearly dialogues, as configuration. A new series is a new document and no code."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from services.kernel.markings.levels import Level
from services.kernel.parties import Audience
from services.kernel.refusals import Refusal
from services.kernel.reporting import ReportingRule, read_reporting
from services.kernel.sections import Section


class ItemKind(StrEnum):
    """What an agenda item is on the agenda for."""

    STANDING = "STANDING"
    SUBSTANTIVE = "SUBSTANTIVE"
    ORAL = "ORAL"
    RESERVED = "RESERVED"
    MATTERS_ARISING = "MATTERS_ARISING"
    AOB = "AOB"
    NEXT_MEETING = "NEXT_MEETING"


class ItemPurpose(StrEnum):
    """What the parties are asked to do with an item."""

    INFORM = "INFORM"
    DISCUSS = "DISCUSS"
    DECIDE = "DECIDE"
    ENDORSE = "ENDORSE"


@dataclass(frozen=True, slots=True)
class StandingItem:
    """One line of a series' agenda template.

    `lead` names the leading organisations of each party, `minutes` the time allotted. Exactly one
    item of a template has `outstanding_actions`: the actions still open are taken up there.
    """

    position: int
    title: str
    kind: ItemKind
    purpose: ItemPurpose
    lead: Mapping[str, tuple[str, ...]]
    minutes: int
    commitments: tuple[str, ...]
    themes: tuple[str, ...]
    outstanding_actions: bool


class DeadlineStep(StrEnum):
    """A step of the parties that shows whether a deadline was met."""

    EXCHANGE_DRAFTS = "EXCHANGE_DRAFTS"
    AGREE_AGENDA = "AGREE_AGENDA"


PAPERS = "papers"
"""The deadline by which papers are sent out; every series has it."""


@dataclass(frozen=True, slots=True)
class DeadlineRule:
    """A step is due so many calendar days before the first day of a meeting, or earlier.

    `step` is None where nothing that is recorded shows that it was done.
    """

    name: str
    days: int
    step: DeadlineStep | None


@dataclass(frozen=True, slots=True)
class Series:
    """A dialogue of two or more parties that meets at a fixed cadence.

    `quorum` names, for each party, the organisations that must all agree for the party to agree.
    `need_to_know` is the list of subjects the series is kept to, or None where it asks for no such
    list. `all_accept_due_dates` says that every party accepts when an action's due date moves, not only
    those that own the action. `ceiling` is the highest level its meetings may discuss; `host_rotation`
    starts at `first_edition`. `legal_clearance` names, for each party that must have one before it signs
    an outcome, the organisations that may give it. `reporting` is None where nobody is asked in rounds.
    A closed action is looked at again after `closure_review_months`; an open one of which nothing has changed
    for more than `dormant_after_days` is dormant, one that has ended is archived after `archive_after_days`,
    None where nothing is.
    """

    id: str
    title: str
    parties: tuple[str, ...]
    quorum: Mapping[str, tuple[str, ...]]
    instruments: tuple[str, ...]
    ceiling: Level
    cadence_months: int
    closure_review_months: int
    dormant_after_days: int
    archive_after_days: int | None
    first_edition: int
    host_rotation: tuple[str, ...]
    deadlines: tuple[DeadlineRule, ...]
    window_days: int
    status_interval_days: int
    need_to_know: frozenset[str] | None
    all_accept_due_dates: bool
    standing_items: tuple[StandingItem, ...]
    legal_clearance: Mapping[str, tuple[str, ...]]
    reporting: ReportingRule | None

    @property
    def audiences(self) -> tuple[Audience, ...]:
        """One audience a party, in the order of the parties."""
        return tuple(Audience(self.id, party) for party in self.parties)

    def days_before(self, deadline: str) -> int:
        """The calendar days before a meeting by which a step of the series is due."""
        return next(rule.days for rule in self.deadlines if rule.name == deadline)

    def host(self, edition: int) -> str:
        """The party whose turn it is to host the meeting of that year."""
        return self.host_rotation[(edition - self.first_edition) % len(self.host_rotation)]


def read_series(content: object, where: str) -> Series:
    """Reads one document of `series/`. Raises `PolicyMalformed`."""
    section = Section(content, where)
    listed = section.holds("need_to_know")
    items = section.sections("standing_items")
    parties = section.texts("parties")
    series = Series(
        id=section.text("id"),
        title=section.text("title"),
        parties=parties,
        quorum=by_party(section.section("quorum"), parties),
        instruments=section.texts("instruments"),
        ceiling=read_level(section, "ceiling"),
        cadence_months=section.whole("cadence_months"),
        closure_review_months=section.whole("closure_review_months"),
        dormant_after_days=section.whole("dormant_after_days"),
        archive_after_days=_optional_whole(section, "archive_after_days"),
        first_edition=section.whole("first_edition"),
        host_rotation=section.texts("host_rotation"),
        deadlines=tuple(_read_deadline(entry) for entry in section.sections("deadlines")),
        window_days=section.whole("window_days"),
        status_interval_days=section.whole("status_interval_days"),
        need_to_know=frozenset(section.texts("need_to_know")) if listed else None,
        all_accept_due_dates=section.flag("all_accept_due_dates"),
        standing_items=tuple(_read_item(entry, parties) for entry in items),
        legal_clearance=_read_legal_clearance(section, parties),
        reporting=_read_reporting(section),
    )
    if not listed:
        section.optional_text("need_to_know")
    section.end()
    if len(parties) < 2:
        raise section.wrong("a series has two parties or more")
    if not series.host_rotation or not set(series.host_rotation) <= set(parties):
        raise section.wrong("the hosts are parties of the series")
    _check_deadlines(section, series.deadlines)
    positions = [item.position for item in series.standing_items]
    if positions != list(range(1, len(positions) + 1)):
        raise section.wrong("standing items are numbered from 1 without gaps")
    if sum(item.outstanding_actions for item in series.standing_items) != 1:
        raise section.wrong("exactly one standing item takes up the outstanding actions")
    return series


def read_level(section: Section, name: str) -> Level:
    """A classification level, written as `Level.parse` reads it. Raises `PolicyMalformed`."""
    text = section.text(name)
    try:
        return Level.parse(text)
    except Refusal as refusal:
        raise section.wrong(f"'{name}': {refusal.detail}") from refusal


def by_party(section: Section, parties: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """One list of organisations for each party, none empty. Raises `PolicyMalformed`."""
    if set(section.names()) != set(parties):
        raise section.wrong("every party of the series is named, and no other")
    found = {party: section.texts(party) for party in parties}
    if not all(found.values()):
        raise section.wrong("a party names no organisation")
    return found


def _read_legal_clearance(section: Section, parties: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    if not section.holds("legal_clearance"):
        section.optional_text("legal_clearance")
        return {}
    named = section.section("legal_clearance")
    if not set(named.names()) <= set(parties):
        raise named.wrong("a party is named that is none of the series")
    found = {party: named.texts(party) for party in named.names()}
    named.end()
    if not all(found.values()):
        raise named.wrong("a party names no organisation")
    return found


def _read_reporting(section: Section) -> ReportingRule | None:
    if section.holds("reporting_rounds"):
        return read_reporting(section.section("reporting_rounds"))
    section.optional_text("reporting_rounds")
    return None


def _optional_whole(section: Section, name: str) -> int | None:
    if section.holds(name):
        return section.whole(name)
    section.optional_text(name)
    return None


def _read_deadline(section: Section) -> DeadlineRule:
    rule = DeadlineRule(
        name=section.text("name"),
        days=section.whole("days"),
        step=section.member("step", DeadlineStep) if section.holds("step") else None,
    )
    section.end()
    return rule


def _check_deadlines(section: Section, deadlines: tuple[DeadlineRule, ...]) -> None:
    names = [rule.name for rule in deadlines]
    if len(set(names)) != len(names) or PAPERS not in names:
        raise section.wrong(f"deadlines have names of their own, and '{PAPERS}' is one")
    if any(one.days < other.days for one, other in pairwise(deadlines)):
        raise section.wrong("deadlines stand in the order in which they fall due")


def _read_item(section: Section, parties: tuple[str, ...]) -> StandingItem:
    item = StandingItem(
        position=section.whole("position"),
        title=section.text("title"),
        kind=section.member("kind", ItemKind),
        purpose=section.member("purpose", ItemPurpose),
        lead=by_party(section.section("lead"), parties),
        minutes=section.whole("minutes"),
        commitments=section.optional_texts("commitments"),
        themes=section.optional_texts("themes"),
        outstanding_actions=section.flag("outstanding_actions"),
    )
    section.end()
    return item
