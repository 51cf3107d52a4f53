"""What an act changed, as its audit entry keeps it: of every field what it was and what it is.

An entry is never deleted, so it keeps no words of anybody: a title that was taken back is named as changed.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from services.agenda.domain.draft import changes_between
from services.agenda.domain.items import DraftItem, ItemContent

Kept = Sequence[str | None]
"""Before and after; empty where only the name is kept."""

_VALUED = frozenset({"kind", "purpose", "minutes", "commitments", "theme", "leads", "marking"})
_NAMED: Kept = ()


def written(value: object) -> str | None:
    """As one line; None for what is not there."""
    match value:
        case None | "":
            return None
        case StrEnum():
            return value.value
        case datetime():
            return value.isoformat()
        case Mapping():
            return ", ".join(f"{key} {value[key]}" for key in sorted(value)) or None
        case str():
            return value
        case Collection():
            return ", ".join(str(one) for one in value) or None
        case _:
            return str(value)


def differences(before: object, after: object, *names: str) -> dict[str, Kept]:
    """Of those members the ones that differ; before is None for what was made just now."""
    found: dict[str, Kept] = {}
    for name in names:
        old, new = written(getattr(before, name, None)), written(getattr(after, name))
        if old != new:
            found[name] = (old, new)
    return found


def content_differences(before: ItemContent, after: ItemContent) -> dict[str, Kept]:
    """Of the content of an item: codes with what they were, words and texts by name."""
    found: dict[str, Kept] = {}
    for name in (one.name for one in fields(ItemContent)):
        old, new = getattr(before, name), getattr(after, name)
        if old != new:
            found[name] = (written(old), written(new)) if name in _VALUED else _NAMED
    return found


def item_differences(
    before: Sequence[DraftItem], after: Sequence[DraftItem]
) -> dict[str, Mapping[str, Kept]]:
    """By the id of an item. One that came or went has a place that it had not, or has no longer."""
    olds, news = {one.id: one for one in before}, {one.id: one for one in after}
    found: dict[UUID, dict[str, Kept]] = {}
    for change in changes_between(before, after):
        kept = found.setdefault(change.item_id, {})
        if change.kind == "rewritten":
            kept |= content_differences(olds[change.item_id].content, news[change.item_id].content)
            if "action_ids" in change.fields:
                kept["action_ids"] = _NAMED
        else:
            kept["position"] = (_place(before, change.item_id), _place(after, change.item_id))
    return {str(identity): kept for identity, kept in found.items()}


def _place(items: Sequence[DraftItem], item_id: UUID) -> str | None:
    return next((str(place) for place, one in enumerate(items, start=1) if one.id == item_id), None)
