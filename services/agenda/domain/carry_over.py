"""What comes back by itself: items that were deferred or not reached, and guidance to review.

Whether an item comes back follows from the agreed outcomes alone, so every party's draft has the same.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.agenda.domain.outcome_kinds import RETURNING, OutcomeKind
from services.kernel.identifiers import returning_item_id, template_item_id
from services.kernel.series import Series


@dataclass(frozen=True, slots=True)
class PastOutcome:
    """An agreed outcome of an earlier edition. `root_item_id` is the item as it first stood on an agenda
    of the series; `agenda_id` and `position` say where the item stood this time.
    """

    outcome_id: UUID
    item_id: UUID
    root_item_id: UUID
    meeting_id: UUID
    agenda_id: UUID
    edition: int
    kind: OutcomeKind
    deferred_to: int | None
    reason: str
    agreed_at: datetime
    position: int


@dataclass(frozen=True, slots=True)
class ReturningItem:
    """An item that comes back to a meeting under `item_id`.

    `times` is how often it has been put off. `in_template` says that the template of the series has it
    anyway. `history` holds every agreed outcome of it, oldest first; `last` is the one that sends it on.
    """

    item_id: UUID
    root_item_id: UUID
    times: int
    in_template: bool
    last: PastOutcome
    history: tuple[PastOutcome, ...]


def returning_items(
    outcomes: Iterable[PastOutcome], *, meeting_id: UUID, edition: int, series: Series
) -> tuple[ReturningItem, ...]:
    """Each item once that the latest edition to deal with it put off, unless to a later edition still."""
    chains: dict[UUID, list[PastOutcome]] = {}
    for outcome in outcomes:
        if outcome.edition < edition:
            chains.setdefault(outcome.root_item_id, []).append(outcome)
    found = []
    for root, chain in chains.items():
        history = tuple(sorted(chain, key=_age))
        latest = [one for one in history if one.edition == history[-1].edition and one.kind in RETURNING]
        if not latest:
            continue
        last = latest[-1]
        if last.deferred_to is not None and last.deferred_to > edition:
            continue
        position = _template_position(last, series)
        found.append(
            ReturningItem(
                item_id=(
                    returning_item_id(meeting_id, root)
                    if position is None
                    else template_item_id(meeting_id, position)
                ),
                root_item_id=root,
                times=len({one.edition for one in history if one.kind in RETURNING}),
                in_template=position is not None,
                last=last,
                history=history,
            )
        )
    return tuple(sorted(found, key=lambda item: (item.last.edition, item.last.position, str(item.item_id))))


def _age(outcome: PastOutcome) -> tuple[int, datetime, str]:
    return outcome.edition, outcome.agreed_at, str(outcome.outcome_id)


def _template_position(outcome: PastOutcome, series: Series) -> int | None:
    """The line of the series' template that the item was at its meeting."""
    for standing in series.standing_items:
        if template_item_id(outcome.meeting_id, standing.position) == outcome.item_id:
            return standing.position
    return None


@dataclass(frozen=True, slots=True)
class Guidance:
    """Agreed guidance and the edition at which it is to be reviewed."""

    outcome_id: UUID
    decision_reference: str
    conclusion: str
    marking: str
    review_edition: int


def guidance_to_review(
    given: Iterable[Guidance], *, edition: int, editions: Sequence[int]
) -> tuple[Guidance, ...]:
    """What comes up at this edition: the first one held that is not before the edition it is due at.

    `editions` are those of the series that were not called off.
    """
    due = []
    for one in given:
        possible = [held for held in editions if held >= one.review_edition]
        if edition == min(possible, default=one.review_edition):
            due.append(one)
    return tuple(sorted(due, key=lambda one: (one.review_edition, one.decision_reference)))
