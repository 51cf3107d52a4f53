"""Puts the actions processes together."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

from fastapi import APIRouter, FastAPI

from services.actions.clients.webhooks import WebhookSender
from services.actions.consumers import assessments, outcomes
from services.actions.domain.webhooks import read_endpoints
from services.actions.events import read_status_entry, status_topic
from services.actions.http import (
    beneficiaries,
    changing,
    closure,
    digests,
    evidence,
    notices,
    reading,
    rounds,
    stream,
    webhooks,
)
from services.actions.rpc.beneficiaries import beneficiary_service
from services.actions.rpc.closure import closure_service
from services.actions.rpc.evidence import evidence_service
from services.actions.rpc.notices import notice_service
from services.actions.rpc.parts import ActionParts
from services.actions.rpc.rounds import report_round_service
from services.actions.rpc.service import action_service
from services.actions.settings import ActionsSettings
from services.actions.usecases.archive_actions import Archiving
from services.actions.usecases.deliver_webhooks import Endpoints, WebhookDeliveries, WebhookParts
from services.actions.usecases.escalate_actions import SCHEDULER, EscalationScheduler, require_calendars
from services.actions.usecases.given_evidence import Holding
from services.actions.usecases.note_expiries import ExpiryNotes
from services.actions.usecases.publication import Publication
from services.actions.usecases.refresh_statuses import StatusRefresh
from services.actions.usecases.run_rounds import RoundRunner
from services.actions.usecases.watch_scheduler import (
    SchedulerState,
    SchedulerWatch,
    announcing,
    recording,
)
from services.actions.usecases.watch_status import Gallery
from services.chassis.consumer.halts import ConsumerDesk
from services.chassis.consumer.records import Subscription
from services.chassis.documents import LiveDocuments
from services.chassis.feed import FeedView
from services.chassis.feed_reader import FeedReader
from services.chassis.http.application import HttpParts, HttpServer, create_api
from services.chassis.http.consumers import consumer_routes
from services.chassis.http.quarantine import quarantine_routes
from services.chassis.http.requests import permit
from services.chassis.identity import ACCOUNTS_EVERY
from services.chassis.lifecycle import Component
from services.chassis.periodic import periodic
from services.chassis.process import Process
from services.chassis.quarantine.desk import QuarantineDesk
from services.chassis.rpc.server import RpcServer, Service
from services.chassis.telemetry import Telemetry
from services.kernel.clearance import Clearing
from services.kernel.markings.levels import Level
from services.kernel.parties import Reader, Role
from services.kernel.policy import Policy

SERVICE = "actions"
TITLE = "Entente actions"
_REFRESHED_EVERY = 60.0
"""Seconds between two looks at what a new day has changed."""
_POLICY_EVERY = 1.0
"""Seconds between two looks at whether the policy has changed."""
"""Seconds between two looks at whether a reporting round has a step before it."""
_ENDPOINTS_EVERY = 1.0
"""Seconds between two looks at whether the webhook endpoints have changed."""
_WEBHOOK_LOCK = 7_241_913
MIGRATIONS = Path(__file__).parent / "store" / "migrations"


@asynccontextmanager
async def compose_api(process: Process, settings: ActionsSettings) -> AsyncIterator[Sequence[Component]]:
    """Streams are told to end before the servers are: an open stream would hold a server up.

    The api publishes while no worker does: that the workers are gone must reach the topics as well.
    """
    publication = make_publication(process, settings)
    views = make_views(publication.policy, process.telemetry)
    gallery = Gallery(views, publication.policies, process.verifier)
    parts = ActionParts(
        database=process.database,
        publication=publication,
        holding=Holding(settings.home_party, Level.parse(settings.ceiling)),
        clock=process.clock,
        gallery=gallery,
    )
    reader = FeedReader(
        {status_topic(audience): view for audience, view in views.items()},
        read_status_entry,
        settings.kafka,
        service=SERVICE,
        health=process.health,
    )
    rpc = RpcServer(
        rpc_services(parts),
        settings.rpc,
        verifier=process.verifier,
        health=process.health,
        telemetry=process.telemetry,
    )

    endpoints, following = make_endpoints(process, settings)

    async def streams(stop: asyncio.Event) -> None:
        await stop.wait()
        for view in views.values():
            view.close()

    yield [
        Component("feed reader", reader.run),
        process.relay(standby_seconds=settings.relay_standby_seconds),
        follow_policy(process, publication),
        periodic("rights", gallery.look_again, every=ACCOUNTS_EVERY, health=process.health),
        watch_scheduler(process, settings, publication, announcing(views.values())),
        Component("rpc", rpc.run),
        Component("http", HttpServer(make_http(process, parts, endpoints), settings.http).run),
        *following,
        deliver_webhooks(process, settings, gallery, endpoints),
        Component("streams", streams),
    ]


@asynccontextmanager
async def compose_worker(process: Process, settings: ActionsSettings) -> AsyncIterator[Sequence[Component]]:
    publication = make_publication(process, settings)
    refresh = StatusRefresh(process.database, publication, process.clock)
    expiries = ExpiryNotes(process.database, publication, process.clock)
    archiving = Archiving(process.database, publication, process.clock)
    runner = RoundRunner(process.database, publication, process.clock)
    require_calendars(publication.policy, process.clock().date())
    every = settings.escalation.every
    escalation = EscalationScheduler(process.database, publication, process.clock, every=every)
    yield [
        process.probes(),
        follow_policy(process, publication),
        process.relay(),
        process.quarantine_depth(),
        process.periodic("statuses", refresh.turn, every=_REFRESHED_EVERY),
        process.periodic("evidence expiries", expiries.turn, every=_REFRESHED_EVERY),
        process.periodic("archive", archiving.turn, every=_REFRESHED_EVERY),
        process.periodic("reporting rounds", runner.turn, every=settings.rounds.every_seconds),
        process.periodic(SCHEDULER, escalation.turn, every=every.total_seconds()),
        watch_scheduler(process, settings, publication),
        process.consumer(outcomes(publication, process.clock)),
        process.consumer(assessments(publication, process.clock)),
    ]


def watch_scheduler(
    process: Process,
    settings: ActionsSettings,
    publication: Publication,
    announce: Callable[[SchedulerState], None] = lambda _: None,
) -> Component:
    """Tells readers and operators when escalation has stopped: a scheduler that is dead cannot."""
    metrics, silent_after = process.telemetry.metrics, settings.escalation.longest_silence

    def tell(state: SchedulerState) -> None:
        metrics.scheduler_age.labels(SCHEDULER).set(state.age.total_seconds())
        metrics.scheduler_silent.labels(SCHEDULER).set(state.silent)
        warning = f"has not run for {state.age.total_seconds():.0f} s" if state.silent else None
        process.health.set_warning(f"{SCHEDULER} scheduler", warning)
        announce(state)

    watch = SchedulerWatch(
        process.database,
        SCHEDULER,
        process.clock,
        tell,
        recording(publication),
        silent_after=silent_after,
    )
    every = settings.escalation.every.total_seconds() / 4
    return process.periodic("scheduler watch", watch.turn, every=every)


def make_publication(process: Process, settings: ActionsSettings) -> Publication:
    policies = LiveDocuments(settings.policy, Policy.from_documents)
    return Publication(policies, process.ids, process.telemetry.own_trace)


def follow_policy(process: Process, publication: Publication) -> Component:
    """Keeps the policy that of its documents."""
    return periodic("policy", publication.policies.look_again, every=_POLICY_EVERY, health=process.health)


def make_endpoints(process: Process, settings: ActionsSettings) -> tuple[Endpoints, Sequence[Component]]:
    """The webhook endpoints, and what keeps them those of their documents."""
    if settings.webhooks.endpoints is None:
        return dict, ()
    read = partial(read_endpoints, local=settings.deployment == "local")
    documents = LiveDocuments(settings.webhooks.endpoints, read, may_be_empty=True)
    look = periodic("webhook endpoints", documents.look_again, every=_ENDPOINTS_EVERY, health=process.health)
    return documents, (look,)


def deliver_webhooks(
    process: Process, settings: ActionsSettings, gallery: Gallery, endpoints: Endpoints
) -> Component:
    """Beside the streams, and not in the worker: that the workers are gone must reach the endpoints too."""
    parts = WebhookParts(
        endpoints,
        gallery,
        WebhookSender(settings.webhooks),
        process.database,
        process.clock,
        settings.webhooks,
        process.telemetry.metrics,
        process.health,
        process.crash,
    )
    return process.sole("webhooks", _WEBHOOK_LOCK, WebhookDeliveries(parts).deliver)


def make_views(policy: Policy, telemetry: Telemetry) -> dict[str, FeedView]:
    """A view for every audience of the policy."""
    gauge = telemetry.metrics.subscribers

    def counting(audience: str) -> Callable[[int], None]:
        return lambda readers: gauge.labels(audience).set(readers)

    return {
        audience.id: FeedView(counting(audience.id))
        for series in sorted(policy.series)
        for audience in policy.audiences(series)
    }


def rpc_services(parts: ActionParts) -> list[Service]:
    """Every service over gRPC."""
    return [
        action_service(parts),
        evidence_service(parts),
        closure_service(parts),
        beneficiary_service(parts),
        report_round_service(parts),
        notice_service(parts),
    ]


def routers() -> Sequence[APIRouter]:
    """Every route over REST."""
    readers, operators = permit(Role.OPERATOR, Role.AUDITOR), permit(Role.OPERATOR)
    return (
        reading.routes(),
        changing.routes(),
        evidence.routes(),
        closure.routes(),
        notices.routes(),
        digests.routes(),
        beneficiaries.routes(),
        stream.routes(),
        rounds.routes(),
        webhooks.routes(),
        quarantine_routes(readers, operators),
        consumer_routes(readers, operators),
    )


def make_http(process: Process, parts: ActionParts, endpoints: Endpoints = dict) -> FastAPI:
    publication, holding = parts.publication, parts.holding

    def clearing() -> Clearing:
        return Clearing(publication.policy, holding.home_party, holding.ceiling)

    subscriptions: list[Subscription[Any]] = [
        outcomes(publication, process.clock),
        assessments(publication, process.clock),
    ]
    return create_api(
        TITLE,
        "v1",
        HttpParts(process.database, process.verifier, process.clock, process.ids),
        routers(),
        health=process.health,
        telemetry=process.telemetry,
        publication=parts.publication,
        holding=parts.holding,
        gallery=parts.gallery,
        webhooks=endpoints,
        consumers=ConsumerDesk(process.database, process.clock),
        quarantine=QuarantineDesk(process.database, subscriptions, process.clock, process.crash),
        sight_of=lambda who: clearing().of(Reader.from_claims(who.subject, who.claims)),
    )
