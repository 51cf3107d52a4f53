"""Routes that read actions."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response

from services.actions.domain.visibility import READERS
from services.actions.http import models
from services.actions.http.parts import (
    ClockDependency,
    DatabaseDependency,
    PublicationDependency,
    encode,
    reader_of,
)
from services.actions.usecases.forecast_action import forecast_action
from services.actions.usecases.read_actions import LARGEST_PAGE, Listing, list_actions, read_action
from services.chassis.http.requests import Encoded, permit
from services.chassis.identity import Principal

ReadingPrincipal = Annotated[Principal, Depends(permit(*READERS))]


async def list_(
    principal: ReadingPrincipal,
    database: DatabaseDependency,
    clock: ClockDependency,
    publication: PublicationDependency,
    series: Annotated[str, Query(max_length=100)],
    open_only: bool = False,
    page_size: Annotated[int, Query(ge=0, description=f"At most {LARGEST_PAGE}")] = 0,
    page_token: Annotated[str, Query(max_length=500)] = "",
) -> Response:
    """The actions of a series, soonest original due date first."""
    page = await list_actions(
        database,
        reader_of(principal),
        Listing(series, open_only, page_size, page_token),
        policy=publication.policy,
        now=clock(),
    )
    shown = models.ActionPage(
        actions=[models.show(action, publication.rating(action, clock())) for action in page.actions],
        next_page_token=page.next_token,
    )
    return Encoded(shown).response()


async def get(
    action_id: UUID,
    principal: ReadingPrincipal,
    database: DatabaseDependency,
    clock: ClockDependency,
    publication: PublicationDependency,
) -> Response:
    """One action."""
    action = await read_action(
        database, reader_of(principal), action_id, policy=publication.policy, now=clock()
    )
    return encode(action, publication, clock).response()


async def forecast(
    action_id: UUID,
    principal: ReadingPrincipal,
    database: DatabaseDependency,
    clock: ClockDependency,
    publication: PublicationDependency,
) -> models.Forecast:
    """When it will be done: an interval that four of five actions like it finished within."""
    now = clock()
    found = await forecast_action(
        database, reader_of(principal), action_id, policy=publication.policy, now=now
    )
    return models.show_forecast(found, now.date())


def routes() -> APIRouter:
    router = APIRouter(prefix="/v1/actions", tags=["actions"])
    router.get("", response_model=models.ActionPage)(list_)
    router.get("/{action_id}", response_model=models.Action)(get)
    router.get("/{action_id}/forecast", response_model=models.Forecast)(forecast)
    return router
