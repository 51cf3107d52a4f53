"""threatfeed's api over a database of a test's own, under a policy of the test's choice."""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID, uuid4

import grpc
import httpx
import psycopg
from entente.exchange.v1 import release_pb2
from entente.threatfeed.v1 import (
    assessment_service_pb2,
    assessment_service_pb2_grpc,
    clearance_service_pb2_grpc,
    consent_service_pb2,
    consent_service_pb2_grpc,
    policy_service_pb2_grpc,
)

from deploy.local.platform import PlatformAccess
from services.chassis.consumer.records import Record
from services.chassis.http.application import HttpParts, create_api
from services.chassis.lifecycle import Component
from services.chassis.migrations import migrate
from services.chassis.officials import OfficialKeys
from services.chassis.process import Process
from services.chassis.rpc.server import RpcServer
from services.chassis.settings import ListenerSettings
from services.kernel.identifiers import assessment_id
from services.kernel.markings.levels import Level
from services.kernel.parties import Agency, Authorship
from services.kernel.policy import Policy
from services.kernel.release_terms import Mode, Rendition
from services.threatfeed.app import MIGRATIONS
from services.threatfeed.domain.themes import ThemeMatcher
from services.threatfeed.formats.submission import read_submission
from services.threatfeed.http.routes import routes
from services.threatfeed.rpc.assessments import AssessmentServicer, assessment_service
from services.threatfeed.rpc.clearances import ClearanceServicer, clearance_service
from services.threatfeed.rpc.consents import ConsentServicer, consent_service
from services.threatfeed.rpc.policies import PolicyServicer, policy_service
from services.threatfeed.usecases.clearance_statements import ClearanceDesk
from services.threatfeed.usecases.holding import Holding
from services.threatfeed.usecases.ingest_submissions import ingest_submissions
from services.threatfeed.usecases.submission import Submission
from services.threatfeed.usecases.watch_assessments import FeedSignal
from tests.support.postgres import Databases
from tests.support.processes import SettableClock, process_parts, running
from tests.support.submissions import real_policy, real_taxonomies
from tests.support.tokens import KeptTokens

SEATS = {"uk-eu": ("UK", "FCDO"), "uk-us-cmr": ("UK", "STRATCOM")}
"""A secretariat in each series."""
CONSENTING = {"NCSC": "UK", "FCDO": "UK", "ENISA": "EU", "CISA": "US", "NSA": "US"}
"""Organisations with release officers, and their parties."""
_BEGAN = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
MEETING_TIME = _BEGAN + timedelta(days=30)


def widened(policy: Policy) -> Policy:
    """With agencies that a test needs besides those that are registered."""
    extra = {
        "nsa": Agency("nsa", "NSA", "US", "NSA"),
        "fcdo": Agency("fcdo", "FCDO", "UK", "FCDO"),
        "fcdo-secretariat": Agency(
            "fcdo-secretariat", "FCDO", "UK", "FCDO", authorship=Authorship.SECRETARIAT
        ),
    }
    return replace(policy, agencies={**policy.agencies, **extra})


@dataclass(slots=True)
class Releasing:
    """One api at work. The policy can be exchanged for another database-wide by opening a second one."""

    platform: PlatformAccess
    process: Process
    clock: SettableClock
    dsn: str
    policy: Policy
    assessments: "assessment_service_pb2_grpc.AssessmentServiceAsyncStub"
    consents: "consent_service_pb2_grpc.ConsentServiceAsyncStub"
    policies: "policy_service_pb2_grpc.PolicyServiceAsyncStub"
    client: httpx.AsyncClient
    clearances: "clearance_service_pb2_grpc.ClearanceServiceAsyncStub"
    _offsets: "count[int]" = field(default_factory=count)
    _tokens: KeptTokens = field(init=False)

    def __post_init__(self) -> None:
        self._tokens = KeptTokens(self.platform.keys)

    def bearer(self, party: str, organisation: str, *roles: str) -> list[tuple[str, str]]:
        subject = f"{organisation}-{'-'.join(roles)}".lower()
        return [("authorization", f"Bearer {self._tokens.of(subject, party, organisation, roles)}")]

    def officer(self, organisation: str) -> list[tuple[str, str]]:
        return self.bearer(CONSENTING[organisation], organisation, "release-officer")

    def secretariat(self, series: str = "uk-eu") -> list[tuple[str, str]]:
        return self.bearer(*SEATS[series], "secretariat")

    async def ingest(
        self,
        agency: str,
        *documents: Mapping[str, Any],
        home: str = "UK",
        ceiling: str = "UK SECRET",
        content_type: str | None = None,
    ) -> list[str]:
        """Has submissions ingested; gives the reasons of those refused."""
        holding = Holding(home, Level.parse(ceiling), self.policy)
        themes = ThemeMatcher.compile(self.policy.themes)
        batch = []
        for document in documents:
            raw = json.dumps(document).encode()
            record = Record(f"threatfeed.submission.{agency}.v1", 0, next(self._offsets), b"k", raw, (), 0)
            content = read_submission(
                raw,
                content_type,
                agency=agency,
                policy=self.policy,
                themes=themes,
                taxonomies=real_taxonomies(),
            )
            batch.append(Submission(record, agency, content))
        async with self.process.database.transaction() as tx:
            refused = await ingest_submissions(tx, batch, holding, self.clock())
        return [refusal.reason for _, refusal in refused]

    async def hold(self, agency: str, *documents: Mapping[str, Any], **holding: str) -> list[UUID]:
        """Has submissions ingested, all of which must be accepted."""
        assert await self.ingest(agency, *documents, **holding) == []
        return [assessment_id(agency, str(document["id"])) for document in documents]

    async def decide(
        self,
        text: UUID,
        *,
        series: str = "uk-eu",
        meeting: UUID | None = None,
        mode: Mode = Mode.RELEASE,
        rendition: Rendition = Rendition.FULL,
        revision: int = 1,
        used_at: datetime = MEETING_TIME,
    ) -> assessment_service_pb2.TextDecision:
        request = assessment_service_pb2.DecideReleasabilityRequest()
        request.occasion.series = series
        request.occasion.meeting_id = str(meeting or "")
        request.occasion.used_at.FromDatetime(used_at)
        request.texts.add(
            assessment_id=str(text),
            revision=revision,
            rendition=release_pb2.Rendition.Value(f"RENDITION_{rendition.value}"),
            mode=release_pb2.ReleaseMode.Value(f"RELEASE_MODE_{mode.value}"),
        )
        answer = await self.assessments.DecideReleasability(request, metadata=self.secretariat(series))
        return answer.texts[0]

    async def allowed(self, text: UUID, **use: Any) -> bool:
        """Whether every party may have it; a caller to whom it does not exist is told nothing."""
        try:
            return (await self.decide(text, **use)).allowed
        except grpc.aio.AioRpcError as error:
            if error.code() is not grpc.StatusCode.PERMISSION_DENIED:
                raise
            return False

    def use(
        self,
        text: UUID,
        party: str,
        *,
        series: str = "uk-eu",
        meeting: UUID | None = None,
        mode: Mode = Mode.RELEASE,
        rendition: Rendition = Rendition.FULL,
        revision: int = 1,
    ) -> consent_service_pb2.ConsentedUse:
        return consent_service_pb2.ConsentedUse(
            assessment_id=str(text),
            revision=revision,
            rendition=release_pb2.Rendition.Value(f"RENDITION_{rendition.value}"),
            party=party,
            mode=release_pb2.ReleaseMode.Value(f"RELEASE_MODE_{mode.value}"),
            series=series if meeting else "",
            meeting_id=str(meeting or ""),
        )

    async def consent(
        self,
        originator: str,
        use: consent_service_pb2.ConsentedUse,
        *,
        expires_at: datetime | None = None,
        request_id: UUID | None = None,
        metadata: Sequence[tuple[str, str]] | None = None,
    ) -> consent_service_pb2.Consent:
        request = consent_service_pb2.RecordConsentRequest(
            request_id=str(request_id or uuid4()), use=use, statement="Agreed for this use."
        )
        request.expires_time.FromDatetime(expires_at or self.clock() + timedelta(days=365))
        sender = metadata if metadata is not None else self.officer(originator)
        return (await self.consents.RecordConsent(request, metadata=sender)).consent

    async def withdraw(self, consent: consent_service_pb2.Consent) -> consent_service_pb2.Consent:
        request = consent_service_pb2.WithdrawConsentRequest(
            request_id=str(uuid4()), consent_id=consent.consent_id, etag=consent.etag, reason="No longer."
        )
        sender = self.officer(consent.originator)
        return (await self.consents.WithdrawConsent(request, metadata=sender)).consent

    def rows(self, query: str, *parameters: object) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.dsn) as connection:
            return connection.execute(query, parameters).fetchall()


@asynccontextmanager
async def releasing(
    platform: PlatformAccess,
    postgres: Databases,
    *,
    policy: Policy | None = None,
    dsn: str | None = None,
    clock: SettableClock | None = None,
) -> AsyncIterator[Releasing]:
    """An api on a database of its own, or on one that another uses too."""
    dsn = dsn or postgres.database("threatfeed", lambda dsn: migrate(dsn, MIGRATIONS))
    policy, clock = policy or widened(real_policy()), clock or SettableClock(_BEGAN)
    async with process_parts(platform, "threatfeed", dsn, clock=clock) as process:
        parts = (process.database, policy, clock)
        signal = FeedSignal(process.database)
        holding = Holding("UK", Level.parse("UK SECRET"), policy)
        desk = ClearanceDesk(policy, holding, OfficialKeys.read(str(platform.keys.official_keys)))
        server = RpcServer(
            [
                assessment_service(AssessmentServicer(*parts, signal)),
                consent_service(ConsentServicer(*parts)),
                policy_service(PolicyServicer(*parts)),
                clearance_service(ClearanceServicer(*parts, desk)),
            ],
            ListenerSettings(port=0),
            verifier=process.verifier,
            health=process.health,
            telemetry=process.telemetry,
        )
        app = create_api(
            "threatfeed",
            "v1",
            HttpParts(process.database, process.verifier, clock, process.ids),
            routes(),
            health=process.health,
            telemetry=process.telemetry,
            policy=policy,
            desk=desk,
        )
        async with (
            running(Component("rpc", server.run)),
            grpc.aio.insecure_channel(f"127.0.0.1:{server.port}") as channel,
            httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://threatfeed") as client,
        ):
            yield Releasing(
                platform,
                process,
                clock,
                dsn,
                policy,
                assessment_service_pb2_grpc.AssessmentServiceStub(channel),
                consent_service_pb2_grpc.ConsentServiceStub(channel),
                policy_service_pb2_grpc.PolicyServiceStub(channel),
                client,
                clearance_service_pb2_grpc.ClearanceServiceStub(channel),
            )


def narrative(identity: str, marking: str | Mapping[str, str], **more: Any) -> dict[str, Any]:
    """A text under a national banner, or under a marking spelt out."""
    return {
        "id": identity,
        "version": 1,
        "title": f"Title of {identity}",
        "text": f"Text of {identity}",
        "published": "2026-10-20T09:00:00Z",
        "marking": {"national": marking} if isinstance(marking, str) else dict(marking),
        **more,
    }
