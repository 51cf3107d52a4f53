"""Routes that read actions."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from services.actions.domain.figures import MOST_PERIODS, Period
from services.actions.domain.filters import Order
from services.actions.domain.instants import read_as_of, read_since
from services.actions.http import models, reading_models
from services.actions.http.filters import FilterDependency
from services.actions.http.parts import ReadingDependency, encode
from services.actions.usecases.count_actions import count_actions
from services.actions.usecases.follow_ratings import Following, follow_ratings
from services.actions.usecases.forecast_action import forecast_action
from services.actions.usecases.list_actions import Listing, list_actions
from services.actions.usecases.list_changes import Since, list_changes, read_history
from services.actions.usecases.paging import LARGEST_PAGE
from services.actions.usecases.read_actions import read_action
from services.actions.usecases.read_thread import read_thread
from services.chassis.http.requests import Encoded

SeriesQuery = Annotated[str, Query(max_length=100)]
PageSize = Annotated[int, Query(ge=0, description=f"At most {LARGEST_PAGE}")]
AsOf = Annotated[str, Query(max_length=40, description="A date (its end, UTC) or a date-time; empty for now")]
PageToken = Annotated[str, Query(max_length=500)]


async def list_(
    reading: ReadingDependency,
    wanted: FilterDependency,
    series: SeriesQuery,
    order: Order = Order.ORIGINAL_DUE_DATE,
    descending: bool = False,
    page_size: PageSize = 0,
    page_token: PageToken = "",
) -> Response:
    """The actions of a series that are wanted, soonest original due date first unless said otherwise."""
    page = await list_actions(
        reading.database,
        reading.reader,
        Listing(series, wanted, order, descending, page_size, page_token),
        policy=reading.policy,
        now=reading.now,
    )
    shown = models.ActionPage(
        actions=[reading.show(action) for action in page.actions],
        next_page_token=page.next_token,
    )
    return Encoded(shown).response()


async def changes(
    reading: ReadingDependency,
    wanted: FilterDependency,
    series: SeriesQuery,
    since: Annotated[str, Query(max_length=40, description="A date, or a date-time with its offset")],
    page_size: PageSize = 0,
    page_token: PageToken = "",
) -> Response:
    """What changed since, of the actions that are wanted as they stand now; the earliest first."""
    page = await list_changes(
        reading.database,
        reading.reader,
        Since(series, read_since(since), wanted, page_size, page_token),
        policy=reading.policy,
        now=reading.now,
    )
    return Encoded(reading_models.show_changes(page)).response()


async def figures(
    reading: ReadingDependency,
    wanted: FilterDependency,
    series: SeriesQuery,
    as_of: AsOf = "",
) -> Response:
    """How many actions that are wanted stand how, now or then: each figure with its population."""
    found = await count_actions(
        reading.database,
        reading.reader,
        series,
        wanted,
        read_as_of(as_of, reading.now),
        policy=reading.policy,
        now=reading.now,
    )
    return Encoded(reading_models.show_figures(found)).response()


async def trend(
    reading: ReadingDependency,
    wanted: FilterDependency,
    series: SeriesQuery,
    period: Period = Period.MONTH,
    periods: Annotated[int, Query(ge=1, le=MOST_PERIODS)] = 12,
    as_of: AsOf = "",
) -> Response:
    """How the open actions that are wanted were rated at the end of each of the last months or weeks."""
    found = await follow_ratings(
        reading.database,
        reading.reader,
        Following(series, period, periods, wanted, read_as_of(as_of, reading.now)),
        policy=reading.policy,
        now=reading.now,
    )
    return Encoded(reading_models.show_trend(found)).response()


async def history(
    action_id: UUID,
    reading: ReadingDependency,
    page_size: PageSize = 0,
    page_token: PageToken = "",
) -> Response:
    """What changed of one action, by whom and when; the earliest first."""
    page = await read_history(
        reading.database,
        reading.reader,
        action_id,
        size=page_size,
        token=page_token,
        policy=reading.policy,
        now=reading.now,
    )
    return Encoded(reading_models.show_changes(page)).response()


async def thread(
    action_id: UUID,
    reading: ReadingDependency,
) -> Response:
    """From the outcome to the closure of one action, with the actions beside it."""
    found = await read_thread(
        reading.database, reading.reader, action_id, policy=reading.policy, now=reading.now
    )
    return Encoded(reading_models.show_thread(found)).response()


async def get(
    action_id: UUID,
    reading: ReadingDependency,
) -> Response:
    """One action."""
    action = await read_action(
        reading.database, reading.reader, action_id, policy=reading.policy, now=reading.now
    )
    return encode(action, reading.publication, reading.now).response()


async def forecast(
    action_id: UUID,
    reading: ReadingDependency,
) -> models.Forecast:
    """When it will be done: an interval that four of five actions like it finished within."""
    found = await forecast_action(
        reading.database, reading.reader, action_id, policy=reading.policy, now=reading.now
    )
    return models.show_forecast(found, reading.now.date())


def routes() -> APIRouter:
    router = APIRouter(prefix="/v1/actions", tags=["actions"])
    router.get("", response_model=models.ActionPage)(list_)
    router.get("/changes", response_model=reading_models.ChangePage)(changes)
    router.get("/figures", response_model=reading_models.Figures)(figures)
    router.get("/figures/trend", response_model=reading_models.Trend)(trend)
    router.get("/{action_id}", response_model=models.Action)(get)
    router.get("/{action_id}/forecast", response_model=models.Forecast)(forecast)
    router.get("/{action_id}/history", response_model=reading_models.ChangePage)(history)
    router.get("/{action_id}/thread", response_model=reading_models.Thread)(thread)
    return router
