"""What one reader is told of who changed what about a meeting.

Whatever a reader may not know of does not enter: pages and places are made of what the reader is told.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from services.agenda.domain.history.acts import ACTS, Act, HistoryKind
from services.agenda.domain.permissions import Command

Place = tuple[str, int]
"""The instant of an entry, and which it is among those of that instant that the reader asked for."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """An audit entry about a meeting. No party is the service's own doing, which is nobody's secret."""

    action: str
    actor: str
    party: str | None
    subject_id: UUID
    at: datetime
    detail: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Sight:
    """Who reads: whose side's, and what it may do in the series."""

    party: str
    commands: frozenset[Command]


@dataclass(frozen=True, slots=True)
class Who:
    """Of another party only party and organisation. No party where the service did it by itself."""

    party: str | None
    organisation: str | None = None
    official: str | None = None
    roles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """Of one field; neither value where only its name is kept."""

    item_id: UUID | None
    field: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Entry:
    """Who did what to what, when, why, and what that changed."""

    at: datetime
    act: Act
    by: Who
    subject_id: UUID
    item_id: UUID | None
    section: str | None
    reason: str | None
    changes: tuple[Change, ...]

    def is_about(self, item_id: UUID) -> bool:
        return item_id == self.item_id or any(item_id == change.item_id for change in self.changes)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a reader asks for; None for all."""

    item_id: UUID | None = None
    kind: HistoryKind | None = None
    organisation: str | None = None
    since: datetime | None = None

    def has(self, entry: Entry) -> bool:
        return (
            (self.item_id is None or entry.is_about(self.item_id))
            and (self.kind is None or entry.act.kind is self.kind)
            and (self.organisation is None or entry.by.organisation == self.organisation)
            and (self.since is None or entry.at >= self.since)
        )


def tell(recorded: Recorded, sight: Sight) -> Entry | None:
    """The entry as this reader is told of it; None where it may not know that there is one."""
    act = ACTS.get(recorded.action)
    if act is None or act.needs not in sight.commands:
        return None
    own = recorded.party in (None, sight.party)
    if not own and not act.joint:
        return None
    detail = recorded.detail
    section = detail.get("section")
    return Entry(
        at=recorded.at.astimezone(UTC),
        act=act,
        by=_who(recorded, sight),
        subject_id=recorded.subject_id,
        item_id=_id(detail.get("item_id") or section),
        section=section,
        reason=(detail.get("reason") or detail.get("note") or None) if own or act.reasoned else None,
        changes=_changes(detail),
    )


def history(records: Iterable[Recorded], sight: Sight, wanted: Wanted) -> list[tuple[Place, Entry]]:
    """What the reader is told of, the oldest first, each with its place; records in their order."""
    told = [entry for one in records if (entry := tell(one, sight)) is not None and wanted.has(entry)]
    # Sorting keeps the order of what happened at one instant.
    told.sort(key=lambda entry: entry.at)
    placed: list[tuple[Place, Entry]] = []
    for entry in told:
        instant = entry.at.isoformat(timespec="microseconds")
        number = placed[-1][0][1] + 1 if placed and placed[-1][0][0] == instant else 1
        placed.append(((instant, number), entry))
    return placed


def _who(recorded: Recorded, sight: Sight) -> Who:
    if recorded.party is None:
        return Who(None)
    by = recorded.detail.get("by") or {}
    organisation = by.get("organisation")
    if recorded.party != sight.party:
        return Who(recorded.party, organisation)
    return Who(recorded.party, organisation, recorded.actor, tuple(by.get("roles", ())))


def _changes(detail: Mapping[str, Any]) -> tuple[Change, ...]:
    whole = {**dict.fromkeys(detail.get("fields", ()), ()), **detail.get("changes", {})}
    found = [_change(None, field, kept) for field, kept in sorted(whole.items())]
    for item_id, fields in sorted(detail.get("items", {}).items()):
        found += [_change(UUID(item_id), field, kept) for field, kept in sorted(fields.items())]
    return tuple(found)


def _change(item_id: UUID | None, field: str, kept: Sequence[str | None]) -> Change:
    before, after = kept or (None, None)
    return Change(item_id, field, before, after)


def _id(text: str | None) -> UUID | None:
    """Sections of the minutes that are not of an item have names of their own."""
    return None if text in (None, "", "OPENING", "CLOSING") else UUID(text)
