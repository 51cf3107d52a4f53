"""The route of who changed what about a meeting."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime, BaseModel

from services.agenda.domain.history.acts import HistoryKind
from services.agenda.domain.history.telling import Entry, Wanted
from services.agenda.domain.permissions import Command
from services.agenda.domain.wording import CODE, LONGEST_CODE
from services.agenda.http.fields import SizeQuery, TokenQuery
from services.agenda.http.parts import Parts, permit_command, reader_of
from services.agenda.usecases.list_history import HistoryPage, list_history
from services.chassis.identity import Principal

router = APIRouter(prefix="/v1/meetings/{meeting_id}/history", tags=["history"])

Viewer = Annotated[Principal, Depends(permit_command(Command.READ_HISTORY))]


class WhoModel(BaseModel):
    """Official and roles are told of the own party only. No party: the service did it by itself."""

    party: str | None
    organisation: str | None
    official: str | None
    roles: list[str]


class ChangeModel(BaseModel):
    """Of words only their name is told: read them at what has them."""

    item_id: UUID | None
    item_title: str | None
    field: str
    before: str | None
    after: str | None


class EntryModel(BaseModel):
    at: datetime
    by: WhoModel
    action: str
    words: str
    kind: HistoryKind
    subject_id: UUID
    item_id: UUID | None
    item_title: str | None
    section: str | None
    reason: str | None
    changes: list[ChangeModel]


class HistoryModel(BaseModel):
    entries: list[EntryModel]
    next_page_token: str


def _entry(page: HistoryPage, entry: Entry) -> EntryModel:
    return EntryModel(
        at=entry.at,
        by=WhoModel(
            party=entry.by.party,
            organisation=entry.by.organisation,
            official=entry.by.official,
            roles=list(entry.by.roles),
        ),
        action=entry.act.action,
        words=entry.act.words,
        kind=entry.act.kind,
        subject_id=entry.subject_id,
        item_id=entry.item_id,
        item_title=page.title(entry, entry.item_id),
        section=entry.section,
        reason=entry.reason,
        changes=[
            ChangeModel(
                item_id=change.item_id,
                item_title=page.title(entry, change.item_id),
                field=change.field,
                before=change.before,
                after=change.after,
            )
            for change in entry.changes
        ],
    )


@router.get("")
async def of_meeting(
    principal: Viewer,
    meeting_id: UUID,
    parts: Parts,
    item: Annotated[UUID | None, Query(description="What was done to this item")] = None,
    kind: Annotated[HistoryKind | None, Query(description="What was done to things of this kind")] = None,
    by_organisation: Annotated[str | None, Query(min_length=1, max_length=LONGEST_CODE, pattern=CODE)] = None,
    since: Annotated[AwareDatetime | None, Query(description="With its offset")] = None,
    page_size: SizeQuery = 50,
    page_token: TokenQuery = "",
) -> HistoryModel:
    """What every side did jointly and what the own side did for itself, the oldest first."""
    page = await list_history(
        parts.database,
        reader_of(principal),
        meeting_id,
        Wanted(item, kind, by_organisation, since),
        page_size=page_size,
        page_token=page_token,
        policy=parts.policy,
    )
    return HistoryModel(entries=[_entry(page, one) for one in page.entries], next_page_token=page.following)
