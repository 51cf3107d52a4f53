"""One party's own draft of an agenda. Drafts never cross between parties."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from uuid import UUID

from services.agenda.domain.comparing import longest_ascent
from services.agenda.domain.items import DraftItem, ItemContent
from services.agenda.domain.refusals import PositionOutOfRange, StandingItemKept, UnknownItem
from services.kernel.editions import RecurringItem, folded
from services.kernel.identifiers import recurring_item_id, template_item_id
from services.kernel.series import ItemKind, Series, StandingItem

TEMPLATE_MARKING = "TLP:CLEAR"
"""The titles of a series' template, and those of past editions, are public words of the configuration."""


_CLOSING_KINDS = frozenset({ItemKind.AOB, ItemKind.NEXT_MEETING})


@dataclass(frozen=True, slots=True)
class Draft:
    """`version` counts the changes; positions are the places in `items`, so always 1..n."""

    id: UUID
    meeting_id: UUID
    series: str
    party: str
    version: int
    items: tuple[DraftItem, ...]

    def item(self, item_id: UUID) -> DraftItem:
        """Raises `UnknownItem`."""
        for item in self.items:
            if item.id == item_id:
                return item
        raise UnknownItem("the draft has no such item")

    def with_item(self, item: DraftItem, position: int | None) -> "Draft":
        """The item put at a position, or last. Raises `PositionOutOfRange`."""
        place = len(self.items) if position is None else position - 1
        if not 0 <= place <= len(self.items):
            raise PositionOutOfRange(f"positions are 1 to {len(self.items) + 1}", pointer="/position")
        return self._changed((*self.items[:place], item, *self.items[place:]))

    def with_content(
        self,
        item_id: UUID,
        content: ItemContent,
        position: int | None,
        traceparent: str | None,
    ) -> "Draft":
        """The item rewritten and, with a position, moved. A standing item stays one.

        Raises `UnknownItem`, `StandingItemKept` or `PositionOutOfRange`.
        """
        item = self.item(item_id)
        standing = item.content.kind is ItemKind.STANDING
        if standing and content.kind is not ItemKind.STANDING:
            raise StandingItemKept("a standing item stays one", pointer="/kind")
        rest = tuple(other for other in self.items if other.id != item_id)
        place = self.items.index(item) if position is None else position - 1
        if not 0 <= place <= len(rest):
            raise PositionOutOfRange(f"positions are 1 to {len(self.items)}", pointer="/position")
        rewritten = replace(item, content=content, traceparent=traceparent)
        return self._changed((*rest[:place], rewritten, *rest[place:]))

    def without_item(self, item_id: UUID) -> "Draft":
        """Raises `UnknownItem` or `StandingItemKept`."""
        if self.item(item_id).content.kind is ItemKind.STANDING:
            raise StandingItemKept("standing items are on every agenda of the series")
        return self._changed(tuple(item for item in self.items if item.id != item_id))

    def with_less_waiting(self) -> "Draft":
        """The same items, of a later version: an item that waited beside them is gone."""
        return self._changed(self.items)

    def taking_over(self, tabled: Sequence[DraftItem]) -> "Draft":
        """What lies on the table put first, in its order and words, before what only this draft holds.

        Items keep their identity, so that a version tabled from it re-opens only what it changes. One that
        was there came when it did.
        """
        taken = {item.id for item in tabled}
        came = {item.id: item.proposed_at for item in self.items}
        first = [
            replace(item, proposed_at=min(item.proposed_at, came.get(item.id, item.proposed_at)))
            for item in tabled
        ]
        return self._changed((*first, *(item for item in self.items if item.id not in taken)))

    def taking_in(self, returning: Sequence[DraftItem]) -> "Draft":
        """What comes back from earlier editions and is not there yet, before any other business. An item of
        the same title that is there becomes it, in its own words and place.
        """
        became = becoming(self.items, returning)
        items = [replace(item, id=became.get(item.id, item.id)) for item in self.items]
        held = {item.id for item in items}
        return self._changed(_before_closing(items, tuple(item for item in returning if item.id not in held)))

    def _changed(self, items: tuple[DraftItem, ...]) -> "Draft":
        return replace(self, items=items, version=self.version + 1)


def becoming(items: Sequence[DraftItem], returning: Sequence[DraftItem]) -> Mapping[UUID, UUID]:
    """Which items become one that comes back, being of its title: what names the former means the latter."""
    held = {item.id for item in items}
    coming = {folded(item.content.title): item.id for item in returning if item.id not in held}
    found: dict[UUID, UUID] = {}
    for item in items:
        back = coming.pop(folded(item.content.title), None)
        if back is not None:
            found[item.id] = back
    return found


@dataclass(frozen=True, slots=True)
class ItemChange:
    """What a version of a draft changed of one item: `kind` is added, removed, moved or rewritten.

    `fields` names what was rewritten. The last three say in which version, by whom and when.
    """

    item_id: UUID
    kind: str
    fields: tuple[str, ...] = ()
    version: int = 0
    official: str = ""
    at: datetime | None = None


def changes_between(before: Sequence[DraftItem], after: Sequence[DraftItem]) -> tuple[ItemChange, ...]:
    """What tells one list of items from another. An item that only makes room is not moved."""
    olds, news = {item.id: item for item in before}, {item.id: item for item in after}
    found = [ItemChange(one, "removed") for one in olds if one not in news]
    found += [ItemChange(one, "added") for one in news if one not in olds]
    places = {one: place for place, one in enumerate(olds)}
    common = [one for one in news if one in olds]
    staying = longest_ascent([places[one] for one in common])
    found += [ItemChange(one, "moved") for place, one in enumerate(common) if place not in staying]
    for identity in common:
        names = _rewritten(olds[identity], news[identity])
        if names:
            found.append(ItemChange(identity, "rewritten", names))
    return tuple(found)


def _rewritten(before: DraftItem, after: DraftItem) -> tuple[str, ...]:
    names = [
        one.name
        for one in fields(ItemContent)
        if getattr(before.content, one.name) != getattr(after.content, one.name)
    ]
    return (*names, "action_ids") if before.action_ids != after.action_ids else tuple(names)


def start_draft(
    *,
    id: UUID,  # noqa: A002
    meeting_id: UUID,
    series: Series,
    party: str,
    outstanding: Iterable[UUID],
    recurring: Iterable[RecurringItem] = (),
    now: datetime,
    traceparent: str | None,
    returning: Sequence[DraftItem] = (),
) -> Draft:
    """A draft from the series' template, each outstanding action exactly once under its own item. Before any
    other business stand the recurring items of earlier editions, and then what comes back from them; an item
    that comes back is not there a second time as one that recurs.

    A line of the template, or of an earlier edition, is the same item in every party's draft of the meeting.
    """
    actions = tuple(dict.fromkeys(outstanding))
    back = {folded(item.content.title) for item in returning}

    def line(item_id: UUID, content: ItemContent, taken: tuple[UUID, ...] = ()) -> DraftItem:
        return DraftItem(item_id, content, action_ids=taken, proposed_at=now, traceparent=traceparent)

    standing = [
        line(
            template_item_id(meeting_id, one.position),
            _content(one),
            actions if one.outstanding_actions else (),
        )
        for one in series.standing_items
    ]
    recurs = [
        line(recurring_item_id(meeting_id, one.year, one.item.title), _recurring(one))
        for one in recurring
        if folded(one.item.title) not in back
    ]
    return Draft(
        id=id,
        meeting_id=meeting_id,
        series=series.id,
        party=party,
        version=1,
        items=_before_closing(standing, (*recurs, *returning)),
    )


def _before_closing(items: Sequence[DraftItem], more: Sequence[DraftItem]) -> tuple[DraftItem, ...]:
    place = next(
        (number for number, item in enumerate(items) if item.content.kind in _CLOSING_KINDS), len(items)
    )
    return (*items[:place], *more, *items[place:])


def _content(standing: StandingItem) -> ItemContent:
    return ItemContent(
        title=standing.title,
        kind=standing.kind,
        purpose=standing.purpose,
        minutes=standing.minutes,
        leads={party: organisations[0] for party, organisations in standing.lead.items()},
        commitments=standing.commitments,
        theme=standing.themes[0] if standing.themes else "",
        marking=TEMPLATE_MARKING,
        references=(),
    )


def _recurring(found: RecurringItem) -> ItemContent:
    item = found.item
    return ItemContent(
        title=item.title,
        kind=item.kind,
        purpose=found.recurs.purpose,
        minutes=found.recurs.minutes,
        leads={party: organisations[0] for party, organisations in found.recurs.lead.items()},
        commitments=item.commitments,
        theme=item.themes[0] if item.themes else "",
        marking=TEMPLATE_MARKING,
        references=(),
    )
