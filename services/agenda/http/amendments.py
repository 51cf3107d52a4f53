"""The route by which the other side's amendments go into the own draft."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import BaseModel, Field

from services.agenda.http.drafts import DraftModel, Editor, draft_model
from services.agenda.http.fields import Body
from services.agenda.http.parts import Parts, reader_of
from services.agenda.usecases.amend_draft import AmendedDraft, amend_draft
from services.chassis.http.requests import Encoded, ExpectedVersion, RehearsableMutation

router = APIRouter(prefix="/v1", tags=["drafts"])


class AmendmentsBody(Body):
    """Without `item_ids` every amendment of another party is applied."""

    agenda_id: UUID
    item_ids: Annotated[list[UUID], Field(min_length=1, max_length=500)] | None = None


class AppliedModel(BaseModel):
    """`party` proposed it."""

    item_id: UUID
    party: str
    field: str
    before: str | int
    after: str | int


class NotAppliedModel(BaseModel):
    """`party` and `field` are empty where nobody amended a chosen item."""

    item_id: UUID
    party: str
    field: str
    reason: str


class AmendedDraftModel(BaseModel):
    draft: DraftModel
    applied: list[AppliedModel]
    not_applied: list[NotAppliedModel]


def _encoded(found: AmendedDraft) -> Encoded:
    return Encoded(
        AmendedDraftModel(
            draft=draft_model(found.view),
            applied=[
                AppliedModel(
                    item_id=one.item_id,
                    party=one.party,
                    field=one.field,
                    before=one.before,
                    after=one.after,
                )
                for one in found.amending.applied
            ],
            not_applied=[
                NotAppliedModel(
                    item_id=one.item_id, party=one.party, field=one.field, reason=one.obstacle.value
                )
                for one in found.amending.left
            ],
        ),
        version=found.view.draft.version,
    )


@router.post("/drafts/{draft_id}/apply-amendments", responses={200: {"model": AmendedDraftModel}})
async def apply(
    principal: Editor,
    draft_id: UUID,
    body: AmendmentsBody,
    expected: ExpectedVersion,
    mutation: RehearsableMutation,
    parts: Parts,
) -> Response:
    """Puts what others would change in a tabled version into the own draft, and says what it could not."""
    reader = reader_of(principal)
    chosen = None if body.item_ids is None else frozenset(body.item_ids)
    return await mutation.run(
        lambda once: amend_draft(
            once, reader, draft_id, body.agenda_id, chosen, expected, drafting=parts.drafting()
        ),
        _encoded,
    )
