"""Originators' consents over REST."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from services.chassis.http.requests import Encoded, ExpectedVersion, MutationDependency, permit
from services.chassis.identity import Principal
from services.kernel.parties import Reader, Role
from services.kernel.release_terms import Mode, Rendition
from services.threatfeed.domain.consents import LONGEST_WORDS, ConsentState, RecordedConsent
from services.threatfeed.domain.paging import page_size, page_token, read_page_token
from services.threatfeed.store.consents import Wanted
from services.threatfeed.usecases.read_consents import list_consents, read_consent
from services.threatfeed.usecases.record_consent import ConsentedUse, record_consent
from services.threatfeed.usecases.withdraw_consent import withdraw_consent

Officer = Annotated[Principal, Depends(permit(Role.RELEASE_OFFICER))]
Knower = Annotated[Principal, Depends(permit(Role.RELEASE_OFFICER, Role.SECRETARIAT, Role.AUDITOR))]
PageSize = Annotated[int, Query(ge=0, le=1_000_000, description="0 for the default, at most 200 are given")]
PageToken = Annotated[str, Query(max_length=1_000)]
_Words = Annotated[str, Field(min_length=1, max_length=LONGEST_WORDS)]
_Code = Annotated[str, Field(max_length=60, pattern=r"^[A-Za-z0-9-]*$")]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class UseBody(_Body):
    """What is consented to; without series and meeting it is use outside any meeting."""

    assessment_id: UUID
    revision: Annotated[int, Field(ge=1, le=1_000_000)]
    rendition: Rendition
    party: _Code
    mode: Mode
    series: _Code = ""
    meeting_id: UUID | None = None


class ConsentBody(_Body):
    use: UseBody
    expires_time: AwareDatetime
    statement: _Words


class WithdrawalBody(_Body):
    reason: _Words


class ConsentView(BaseModel):
    """A recorded consent. What counts is `expires_time`, also before the state says EXPIRED."""

    id: UUID
    state: ConsentState
    originator: str
    use: UseBody
    expires_time: datetime
    statement: str
    recorded_by: str
    recorded_time: datetime
    withdrawn_by: str | None
    withdrawn_time: datetime | None
    withdrawal_reason: str | None

    @classmethod
    def of(cls, consent: RecordedConsent) -> "ConsentView":
        terms, withdrawn = consent.terms, consent.withdrawn
        return cls(
            id=consent.id,
            state=consent.state,
            originator=terms.originator,
            use=UseBody(
                assessment_id=terms.assessment_id,
                revision=terms.revision,
                rendition=terms.rendition,
                party=terms.party,
                mode=terms.mode,
                series=consent.series,
                meeting_id=terms.meeting,
            ),
            expires_time=terms.expires_at,
            statement=consent.statement,
            recorded_by=consent.recorded_by,
            recorded_time=consent.recorded_at,
            withdrawn_by=withdrawn and withdrawn.by,
            withdrawn_time=withdrawn and withdrawn.at,
            withdrawal_reason=withdrawn and withdrawn.reason,
        )


class ConsentsView(BaseModel):
    consents: list[ConsentView]
    next_page_token: str


def routes() -> APIRouter:
    router = APIRouter(prefix="/v1", tags=["consents"])

    @router.post("/consents", status_code=201, responses={201: {"model": ConsentView}})
    async def record(
        request: Request, caller: Officer, body: ConsentBody, mutation: MutationDependency
    ) -> Response:
        state, reader = request.app.state, Reader.from_claims(caller.subject, caller.claims)
        use = ConsentedUse(**body.use.model_dump())
        return await mutation.run(
            lambda once: record_consent(
                once, reader, use, body.expires_time, body.statement, policy=state.policy, at=state.clock()
            ),
            lambda consent: _encoded(consent, 201),
        )

    @router.post("/consents/{consent_id}/withdraw", responses={200: {"model": ConsentView}})
    async def withdraw(
        request: Request,
        caller: Officer,
        consent_id: UUID,
        body: WithdrawalBody,
        expected: ExpectedVersion,
        mutation: MutationDependency,
    ) -> Response:
        state, reader = request.app.state, Reader.from_claims(caller.subject, caller.claims)
        return await mutation.run(
            lambda once: withdraw_consent(
                once, reader, consent_id, body.reason, expected, policy=state.policy, at=state.clock()
            ),
            _encoded,
        )

    @router.get("/consents/{consent_id}", responses={200: {"model": ConsentView}})
    async def read(request: Request, caller: Knower, consent_id: UUID) -> Response:
        state, reader = request.app.state, Reader.from_claims(caller.subject, caller.claims)
        return _encoded(
            await read_consent(state.database, reader, consent_id, policy=state.policy)
        ).response()

    @router.get("/consents")
    async def listed(
        request: Request,
        caller: Knower,
        assessment_id: UUID | None = None,
        meeting_id: UUID | None = None,
        size: Annotated[PageSize, Query(alias="page_size")] = 0,
        token: Annotated[PageToken, Query(alias="page_token")] = "",
    ) -> ConsentsView:
        """The latest recorded first."""
        state, reader = request.app.state, Reader.from_claims(caller.subject, caller.claims)
        asked = f"{reader.subject}|{assessment_id}|{meeting_id}"
        page, position = await list_consents(
            state.database,
            reader,
            Wanted(assessment=assessment_id, meeting=meeting_id),
            after=read_page_token(token, asked),
            size=page_size(size),
            policy=state.policy,
        )
        return ConsentsView(
            consents=[ConsentView.of(one) for one in page],
            next_page_token=page_token(position, asked),
        )

    return router


def _encoded(consent: RecordedConsent, status: int = 200) -> Encoded:
    location = f"/v1/consents/{consent.id}" if status == 201 else ""
    return Encoded(
        ConsentView.of(consent), status=status, version=consent.aggregate_version, location=location
    )
