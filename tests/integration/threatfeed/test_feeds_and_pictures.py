"""How the feeds do and what they amount to, over REST, gRPC and as metrics, for those who may ask."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import grpc
import httpx
import pytest
from entente.threatfeed.v1 import feed_service_pb2, picture_pb2, picture_service_pb2

from deploy.local.platform import PlatformAccess
from services.kernel.identifiers import assessment_id
from services.kernel.parties import Reader, Role
from services.kernel.refusals import NoAccess
from services.kernel.release_terms import Rendition
from services.threatfeed.domain.picture import pictures
from services.threatfeed.domain.visibility import Sight, Told
from services.threatfeed.picture.records import picture_event
from services.threatfeed.picture.told import Reader as TableReader
from services.threatfeed.picture.told import read_told
from services.threatfeed.usecases.read_assessment import read_assessment
from tests.support.kafka import Broker
from tests.support.picture import told
from tests.support.postgres import Databases
from tests.support.processes import running
from tests.support.rpc import refusal
from tests.support.submissions import narrative, real_policy
from tests.support.threatfeed_api import ThreatfeedApi, open_threatfeed_api
from tests.support.waiting import eventually

AT = datetime(2026, 11, 25, 12, 30, tzinfo=UTC)


@pytest.fixture
async def api(platform: PlatformAccess, postgres: Databases) -> AsyncIterator[ThreatfeedApi]:
    async with open_threatfeed_api(platform, postgres, AT) as api:
        yield api


async def feed_of(api: ThreatfeedApi, agency: str, who: str = "operator") -> dict[str, Any]:
    response = await api.ask(who, f"/v1/feeds/{agency}")
    assert response.status_code == 200, response.text
    return dict(response.json())


class TestAFeed:
    async def test_before_anything_came_has_no_rhythm_and_no_lag(self, api: ThreatfeedApi) -> None:
        async def known() -> dict[str, Any] | None:
            feed = await feed_of(api, "cert-eu")
            return feed if feed["lag"] is not None else None

        feed = await eventually(known, within=30, describe="the broker has said how long the topics are")
        assert (feed["last_seen"], feed["rhythm"], feed["usual_gap_hours"]) == (None, "UNKNOWN", None)
        assert feed["rates"] == [
            {"hours": hours, "submissions": 0, "taken": 0, "unchanged": 0, "rejected": 0}
            for hours in (24, 168)
        ]
        assert feed["rejects"] == []

    async def test_tells_what_came_and_why_what_was_rejected(self, api: ThreatfeedApi) -> None:
        good = narrative(id="F-1")
        await api.receive("ncsc", good, narrative(id="F-2"), good)
        await api.receive("ncsc", b"not json", narrative(id="F-3", marking=None), partition=1)
        api.clock.forward(hours=30)
        await api.receive("ncsc", narrative(id="F-4"), narrative(id="F-1", text="other"), first=3)
        feed = await feed_of(api, "ncsc")
        assert datetime.fromisoformat(feed["last_seen"]) == AT + timedelta(hours=30)
        assert feed["rates"] == [
            {"hours": 24, "submissions": 2, "taken": 1, "unchanged": 0, "rejected": 1},
            {"hours": 168, "submissions": 7, "taken": 3, "unchanged": 1, "rejected": 3},
        ]
        reasons = {reject["reason"]: reject["count"] for reject in feed["rejects"]}
        assert set(reasons.values()) == {1}
        assert len(reasons) == 3
        assert {"MARKING_MISSING", "REVISION_CONFLICT"} < set(reasons)
        assert (await feed_of(api, "enisa"))["rates"][1]["submissions"] == 0

    async def test_is_silent_against_its_own_rhythm_only(self, api: ThreatfeedApi) -> None:
        for number in range(6):
            await api.receive("ncsc", narrative(id=f"R-{number}"), first=number)
            api.clock.forward(hours=4)
        feed = await feed_of(api, "ncsc")
        assert (feed["usual_gap_hours"], feed["rhythm"]) == (4, "USUAL")
        api.clock.forward(hours=9)
        assert (await feed_of(api, "ncsc"))["rhythm"] == "SILENT"

    async def test_lags_by_what_the_broker_has_and_nobody_has_taken_in(
        self, api: ThreatfeedApi, kafka: Broker
    ) -> None:
        for _ in range(3):
            await kafka.publish("threatfeed.submission.cisa.v1", b"{}", key=b"k", principal="agency-cisa")

        async def lagging() -> bool:
            # A count may fall between two of the three.
            return int((await feed_of(api, "cisa"))["lag"] or 0) >= 3

        await eventually(lagging, within=40, describe="a lag of three is seen")

    async def test_is_told_over_grpc_as_over_rest(self, api: ThreatfeedApi) -> None:
        await api.receive("ncsc", narrative(id="G-1"), b"\xff")
        request = feed_service_pb2.GetFeedRequest(agency="ncsc")
        answer = await api.feeds.GetFeed(request, metadata=api.metadata("operator"))
        rest = await feed_of(api, "ncsc")
        assert answer.feed.last_seen_time.ToDatetime(UTC) == datetime.fromisoformat(rest["last_seen"])
        assert [rate.submissions for rate in answer.feed.rates] == [2, 2]
        assert [(one.reason, one.count) for one in answer.feed.rejects] == [
            (one["reason"], one["count"]) for one in rest["rejects"]
        ]
        listed = await api.feeds.ListFeeds(
            feed_service_pb2.ListFeedsRequest(), metadata=api.metadata("operator")
        )
        assert [feed.agency for feed in listed.feeds] == sorted(real_policy().agencies)

    async def test_is_measured(self, api: ThreatfeedApi) -> None:
        await api.receive("ncsc", narrative(id="M-1"), b"\xff")

        async def figures() -> str:
            text = (await api.client.get("/metrics")).text
            return text if 'entente_feed_last_seen_seconds{agency="ncsc"}' in text else ""

        text = await eventually(figures, within=40, describe="the feed is measured")
        assert 'entente_feed_silent{agency="ncsc"} 0.0' in text
        assert 'entente_feed_submissions_per_hour{agency="ncsc",window_hours="24"}' in text
        assert 'entente_feed_rejected_last_week{agency="ncsc",reason=' in text


class TestWhoMayAskForFeeds:
    @pytest.mark.parametrize(
        ("who", "parties"),
        [
            ("operator", {"UK", "EU", "US"}),
            ("fcdo-secretariat", {"UK"}),
            ("eeas-secretariat", {"EU"}),
            ("nsa-secretariat", {"US"}),
        ],
    )
    async def test_each_sees_its_own_partys_and_the_hosts_operator_all(
        self, api: ThreatfeedApi, who: str, parties: set[str]
    ) -> None:
        feeds = (await api.ask(who, "/v1/feeds")).json()["feeds"]
        assert {feed["party"] for feed in feeds} == parties

    async def test_a_foreign_feed_is_answered_as_one_that_does_not_exist(self, api: ThreatfeedApi) -> None:
        await api.receive("ncsc", narrative(id="W-1"))
        hidden = await api.ask("eeas-secretariat", "/v1/feeds/ncsc")
        absent = await api.ask("eeas-secretariat", "/v1/feeds/zzzz")
        assert same_refusal(hidden, "ncsc", absent, "zzzz")

    @pytest.mark.parametrize("who", ["fcdo-chair", "uk-leadership", "dsit-owner", "auditor"])
    async def test_others_may_not(self, api: ThreatfeedApi, who: str) -> None:
        assert (await api.ask(who, "/v1/feeds")).status_code == 403


def same_refusal(hidden: httpx.Response, name: str, absent: httpx.Response, other: str) -> bool:
    assert hidden.status_code == absent.status_code == 403
    told, untold = hidden.json(), absent.json()
    for body in (told, untold):
        del body["instance"]
    return str(told).replace(name, "x") == str(untold).replace(other, "x")


class TestAPicture:
    async def draw(self, kafka: Broker, *, days_ago: int = 1) -> None:
        """What the worker publishes: the records of these pictures in the audiences' own topics."""
        events = [told(f"D-{number}", days_ago=days_ago, themes=("RANSOMWARE",)) for number in range(6)]
        events.append(told("D-uk", marking="UK OFFICIAL-SENSITIVE - HMG USE ONLY"))
        held = TableReader().read((event.subject.encode(), event.data) for event in events)
        for audience, drawn in pictures(held, real_policy(), AT).items():
            event = picture_event(drawn)
            await kafka.publish(
                f"threatfeed.picture.{audience}.v1",
                event.data,
                key=audience.encode(),
                headers=[(name, text.encode()) for name, text in event.headers().items()],
                principal="threatfeed-picture",
            )

    async def shown(self, api: ThreatfeedApi, audience: str, who: str) -> dict[str, Any]:
        async def found() -> dict[str, Any] | None:
            response = await api.ask(who, f"/v1/pictures/{audience}")
            return dict(response.json()) if response.status_code == 200 else None

        return await eventually(found, within=30, describe="the picture is read") or {}

    async def test_is_read_by_those_of_its_audience_over_rest_and_grpc(
        self, api: ThreatfeedApi, kafka: Broker
    ) -> None:
        await self.draw(kafka)
        own = await self.shown(api, "uk-eu.uk", "uk-leadership")
        other = await self.shown(api, "uk-eu.eu", "eeas-secretariat")
        assert own["parties"][0]["windows"][0] == {"days": 7, "count": 7, "before": 0, "trend": "RISING"}
        assert other["parties"][0]["windows"][0]["count"] == 6
        assert other["agencies"][0]["rhythm"] == "UNKNOWN"
        request = picture_service_pb2.GetPictureRequest(audience="uk-eu.eu")
        answer = await api.pictures.GetPicture(request, metadata=api.metadata("eu-leadership"))
        assert answer.picture.as_of == other["as_of"]
        assert answer.picture.themes[0].subject == "RANSOMWARE"
        assert answer.picture.themes[0].windows[0].trend == picture_pb2.TREND_RISING

    async def test_is_refused_to_others_as_one_that_does_not_exist(
        self, api: ThreatfeedApi, kafka: Broker
    ) -> None:
        await self.draw(kafka)
        await self.shown(api, "uk-eu.uk", "fcdo-secretariat")
        for who in ("eeas-secretariat", "nsa-secretariat", "stratcom-secretariat"):
            hidden = await api.ask(who, "/v1/pictures/uk-eu.uk")
            absent = await api.ask(who, "/v1/pictures/uk-zz.uk")
            assert same_refusal(hidden, "uk-eu.uk", absent, "uk-zz.uk")
        request = picture_service_pb2.GetPictureRequest(audience="uk-eu.uk")
        call = api.pictures.GetPicture(request, metadata=api.metadata("eeas-secretariat"))
        assert (await refusal(call))[0] is grpc.StatusCode.PERMISSION_DENIED
        assert (await api.ask("operator", "/v1/pictures/uk-eu.uk")).status_code == 403
        assert (await api.ask("fcdo-secretariat", "/v1/pictures/NOT AN AUDIENCE")).status_code == 400

    async def test_that_cannot_be_read_harms_nobody(self, api: ThreatfeedApi, kafka: Broker) -> None:
        topic = "threatfeed.picture.uk-us-cmr.us.v1"
        stray = picture_event(pictures({}, real_policy(), AT)["uk-eu.uk"]).data
        for value in (
            stray,
            b"\xff",
            b"[]",
            b'{"asOf": "yesterday"}',
            b'{"agencies": [{"lastPublished": ""}]}',
        ):
            await kafka.publish(topic, value, key=b"uk-us-cmr.us", principal="threatfeed-picture")
        await self.draw(kafka)
        shown = await self.shown(api, "uk-us-cmr.us", "nsa-leadership")
        assert shown["audience"] == "uk-us-cmr.us"


async def test_a_picture_counts_exactly_what_its_readers_may_read(api: ThreatfeedApi, kafka: Broker) -> None:
    """The worker decides from events what reading decides from the texts."""
    tear_line = {"title": "Less", "text": "Less.", "marking": {"national": "UK OFFICIAL REL EU"}}
    markings = ["TLP:CLEAR", "TLP:AMBER", "UK OFFICIAL REL EU", "UK OFFICIAL-SENSITIVE - HMG USE ONLY"]
    own = uuid4().hex
    source = [{"agency": "ncsc", "id": f"{own}-3-False-False", "version": "1"}]
    names = {
        f"{own}-{number}-{bool(line)}-{bool(sources)}": (marking, line, sources)
        for number, marking in enumerate(markings)
        for line in (None, tear_line)
        for sources in (None, source)
    }
    documents = [
        narrative(
            id=name,
            marking={"tlp": marking} if marking.startswith("TLP") else {"national": marking},
            tear_line=line,
            derived_from=sources,
            published="2026-11-20T09:00:00Z",
        )
        for name, (marking, line, sources) in names.items()
    ]
    identities = [assessment_id("ncsc", name) for name in names]
    async with running(api.process.relay()):
        await api.receive("ncsc", *documents)
        held = await eventually(
            lambda: everything_told(kafka, identities), within=60, describe="the events are published"
        )
    for audience, drawn in pictures(held, real_policy(), AT).items():
        series, _, party = audience.rpartition(".")
        organisation = {"uk": "FCDO", "eu": "EEAS", "us": "NSA"}[party]
        if series == "uk-us-cmr" and party == "uk":
            organisation = "STRATCOM"
        reader = Reader("official", party.upper(), organisation, frozenset({Role.SECRETARIAT}))
        seen = {identity: await rendition_of(api, reader, identity) for identity in identities}
        counted = {tempo.subject: tempo.windows[0].count for tempo in drawn.parties}
        assert counted.get("UK", 0) == sum(1 for rendition in seen.values() if rendition), audience
        assert {Rendition.FULL, Rendition.TEAR_LINE, None} >= set(seen.values())
        sight = Sight(party.upper(), held, real_policy(), AT)
        assert {identity: sight.rendition(held[identity]) for identity in identities} == seen


async def everything_told(kafka: Broker, identities: list[UUID]) -> dict[UUID, Told] | None:
    records = await kafka.records("threatfeed.assessment.v1")
    keys = {str(identity).encode() for identity in identities}
    told_of = [read_told(record.value or b"") for record in records if record.key in keys]
    held = {one.assessment_id: one for one in told_of}
    return held if len(held) == len(identities) else None


async def rendition_of(api: ThreatfeedApi, reader: Reader, identity: UUID) -> Rendition | None:
    try:
        rendered = await read_assessment(
            api.process.database, reader, identity, 0, policy=real_policy(), at=AT
        )
    except NoAccess:
        return None
    return rendered.rendition
