"""What could not be shown to everybody in the room of a meeting."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from services.agenda.domain.attendance import (
    Exposure,
    Person,
    ShownText,
    exposures,
    guests,
    shown_lines,
)
from services.agenda.domain.items import TabledItem, TabledReference
from services.agenda.domain.meeting import Meeting
from services.agenda.domain.references import Reference
from services.agenda.domain.releases import TextAnswer
from services.agenda.store.attendance import register_of
from services.chassis.database import Transaction
from services.kernel.policy import Policy


async def exposed_in_room(
    tx: Transaction,
    meeting: Meeting,
    items: Sequence[TabledItem],
    answers: Mapping[Reference, TextAnswer],
    *,
    joining: Iterable[Person] = (),
    policy: Policy,
    now: datetime,
) -> tuple[Exposure, ...]:
    """What those who are expected, and those `joining`, could not all be shown of these items.

    The caller holds the meeting's lock, so that nobody joins while a version is being tabled.
    """
    series = policy.get_series(meeting.series)
    register = await register_of(tx, meeting.id)
    people = [one.person for one in register.participants if one.expected]
    present = guests([*people, *joining], series, policy)
    found = exposures(
        [*shown_lines(items), *_texts(items, answers)],
        present,
        series=series,
        policy=policy,
        meeting=meeting,
        now=now,
    )
    return (*_denied(items, answers), *found)


def _answer(reference: TabledReference, answers: Mapping[Reference, TextAnswer]) -> TextAnswer | None:
    return answers.get(
        Reference(reference.assessment_id, reference.revision, reference.rendition, reference.mode)
    )


def _texts(items: Sequence[TabledItem], answers: Mapping[Reference, TextAnswer]) -> list[ShownText]:
    shown = []
    for item in items:
        for reference in item.references:
            answer = _answer(reference, answers)
            markings = [one.marking for one in answer.decisions if one.marking is not None] if answer else []
            if markings:
                shown.append(ShownText(item.id, markings[0], reference.assessment_id, reference.mode))
    return shown


def _denied(items: Sequence[TabledItem], answers: Mapping[Reference, TextAnswer]) -> list[Exposure]:
    """What a party of the series itself may no longer have."""
    return [
        Exposure(item.id, reference.assessment_id, decision.party, decision.rule_id, decision.explanation)
        for item in items
        for reference in item.references
        if (answer := _answer(reference, answers)) is not None
        for decision in answer.decisions
        if not decision.allowed
    ]
