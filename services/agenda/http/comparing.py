"""How the difference between two tabled versions is shown."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from services.agenda.domain.comparing import FieldChange, PlacedItem
from services.agenda.http.lateness import MissedDeadlineModel, missed_model
from services.agenda.usecases.read_agendas import Comparison


class FieldChangeModel(BaseModel):
    """A member of the canonical form; null where a version leaves it at its default."""

    name: str
    before: Any
    after: Any


class PlacedItemModel(BaseModel):
    item_id: UUID
    position: int
    title: str
    missed_deadline: MissedDeadlineModel | None


class MovedItemModel(BaseModel):
    item_id: UUID
    before: int
    after: int


class RewrittenItemModel(BaseModel):
    item_id: UUID
    fields: list[FieldChangeModel]
    missed_deadline: MissedDeadlineModel | None


class ComparisonModel(BaseModel):
    """`whole` is what differs beside the items. An item that only makes room for others is not moved. Added
    items have missed the deadline for items, rewritten ones that for the agreement, where they came later.
    """

    from_version: int
    to_version: int
    whole: list[FieldChangeModel]
    added: list[PlacedItemModel]
    removed: list[PlacedItemModel]
    moved: list[MovedItemModel]
    rewritten: list[RewrittenItemModel]


def comparison_model(comparison: Comparison) -> ComparisonModel:
    found = comparison.difference
    return ComparisonModel(
        from_version=comparison.before.version,
        to_version=comparison.after.version,
        whole=_fields(found.whole),
        added=[_placed(one, comparison) for one in found.added],
        removed=[_placed(one, comparison) for one in found.removed],
        moved=[
            MovedItemModel(item_id=one.item_id, before=one.before, after=one.after) for one in found.moved
        ],
        rewritten=[
            RewrittenItemModel(
                item_id=one.item_id,
                fields=_fields(one.fields),
                missed_deadline=missed_model(comparison.late.get(one.item_id)),
            )
            for one in found.rewritten
        ],
    )


def _placed(item: PlacedItem, comparison: Comparison) -> PlacedItemModel:
    return PlacedItemModel(
        item_id=item.item_id,
        position=item.position,
        title=item.title,
        missed_deadline=missed_model(comparison.late.get(item.item_id)),
    )


def _fields(changes: Sequence[FieldChange]) -> list[FieldChangeModel]:
    return [FieldChangeModel(name=one.name, before=one.before, after=one.after) for one in changes]
