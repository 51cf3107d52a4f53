"""How many assessments a search finds, by what they are about and whom they come from."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field

from services.kernel.parties import Reader
from services.threatfeed.domain.search import Kind
from services.threatfeed.http.assessments import Caller, Conditions
from services.threatfeed.usecases.count_assessments import Counts, count_assessments


class CountView(BaseModel):
    value: str = Field(description="In lower case, as the search compares it")
    assessments: int


class CountsView(BaseModel):
    assessments: int
    complete: bool = Field(description="False where there are more: then the latest 10,000 are counted")
    themes: list[CountView]
    agencies: list[CountView]
    parties: list[CountView]
    sectors: list[CountView]

    @classmethod
    def of(cls, counts: Counts) -> "CountsView":
        def listed(kind: Kind) -> list[CountView]:
            return [CountView(value=value, assessments=number) for value, number in counts.values[kind]]

        return cls(
            assessments=counts.assessments,
            complete=counts.complete,
            themes=listed(Kind.THEME),
            agencies=listed(Kind.AGENCY),
            parties=listed(Kind.PARTY),
            sectors=listed(Kind.SECTOR),
        )


def routes() -> APIRouter:
    router = APIRouter(prefix="/v1", tags=["assessments"])

    @router.get("/assessment-counts")
    async def count(request: Request, caller: Caller, query: Annotated[Conditions, Query()]) -> CountsView:
        state = request.app.state
        reader = Reader.from_claims(caller.subject, caller.claims)
        counts = await count_assessments(
            state.database, reader, query.search(), policy=state.policy, at=state.clock()
        )
        return CountsView.of(counts)

    return router
