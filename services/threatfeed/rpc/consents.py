"""ConsentService over gRPC."""

from typing import Any

from entente.exchange.v1 import release_pb2
from entente.threatfeed.v1 import consent_service_pb2, consent_service_pb2_grpc, policy_event_pb2

from services.chassis.clock import Clock
from services.chassis.database import Database
from services.chassis.etags import etag, parse_etag
from services.chassis.rpc.requests import run_once
from services.chassis.rpc.server import Service
from services.kernel.parties import Role
from services.kernel.policy import Policy
from services.kernel.refusals import InvalidValue
from services.kernel.release_terms import Mode, Rendition
from services.threatfeed.domain.consents import RecordedConsent
from services.threatfeed.domain.paging import page_size, page_token, read_page_token
from services.threatfeed.rpc.arguments import read_number, read_time, read_uuid, reader_of_call
from services.threatfeed.store.consents import Wanted
from services.threatfeed.usecases.read_consents import list_consents, read_consent
from services.threatfeed.usecases.record_consent import ConsentedUse, record_consent
from services.threatfeed.usecases.withdraw_consent import withdraw_consent

_DESCRIPTOR = consent_service_pb2.DESCRIPTOR.services_by_name["ConsentService"]
_OFFICERS = frozenset({Role.RELEASE_OFFICER})
_READERS = frozenset({Role.RELEASE_OFFICER, Role.SECRETARIAT, Role.AUDITOR})
ACCESS = {
    "RecordConsent": _OFFICERS,
    "WithdrawConsent": _OFFICERS,
    "GetConsent": _READERS,
    "ListConsents": _READERS,
}


class ConsentServicer(consent_service_pb2_grpc.ConsentServiceServicer):
    """Maps messages to use cases and back."""

    def __init__(self, database: Database, policy: Policy, clock: Clock) -> None:
        self._database = database
        self._policy = policy
        self._clock = clock

    async def RecordConsent(  # noqa: N802 the name is the contract's
        self, request: consent_service_pb2.RecordConsentRequest, _: Any
    ) -> consent_service_pb2.RecordConsentResponse:
        reader, use = reader_of_call(), _use(request.use)
        if not request.HasField("expires_time"):
            raise InvalidValue("a consent has an end", pointer="/expires_time")
        expires_at = read_time(request.expires_time, "/expires_time")
        return await run_once(
            lambda once: record_consent(
                once, reader, use, expires_at, request.statement, policy=self._policy, at=self._clock()
            ),
            lambda consent: consent_service_pb2.RecordConsentResponse(consent=_consent(consent)),
            consent_service_pb2.RecordConsentResponse,
            request=request,
            request_id=request.request_id,
            database=self._database,
            clock=self._clock,
        )

    async def WithdrawConsent(  # noqa: N802 the name is the contract's
        self, request: consent_service_pb2.WithdrawConsentRequest, _: Any
    ) -> consent_service_pb2.WithdrawConsentResponse:
        reader = reader_of_call()
        identity = read_uuid(request.consent_id, "/consent_id")
        expected = parse_etag(request.etag, "/etag")
        return await run_once(
            lambda once: withdraw_consent(
                once, reader, identity, request.reason, expected, policy=self._policy, at=self._clock()
            ),
            lambda consent: consent_service_pb2.WithdrawConsentResponse(consent=_consent(consent)),
            consent_service_pb2.WithdrawConsentResponse,
            request=request,
            request_id=request.request_id,
            database=self._database,
            clock=self._clock,
        )

    async def GetConsent(  # noqa: N802 the name is the contract's
        self, request: consent_service_pb2.GetConsentRequest, _: Any
    ) -> consent_service_pb2.GetConsentResponse:
        identity = read_uuid(request.consent_id, "/consent_id")
        found = await read_consent(self._database, reader_of_call(), identity, policy=self._policy)
        return consent_service_pb2.GetConsentResponse(consent=_consent(found))

    async def ListConsents(  # noqa: N802 the name is the contract's
        self, request: consent_service_pb2.ListConsentsRequest, _: Any
    ) -> consent_service_pb2.ListConsentsResponse:
        reader = reader_of_call()
        asked = f"{reader.subject}|{request.assessment_id}|{request.meeting_id}"
        page, position = await list_consents(
            self._database,
            reader,
            Wanted(
                assessment=read_uuid(request.assessment_id, "/assessment_id")
                if request.assessment_id
                else None,
                meeting=read_uuid(request.meeting_id, "/meeting_id") if request.meeting_id else None,
            ),
            after=read_page_token(request.page_token, asked),
            size=page_size(request.page_size),
            policy=self._policy,
        )
        return consent_service_pb2.ListConsentsResponse(
            consents=[_consent(consent) for consent in page],
            next_page_token=page_token(position, asked),
        )


def consent_service(servicer: ConsentServicer) -> Service:
    return Service(
        name=_DESCRIPTOR.full_name,
        add=lambda server: consent_service_pb2_grpc.add_ConsentServiceServicer_to_server(servicer, server),
        access=ACCESS,
        methods=[method.name for method in _DESCRIPTOR.methods],
    )


def _use(use: consent_service_pb2.ConsentedUse) -> ConsentedUse:
    if not use.rendition or not use.mode:
        raise InvalidValue("rendition and mode are needed", pointer="/use")
    return ConsentedUse(
        assessment_id=read_uuid(use.assessment_id, "/use/assessment_id"),
        revision=read_number(use.revision, "/use/revision"),
        rendition=Rendition(release_pb2.Rendition.Name(use.rendition).removeprefix("RENDITION_")),
        party=use.party,
        mode=Mode(release_pb2.ReleaseMode.Name(use.mode).removeprefix("RELEASE_MODE_")),
        series=use.series,
        meeting_id=read_uuid(use.meeting_id, "/use/meeting_id") if use.meeting_id else None,
    )


def _consent(consent: RecordedConsent) -> consent_service_pb2.Consent:
    terms, withdrawn = consent.terms, consent.withdrawn
    message = consent_service_pb2.Consent(
        consent_id=str(consent.id),
        state=policy_event_pb2.ConsentState.Value(f"CONSENT_STATE_{consent.state.value}"),
        originator=terms.originator,
        use=consent_service_pb2.ConsentedUse(
            assessment_id=str(terms.assessment_id),
            revision=terms.revision,
            rendition=release_pb2.Rendition.Value(f"RENDITION_{terms.rendition.value}"),
            party=terms.party,
            mode=release_pb2.ReleaseMode.Value(f"RELEASE_MODE_{terms.mode.value}"),
            series=consent.series,
            meeting_id="" if terms.meeting is None else str(terms.meeting),
        ),
        statement=consent.statement,
        recorded_by=consent.recorded_by,
        etag=etag(consent.aggregate_version),
    )
    message.expires_time.FromDatetime(terms.expires_at)
    message.recorded_time.FromDatetime(consent.recorded_at)
    if withdrawn is not None:
        message.withdrawn_by, message.withdrawal_reason = withdrawn.by, withdrawn.reason
        message.withdrawn_time.FromDatetime(withdrawn.at)
    return message
