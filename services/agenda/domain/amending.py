"""What other parties would change in a tabled version, put into a party's own draft."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from uuid import UUID

from services.agenda.domain.answers import Answer, ItemAnswer
from services.agenda.domain.draft import Draft
from services.agenda.domain.items import DraftItem
from services.kernel.markings.banner import parse
from services.kernel.markings.composition import compose
from services.kernel.series import ItemKind

Value = str | int


class Obstacle(StrEnum):
    """Why something asked for is not in the draft now by this step."""

    NOT_AMENDED = "NOT_AMENDED"
    """The item was chosen, and no other party would have it otherwise."""
    NOT_IN_DRAFT = "NOT_IN_DRAFT"
    DISPUTED = "DISPUTED"
    """Two other parties would have it differently."""
    ALREADY_SO = "ALREADY_SO"
    PLACEHOLDER_KEPT = "PLACEHOLDER_KEPT"
    """A reserved item is called by its public line."""
    POSITION_OUT_OF_RANGE = "POSITION_OUT_OF_RANGE"
    """The draft has fewer items than the version on the table."""


@dataclass(frozen=True, slots=True)
class Amended:
    """A field of an item as it was and as it is now. `party` proposed it; of several the first by name."""

    item_id: UUID
    party: str
    field: str
    before: Value
    after: Value


@dataclass(frozen=True, slots=True)
class NotAmended:
    """`party` and `field` are empty where nothing was proposed."""

    item_id: UUID
    party: str
    field: str
    obstacle: Obstacle


@dataclass(frozen=True, slots=True)
class Amending:
    """A draft after the step, of a later version if anything changed."""

    draft: Draft
    applied: tuple[Amended, ...]
    left: tuple[NotAmended, ...]


def amend(draft: Draft, answers: Iterable[ItemAnswer], chosen: Collection[UUID] | None) -> Amending:
    """Every amendment of another party, or those of the chosen items. An item is put at its place after the
    items before it are; a title that comes with a higher marking raises that of the item.
    """
    wanted = [
        one
        for one in sorted(answers, key=lambda one: (str(one.item_id), one.party))
        if one.party != draft.party and one.answer is Answer.AMENDED
    ]
    asked = {one.item_id for one in wanted} if chosen is None else set(chosen)
    left = [
        NotAmended(one, "", "", Obstacle.NOT_AMENDED)
        for one in sorted(asked - {one.item_id for one in wanted}, key=str)
    ]
    applied: list[Amended] = []
    changed = draft
    for field in ("title", "minutes", "position"):
        proposed = [(one, _value(one, field)) for one in wanted if one.item_id in asked]
        moves = [(one, value) for one, value in proposed if value is not None]
        if field == "position":
            moves.sort(key=lambda move: (move[1], str(move[0].item_id), move[0].party))
        for one, value in moves:
            others = {other for answer, other in moves if answer.item_id == one.item_id}
            obstacle = _obstacle(changed, one, field, value, others)
            if obstacle is not None:
                left.append(NotAmended(one.item_id, one.party, field, obstacle))
                continue
            before = _held(changed, one.item_id, field)
            changed = _with(changed, one, field, value)
            applied.append(Amended(one.item_id, one.party, field, before, value))
    version = draft.version + 1 if applied else draft.version
    return Amending(replace(changed, version=version), tuple(applied), tuple(left))


def _value(answer: ItemAnswer, field: str) -> Value | None:
    value: Value | None = getattr(answer.proposal, field)
    return value or None


def _held(draft: Draft, item_id: UUID, field: str) -> Value:
    item = draft.item(item_id)
    if field == "position":
        return draft.items.index(item) + 1
    value: Value = getattr(item.content, field)
    return value


def _obstacle(
    draft: Draft,
    answer: ItemAnswer,
    field: str,
    value: Value,
    proposed: Collection[Value],
) -> Obstacle | None:
    item = next((one for one in draft.items if one.id == answer.item_id), None)
    if item is None:
        return Obstacle.NOT_IN_DRAFT
    if len(proposed) > 1:
        return Obstacle.DISPUTED
    if _held(draft, item.id, field) == value:
        return Obstacle.ALREADY_SO
    if field == "title" and item.content.kind is ItemKind.RESERVED:
        return Obstacle.PLACEHOLDER_KEPT
    if field == "position" and not 1 <= int(value) <= len(draft.items):
        return Obstacle.POSITION_OUT_OF_RANGE
    return None


def _with(draft: Draft, answer: ItemAnswer, field: str, value: Value) -> Draft:
    item = draft.item(answer.item_id)
    if field == "position":
        rest = [one for one in draft.items if one.id != item.id]
        place = int(value) - 1
        return replace(draft, items=(*rest[:place], item, *rest[place:]))
    content = item.content
    if field == "title":
        marking = str(compose([parse(content.marking), parse(answer.marking)]))
        content = replace(content, title=str(value), marking=marking)
    else:
        content = replace(content, minutes=int(value))
    return replace(draft, items=tuple(_put(one, replace(item, content=content)) for one in draft.items))


def _put(one: DraftItem, changed: DraftItem) -> DraftItem:
    return changed if one.id == changed.id else one
