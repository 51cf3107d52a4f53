"""Before it tables, a secretariat asks: may every party have these texts, and if not, what then?"""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from services.agenda.clients.threatfeed import Threatfeed
from services.agenda.domain.meeting import Meeting
from services.agenda.domain.permissions import Command
from services.agenda.domain.references import Reference
from services.agenda.domain.releases import TextAnswer
from services.agenda.domain.remedies import Advice, advise, alternatives
from services.agenda.usecases.access import draft_for, meeting_for
from services.chassis.database import Database
from services.kernel.parties import Reader
from services.kernel.policy import Policy
from services.kernel.refusals import Refusal, RefusalKind

_NOT_THERE = frozenset({RefusalKind.FORBIDDEN, RefusalKind.NOT_FOUND, RefusalKind.INVALID})


@dataclass(frozen=True, slots=True)
class CheckedReference:
    """A reference of the draft; `answer` is None where its text is not to be had at all."""

    item_id: UUID
    reference: Reference
    answer: TextAnswer | None
    advice: tuple[Advice, ...]


async def check_draft(
    database: Database, reader: Reader, draft_id: UUID, *, policy: Policy, threatfeed: Threatfeed
) -> tuple[CheckedReference, ...]:
    """Every reference of the caller's own draft. Raises `NoAccess`."""
    async with database.transaction() as tx:
        draft = await draft_for(tx, reader, Command.TABLE_AGENDA, draft_id, policy)
        meeting = await meeting_for(tx, reader, Command.TABLE_AGENDA, draft.meeting_id, policy)
    parties = policy.get_series(draft.series).parties
    checked: dict[Reference, tuple[TextAnswer | None, tuple[Advice, ...]]] = {}
    for item in draft.items:
        for reference in item.content.references:
            if reference not in checked:
                checked[reference] = await check_reference(threatfeed, meeting, reference, parties)
    return tuple(
        CheckedReference(item.id, reference, *checked[reference])
        for item in draft.items
        for reference in item.content.references
    )


async def check_reference(
    threatfeed: Threatfeed, meeting: Meeting, reference: Reference, parties: tuple[str, ...]
) -> tuple[TextAnswer | None, tuple[Advice, ...]]:
    """Whether every party of a meeting may have a text, and what to do where not."""
    answer = await _decided(threatfeed, meeting, reference)
    if answer is not None and answer.allowed:
        return answer, ()
    others: dict[Reference, TextAnswer] = {}
    for other in alternatives(reference, await _current(threatfeed, reference.assessment_id)):
        found = await _decided(threatfeed, meeting, other)
        if found is not None:
            others[other] = found
    return answer, _advice(answer, others, reference, parties)


def _advice(
    answer: TextAnswer | None,
    others: Mapping[Reference, TextAnswer],
    reference: Reference,
    parties: tuple[str, ...],
) -> tuple[Advice, ...]:
    if answer is not None:
        return advise(answer, others, parties)
    return advise(TextAnswer.of_nothing(reference), others, parties)


async def _decided(threatfeed: Threatfeed, meeting: Meeting, reference: Reference) -> TextAnswer | None:
    try:
        return (await threatfeed.decide(meeting, [reference]))[reference]
    except Refusal as refusal:
        if refusal.kind in _NOT_THERE:
            return None
        raise


async def _current(threatfeed: Threatfeed, assessment_id: UUID) -> int | None:
    """The revision that stands, as far as the caller may know."""
    try:
        return (await threatfeed.assessment(assessment_id, 0)).revision
    except Refusal as refusal:
        if refusal.kind in _NOT_THERE:
            return None
        raise
