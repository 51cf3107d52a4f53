"""One party's own draft of an agenda. Drafts never cross between parties."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from services.agenda.domain.items import DraftItem, ItemContent
from services.agenda.domain.refusals import PositionOutOfRange, StandingItemKept, UnknownItem
from services.kernel.series import ItemKind, Series, StandingItem

TEMPLATE_MARKING = "TLP:CLEAR"
"""The titles of a series' template are public words of its configuration."""


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

    def _changed(self, items: tuple[DraftItem, ...]) -> "Draft":
        return replace(self, items=items, version=self.version + 1)


def start_draft(
    *,
    id: UUID,  # noqa: A002
    meeting_id: UUID,
    series: Series,
    party: str,
    outstanding: Iterable[UUID],
    new_item_id: Callable[[], UUID],
    now: datetime,
    traceparent: str | None,
) -> Draft:
    """A draft from the series' template, each outstanding action exactly once under its own item."""
    actions = tuple(dict.fromkeys(outstanding))
    items = tuple(
        DraftItem(
            id=new_item_id(),
            content=_content(standing),
            action_ids=actions if standing.outstanding_actions else (),
            proposed_at=now,
            traceparent=traceparent,
        )
        for standing in series.standing_items
    )
    return Draft(id=id, meeting_id=meeting_id, series=series.id, party=party, version=1, items=items)


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
