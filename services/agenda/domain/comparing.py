"""What differs between two tabled versions of an agenda, item by item."""

import json
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

_IDENTITY = "itemId"
_PLACE = "position"
_OF_THE_VERSION = frozenset({"agendaId", "version", "items"})
"""Members of the whole that differ between any two versions, or are compared by themselves."""


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A member of the canonical form; None where a version leaves it at its default."""

    name: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class PlacedItem:
    item_id: UUID
    position: int
    title: str


@dataclass(frozen=True, slots=True)
class MovedItem:
    item_id: UUID
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class RewrittenItem:
    item_id: UUID
    fields: tuple[FieldChange, ...]


@dataclass(frozen=True, slots=True)
class VersionDifference:
    """`whole` names what differs beside the items. An item that only makes room is not moved: `moved` is
    a smallest set of items whose places in the order changed.
    """

    whole: tuple[FieldChange, ...]
    added: tuple[PlacedItem, ...]
    removed: tuple[PlacedItem, ...]
    moved: tuple[MovedItem, ...]
    rewritten: tuple[RewrittenItem, ...]


def compare(before: bytes, after: bytes) -> VersionDifference:
    """The difference between two versions in their canonical form."""
    old, new = json.loads(before), json.loads(after)
    olds, news = _by_id(old), _by_id(new)
    common = [identity for identity in news if identity in olds]
    places = {identity: place for place, identity in enumerate(olds)}
    staying = longest_ascent([places[identity] for identity in common])
    return VersionDifference(
        whole=_fields(old, new, _OF_THE_VERSION),
        added=tuple(_placed(item) for identity, item in news.items() if identity not in olds),
        removed=tuple(_placed(item) for identity, item in olds.items() if identity not in news),
        moved=tuple(
            MovedItem(UUID(identity), olds[identity][_PLACE], news[identity][_PLACE])
            for place, identity in enumerate(common)
            if place not in staying
        ),
        rewritten=tuple(
            RewrittenItem(UUID(identity), fields)
            for identity in common
            if (fields := _fields(olds[identity], news[identity], frozenset({_IDENTITY, _PLACE})))
        ),
    )


def changed_members(before: bytes, after: bytes) -> tuple[FieldChange, ...]:
    """What differs between two statements in their canonical form, beside the number of the version."""
    return _fields(json.loads(before), json.loads(after), _OF_THE_VERSION)


def _by_id(document: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    return {item[_IDENTITY]: item for item in document.get("items", ())}


def _placed(item: Mapping[str, Any]) -> PlacedItem:
    return PlacedItem(UUID(item[_IDENTITY]), item[_PLACE], item.get("title", ""))


def _fields(
    before: Mapping[str, Any], after: Mapping[str, Any], without: frozenset[str]
) -> tuple[FieldChange, ...]:
    names = sorted((before.keys() | after.keys()) - without)
    return tuple(
        FieldChange(name, before.get(name), after.get(name))
        for name in names
        if before.get(name) != after.get(name)
    )


def longest_ascent(numbers: Sequence[int]) -> frozenset[int]:
    """The places of a longest ascending subsequence of distinct numbers."""
    tails: list[int] = []
    ends: list[int] = []
    came_from: list[int] = []
    for place, number in enumerate(numbers):
        length = bisect_left(tails, number)
        came_from.append(ends[length - 1] if length else -1)
        if length == len(tails):
            tails.append(number)
            ends.append(place)
        else:
            tails[length] = number
            ends[length] = place
    found = []
    place = ends[-1] if ends else -1
    while place >= 0:
        found.append(place)
        place = came_from[place]
    return frozenset(found)
