"""How it is shown of which item elsewhere a proposal was made."""

from uuid import UUID

from pydantic import BaseModel

from services.agenda.domain.forwarding import ItemOrigin


class PastStepModel(BaseModel):
    outcome_id: UUID
    meeting_id: UUID
    edition: int
    kind: str
    reason: str


class OriginModel(BaseModel):
    """`source_id` is the draft or the agenda that has the item; `history` what became of it, oldest first."""

    kind: str
    series: str
    meeting_id: UUID
    source_id: UUID
    item_id: UUID
    history: list[PastStepModel]


def origin_model(origin: ItemOrigin) -> OriginModel:
    return OriginModel(
        kind=origin.kind.value,
        series=origin.series,
        meeting_id=origin.meeting_id,
        source_id=origin.source_id,
        item_id=origin.item_id,
        history=[
            PastStepModel(
                outcome_id=one.outcome_id,
                meeting_id=one.meeting_id,
                edition=one.edition,
                kind=one.kind.value,
                reason=one.reason,
            )
            for one in origin.history
        ],
    )
