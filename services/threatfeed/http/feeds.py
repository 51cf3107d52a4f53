"""The health of feeds over REST."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel

from services.chassis.http.requests import permit
from services.chassis.identity import Principal
from services.kernel.parties import Reader
from services.threatfeed.domain.feed_health import FeedHealth
from services.threatfeed.domain.rhythm import Rhythm
from services.threatfeed.usecases.read_feeds import READERS, get_feed, list_feeds

Caller = Annotated[Principal, Depends(permit(*READERS))]


class RateView(BaseModel):
    """What came in the last hours; assessments are counted by what became of each."""

    hours: int
    submissions: int
    taken: int
    unchanged: int
    rejected: int


class RejectView(BaseModel):
    reason: str
    count: int


class FeedView(BaseModel):
    """How one feed does. `lag` is null where the broker has not answered lately."""

    agency: str
    party: str
    last_seen: datetime | None
    rhythm: Rhythm
    usual_gap_hours: int | None
    rates: list[RateView]
    rejects: list[RejectView]
    lag: int | None

    @classmethod
    def of(cls, feed: FeedHealth) -> "FeedView":
        gap = feed.usual_gap
        return cls(
            agency=feed.agency,
            party=feed.party,
            last_seen=feed.last_seen,
            rhythm=feed.rhythm,
            usual_gap_hours=None if gap is None else int(gap.total_seconds() // 3600),
            rates=[
                RateView(
                    hours=rate.hours,
                    submissions=rate.submissions,
                    taken=rate.taken,
                    unchanged=rate.unchanged,
                    rejected=rate.rejected,
                )
                for rate in feed.rates
            ],
            rejects=[RejectView(reason=reason, count=count) for reason, count in feed.rejects],
            lag=feed.lag,
        )


class FeedList(BaseModel):
    """One feed for each agency that the caller may ask about: they come in one page."""

    feeds: list[FeedView]


def routes() -> APIRouter:
    router = APIRouter(prefix="/v1", tags=["feeds"])

    @router.get("/feeds")
    async def get_feeds(request: Request, caller: Caller) -> FeedList:
        state = request.app.state
        reader = Reader.from_claims(caller.subject, caller.claims)
        found = await list_feeds(state.database, reader, state.feeds, state.clock())
        return FeedList(feeds=[FeedView.of(one) for one in found])

    @router.get("/feeds/{agency}")
    async def get_one_feed(request: Request, agency: str, caller: Caller) -> FeedView:
        state = request.app.state
        reader = Reader.from_claims(caller.subject, caller.claims)
        return FeedView.of(await get_feed(state.database, reader, agency, state.feeds, state.clock()))

    return router
