"""Puts the threatfeed processes together."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog
from fastapi import FastAPI

from services.chassis.consumer.halts import ConsumerDesk
from services.chassis.consumer.records import Subscription
from services.chassis.documents import read_documents, read_json_documents
from services.chassis.http.application import HttpParts, HttpServer, create_api
from services.chassis.identity import Principal
from services.chassis.lifecycle import Component
from services.chassis.log_ends import LogEnds
from services.chassis.officials import OfficialKeys
from services.chassis.periodic import Work
from services.chassis.process import Process
from services.chassis.quarantine.desk import QuarantineDesk
from services.chassis.rpc.server import RpcServer, Service
from services.chassis.topic_reader import TopicReader
from services.kernel.clearance import Clearing, OperatorSight
from services.kernel.markings.levels import Level
from services.kernel.parties import Reader
from services.kernel.policy import Policy
from services.threatfeed.consumers import (
    GROUP,
    party_of,
    picture_topic,
    read_picture_record,
    submission_topic,
    submissions,
    views,
)
from services.threatfeed.domain.taxonomies import Taxonomies
from services.threatfeed.http.routes import routes
from services.threatfeed.rpc.assessments import AssessmentServicer, assessment_service
from services.threatfeed.rpc.clearances import ClearanceServicer, clearance_service
from services.threatfeed.rpc.conflicts import ConflictServicer, conflict_service
from services.threatfeed.rpc.consents import ConsentServicer, consent_service
from services.threatfeed.rpc.correlations import CorrelationServicer, correlation_service
from services.threatfeed.rpc.denials import DenialServicer, denial_service
from services.threatfeed.rpc.feeds import FeedServicer, feed_service
from services.threatfeed.rpc.pictures import PictureServicer, picture_service
from services.threatfeed.rpc.policies import PolicyServicer, policy_service
from services.threatfeed.rpc.quarantine import QuarantineServicer, quarantine_service
from services.threatfeed.rpc.theme_rules import ThemeRulesServicer, theme_rules_service
from services.threatfeed.rpc.triage import TriageServicer, triage_service
from services.threatfeed.rpc.withdrawals import WithdrawalServicer, withdrawal_service
from services.threatfeed.settings import ThreatfeedSettings
from services.threatfeed.usecases.adopt_policy import adopt_policy
from services.threatfeed.usecases.apply_theme_rules import apply_further
from services.threatfeed.usecases.clearance_statements import ClearanceDesk
from services.threatfeed.usecases.decide_anew import decide_anew
from services.threatfeed.usecases.expire_assessments import AT_ONCE, expire_assessments
from services.threatfeed.usecases.expire_consents import expire_consents
from services.threatfeed.usecases.holding import Holding
from services.threatfeed.usecases.keep_clearance_dates import keep_clearance_dates
from services.threatfeed.usecases.make_views import (
    ViewMaker,
    forget_old_views,
    make_all_views,
    make_due_views,
)
from services.threatfeed.usecases.measure_feeds import FeedGauges
from services.threatfeed.usecases.read_feeds import Feeds
from services.threatfeed.usecases.read_picture import LatestPictures
from services.threatfeed.usecases.watch_assessments import FeedSignal

SERVICE = "threatfeed"
TITLE = "Entente threatfeed"
_VIEWS_DUE_EVERY = 5.0
_RELEASE_EVERY = 1.0
_CLEARANCES_EVERY = 5.0
_RULES_EVERY = 2.0
_FOLLOWED_EVERY = 0.25
_EXPIRY_EVERY = 5.0
_MEASURED_EVERY = 5.0
MIGRATIONS = Path(__file__).parent / "store" / "migrations"


@dataclass(frozen=True, slots=True)
class ApiParts:
    """What an api answers from."""

    process: Process
    policy: Policy
    signal: FeedSignal
    pictures: LatestPictures
    feeds: Feeds
    quarantine: QuarantineDesk
    sight_of: Callable[[Principal], OperatorSight]
    desk: ClearanceDesk


@asynccontextmanager
async def compose_api(process: Process, settings: ThreatfeedSettings) -> AsyncIterator[Sequence[Component]]:
    policy = _policy(read_documents(settings.policy), settings)
    keys = OfficialKeys.read(settings.api_keys())
    parts = make_parts(process, _holding(policy, settings), _taxonomies(settings), keys)
    signal, feeds = parts.signal, parts.feeds
    rpc = RpcServer(
        rpc_services(parts),
        settings.rpc,
        verifier=process.verifier,
        health=process.health,
        telemetry=process.telemetry,
    )
    gauges = FeedGauges(process.database, feeds, process.clock, process.telemetry.metrics.registry)
    ends = LogEnds(
        tuple(feeds.topics.values()),
        settings.kafka,
        feeds.latest.note,
        client=f"{SERVICE}-feeds",
        every=_MEASURED_EVERY,
    )

    async def streams(stop: asyncio.Event) -> None:
        await stop.wait()
        await signal.close()

    yield [
        Component("picture reader", picture_reader(process, policy, parts.pictures).run),
        Component("feed ends", ends.run),
        process.periodic("feeds measured", gauges.measure, every=_MEASURED_EVERY),
        Component("rpc", rpc.run),
        Component("http", HttpServer(http_api(parts), settings.http).run),
        process.periodic("views followed", signal.look, every=_FOLLOWED_EVERY),
        # Told to end before the servers are: an open stream would hold a server up.
        Component("streams", streams),
    ]


def make_parts(process: Process, holding: Holding, taxonomies: Taxonomies, keys: OfficialKeys) -> ApiParts:
    policy = holding.policy
    clearing = Clearing(policy, holding.home_party, holding.ceiling, lambda topic: party_of(topic, policy))
    subscriptions: list[Subscription[Any]] = [
        submissions(policy, taxonomies, holding, process.clock),
        views(ViewMaker(policy, process.ids), process.clock),
    ]
    return ApiParts(
        process=process,
        policy=policy,
        signal=FeedSignal(process.database),
        pictures=LatestPictures(),
        feeds=make_feeds(policy, holding.home_party),
        quarantine=QuarantineDesk(process.database, subscriptions, process.clock, process.crash),
        sight_of=lambda who: clearing.of(Reader.from_claims(who.subject, who.claims)),
        desk=ClearanceDesk(policy, holding, keys),
    )


def rpc_services(parts: ApiParts) -> list[Service]:
    """Every service over gRPC."""
    process = parts.process
    common = (process.database, parts.policy, process.clock)
    return [
        assessment_service(AssessmentServicer(*common, parts.signal)),
        conflict_service(ConflictServicer(*common)),
        clearance_service(ClearanceServicer(*common, parts.desk)),
        consent_service(ConsentServicer(*common)),
        withdrawal_service(WithdrawalServicer(*common, parts.desk)),
        policy_service(PolicyServicer(*common)),
        triage_service(TriageServicer(*common)),
        theme_rules_service(ThemeRulesServicer(*common, process.ids)),
        correlation_service(CorrelationServicer(*common, process.ids)),
        picture_service(PictureServicer(parts.pictures, parts.policy)),
        feed_service(FeedServicer(process.database, parts.feeds, process.clock)),
        quarantine_service(
            QuarantineServicer(process.database, parts.quarantine, parts.sight_of, process.clock)
        ),
        denial_service(DenialServicer(process.database, parts.sight_of, process.clock, process.ids)),
    ]


def http_api(parts: ApiParts) -> FastAPI:
    """Everything over REST."""
    process = parts.process
    return create_api(
        TITLE,
        "v1",
        HttpParts(process.database, process.verifier, process.clock, process.ids),
        routes(),
        health=process.health,
        telemetry=process.telemetry,
        policy=parts.policy,
        consumers=ConsumerDesk(process.database, process.clock),
        quarantine=parts.quarantine,
        sight_of=parts.sight_of,
        signal=parts.signal,
        pictures=parts.pictures,
        feeds=parts.feeds,
        desk=parts.desk,
    )


def make_feeds(policy: Policy, home_party: str) -> Feeds:
    return Feeds(
        policy=policy,
        home_party=home_party,
        group=GROUP,
        topics={agency: submission_topic(agency) for agency in sorted(policy.agencies)},
    )


def picture_reader(process: Process, policy: Policy, pictures: LatestPictures) -> TopicReader:
    """Keeps the latest pictures. Readiness does not wait for them: a picture can be missing for a while."""

    log = structlog.get_logger("pictures")
    audiences = [one.id for key in sorted(policy.series) for one in policy.audiences(key)]
    topics = {picture_topic(audience): audience for audience in audiences}

    def take(topic: str, _: bytes, value: bytes) -> None:
        try:
            pictures.by_audience[topics[topic]] = read_picture_record(topics[topic], value)
        except ValueError:
            # The next picture stands in the same place; an api has more to do than to show this one.
            log.exception("picture cannot be read", topic=topic)

    return TopicReader(
        tuple(topics),
        take,
        lambda: None,
        process.settings.kafka,
        client=f"{SERVICE}-pictures",
        heart=process.health.add_heart("picture reader", limit=60.0),
    )


@asynccontextmanager
async def compose_worker(
    process: Process, settings: ThreatfeedSettings
) -> AsyncIterator[Sequence[Component]]:
    documents = read_documents(settings.policy)
    policy = _policy(documents, settings)
    holding = _holding(policy, settings)

    async def apply_rules() -> bool:
        return await apply_further(process.database, process.clock())

    async def expire_due() -> bool:
        return await expire_assessments(process.database, process.clock()) == AT_ONCE

    async def clearances_due() -> bool:
        return await keep_clearance_dates(process.database, policy, process.clock()) > 0

    yield [
        process.probes(),
        process.relay(standby_seconds=settings.relay_standby_seconds),
        process.quarantine_depth(),
        process.periodic("theme rules", apply_rules, every=_RULES_EVERY),
        process.consumer(submissions(policy, _taxonomies(settings), holding, process.clock)),
        process.periodic(
            "release",
            release_work(process, policy, documents),
            every=_RELEASE_EVERY,
        ),
        process.periodic("expiry", expire_due, every=_EXPIRY_EVERY),
        process.periodic("clearances", clearances_due, every=_CLEARANCES_EVERY),
    ]


def release_work(process: Process, policy: Policy, documents: Mapping[str, Mapping[str, object]]) -> Work:
    """Keeps the record of policies and consents, and decides anew what their changes leave behind."""
    adopted = False

    async def work() -> bool:
        nonlocal adopted
        if not adopted:
            await adopt_policy(process.database, policy, documents, process.clock())
            adopted = True
        ended = await expire_consents(process.database, process.clock())
        decided = await decide_anew(process.database, policy, process.clock())
        return ended + decided > 0

    return work


@asynccontextmanager
async def compose_relay(process: Process, settings: ThreatfeedSettings) -> AsyncIterator[Sequence[Component]]:  # noqa: ARG001 every kind is composed alike
    """A process of its own: a second core for what is a fifth of the ingest's work (decision 0007)."""
    yield [process.probes(), process.relay()]


@asynccontextmanager
async def compose_views(process: Process, settings: ThreatfeedSettings) -> AsyncIterator[Sequence[Component]]:
    """A process of its own: making views must not take the ingest's time, nor the readers'."""
    policy = _policy(read_documents(settings.policy), settings)
    maker = ViewMaker(policy, process.ids)

    async def make_due() -> bool:
        await forget_old_views(process.database, process.clock())
        made_all = await make_all_views(process.database, maker, process.clock())
        return await make_due_views(process.database, maker, process.clock()) or made_all

    yield [
        process.probes(),
        process.consumer(views(maker, process.clock)),
        process.periodic("views due", make_due, every=_VIEWS_DUE_EVERY),
    ]


def _policy(documents: Mapping[str, Mapping[str, object]], settings: ThreatfeedSettings) -> Policy:
    return Policy.from_documents(documents).hosted_by(settings.home_party)


def _holding(policy: Policy, settings: ThreatfeedSettings) -> Holding:
    return Holding(home_party=settings.home_party, ceiling=Level.parse(settings.ceiling), policy=policy)


def _taxonomies(settings: ThreatfeedSettings) -> Taxonomies:
    return Taxonomies.from_documents(read_json_documents(settings.reference))
