"""A secretariat puts the other side's amendments into its own draft, all at once or those it chooses."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from services.agenda.domain.amending import Amending, amend
from services.agenda.domain.items import check_content
from services.agenda.domain.permissions import Command
from services.agenda.domain.refusals import OfAnotherMeeting
from services.agenda.usecases.access import agenda_for, audit_of
from services.agenda.usecases.drafting import (
    Drafting,
    DraftView,
    draft_to_change,
    put_draft,
    require_version,
    view_draft,
)
from services.chassis.once import Once
from services.kernel.parties import Reader


@dataclass(frozen=True, slots=True)
class AmendedDraft:
    """The draft as it is now, and what the step did."""

    view: DraftView
    amending: Amending


async def amend_draft(
    once: Once[AmendedDraft],
    reader: Reader,
    draft_id: UUID,
    agenda_id: UUID,
    chosen: Collection[UUID] | None,
    expected: int,
    *,
    drafting: Drafting,
) -> AmendedDraft:
    """Raises `NoAccess`, `OfAnotherMeeting`, `StaleVersion`, or what is wrong with an item as amended."""
    now = drafting.clock()
    policy = drafting.policy
    async with once.transaction() as tx:
        draft = await draft_to_change(tx, reader, draft_id, policy)
        agenda = await agenda_for(tx, reader, Command.READ_AGENDA, agenda_id, policy)
        if agenda.meeting_id != draft.meeting_id:
            raise OfAnotherMeeting("the agenda is of another meeting", pointer="/agenda_id")
        await require_version(tx, draft, expected)
        found = amend(draft, agenda.answers, chosen)
        if found.applied:
            series = policy.get_series(draft.series)
            for changed in {one.item_id for one in found.applied}:
                content = found.draft.item(changed).content
                check_content(content, series, policy, draft_id=draft.id, at=now)
            applied = [f"{one.item_id} {one.field}" for one in found.applied]
            audit = audit_of(
                once,
                reader,
                "draft.amendments-applied",
                "draft",
                draft.id,
                now,
                agenda_id=str(agenda.id),
                applied=applied,
            )
            await put_draft(tx, found.draft, expected, audit)
        return await once.answer(tx, AmendedDraft(await view_draft(tx, reader, found.draft, policy), found))
