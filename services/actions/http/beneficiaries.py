"""Routes of whom actions are for."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response
from pydantic import Field

from services.actions.domain.beneficiaries import MOST_BENEFICIARIES
from services.actions.domain.states import RULES, Move
from services.actions.domain.texts import LONGEST_TITLE
from services.actions.http import bodies, evidence_models, models
from services.actions.http.parts import Change, ReadingDependency, change_by
from services.actions.usecases.name_beneficiaries import list_benefiting, name_beneficiaries

Name = Annotated[str, Field(min_length=1, max_length=LONGEST_TITLE)]
Planning = Annotated[Change, Depends(change_by(*RULES[Move.PLAN].roles))]


class Beneficiaries(bodies.Body):
    beneficiaries: list[Name] = Field(max_length=MOST_BENEFICIARIES)


class BenefitingActions(evidence_models.Model):
    actions: list[models.Action]


async def name(action_id: UUID, body: Beneficiaries, change: Planning) -> Response:
    """Whom the action is for, all of them."""
    return await change.run(name_beneficiaries, action_id, body.beneficiaries, changing=change.changing)


async def list_(
    reading: ReadingDependency,
    series: Annotated[str, Query(max_length=100)],
    beneficiary: Annotated[str, Query(max_length=LONGEST_TITLE, description="In whichever case")] = "",
) -> BenefitingActions:
    """The actions of a series that are for somebody, or for one who is named."""
    found = await list_benefiting(
        reading.database, reading.reader, series, beneficiary, policy=reading.policy, now=reading.now
    )
    return BenefitingActions(actions=[reading.show(action) for action in found])


def routes() -> APIRouter:
    router = APIRouter(tags=["beneficiaries"])
    router.get("/v1/benefiting-actions", response_model=BenefitingActions)(list_)
    router.put("/v1/actions/{action_id}/beneficiaries", response_model=models.Action)(name)
    return router
