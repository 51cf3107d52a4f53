"""FeedService over gRPC."""

from typing import Any

from entente.threatfeed.v1 import feed_service_pb2, feed_service_pb2_grpc

from services.chassis.clock import Clock
from services.chassis.database import Database
from services.chassis.rpc.server import Service
from services.threatfeed.domain.feed_health import FeedHealth
from services.threatfeed.events import encode_rhythm, hours
from services.threatfeed.rpc.arguments import reader_of_call
from services.threatfeed.usecases.read_feeds import READERS, Feeds, get_feed, list_feeds

NAME = "entente.threatfeed.v1.FeedService"
ACCESS = {"ListFeeds": READERS, "GetFeed": READERS}


class FeedServicer(feed_service_pb2_grpc.FeedServiceServicer):
    """Maps messages to use cases and back."""

    def __init__(self, database: Database, feeds: Feeds, clock: Clock) -> None:
        self._database = database
        self._feeds = feeds
        self._clock = clock

    async def ListFeeds(  # noqa: N802 the name is the contract's
        self, request: feed_service_pb2.ListFeedsRequest, _: Any
    ) -> feed_service_pb2.ListFeedsResponse:
        del request
        found = await list_feeds(self._database, reader_of_call(), self._feeds, self._clock())
        return feed_service_pb2.ListFeedsResponse(feeds=[_feed(one) for one in found])

    async def GetFeed(  # noqa: N802 the name is the contract's
        self, request: feed_service_pb2.GetFeedRequest, _: Any
    ) -> feed_service_pb2.GetFeedResponse:
        found = await get_feed(self._database, reader_of_call(), request.agency, self._feeds, self._clock())
        return feed_service_pb2.GetFeedResponse(feed=_feed(found))


def feed_service(servicer: FeedServicer) -> Service:
    return Service(
        name=NAME,
        add=lambda server: feed_service_pb2_grpc.add_FeedServiceServicer_to_server(servicer, server),
        access=ACCESS,
        methods=[
            method.name for method in feed_service_pb2.DESCRIPTOR.services_by_name["FeedService"].methods
        ],
    )


def _feed(feed: FeedHealth) -> feed_service_pb2.FeedHealth:
    message = feed_service_pb2.FeedHealth(
        agency=feed.agency,
        party=feed.party,
        rhythm=encode_rhythm(feed.rhythm),
        usual_gap_hours=hours(feed.usual_gap),
        rates=[
            feed_service_pb2.FeedRate(
                hours=rate.hours,
                submissions=rate.submissions,
                taken=rate.taken,
                unchanged=rate.unchanged,
                rejected=rate.rejected,
            )
            for rate in feed.rates
        ],
        rejects=[feed_service_pb2.RejectCount(reason=reason, count=count) for reason, count in feed.rejects],
    )
    if feed.last_seen is not None:
        message.last_seen_time.FromDatetime(feed.last_seen)
    if feed.lag is not None:
        message.lag = feed.lag
    return message
