"""The clearance desk over REST: requests to originators, their answers, and the uses of their texts."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from services.chassis.http.requests import Encoded, ExpectedVersion, Mutation, MutationDependency, permit
from services.chassis.identity import Principal
from services.kernel.parties import Reader, Role
from services.threatfeed.domain.clearances import Clearance, ForMeeting, Which
from services.threatfeed.domain.paging import page_size, page_token, read_page_token
from services.threatfeed.http.clearance_forms import (
    AnswerBody,
    ClearanceBody,
    ClearancesView,
    ClearanceView,
    GrantBody,
    ReasonBody,
    RefusalBody,
    RequestBody,
    RequestedUse,
    StatementView,
    TearLineBody,
    TextUsesView,
    TextUseView,
)
from services.threatfeed.http.fields import SizeQuery, TokenQuery
from services.threatfeed.usecases import answer_clearance as answers
from services.threatfeed.usecases import ask_clearance as requests
from services.threatfeed.usecases.answer_clearance import Answer, Answering
from services.threatfeed.usecases.ask_clearance import AskedUse, Asking
from services.threatfeed.usecases.clearance_statements import Signature, ToSign
from services.threatfeed.usecases.list_text_uses import list_text_uses
from services.threatfeed.usecases.read_clearances import list_clearances, list_queue, read_clearance

Asker = Annotated[Principal, Depends(permit(Role.SECRETARIAT))]
Officer = Annotated[Principal, Depends(permit(Role.RELEASE_OFFICER))]
AskingReader = Annotated[Principal, Depends(permit(Role.SECRETARIAT, Role.AUDITOR))]
Knower = Annotated[Principal, Depends(permit(Role.RELEASE_OFFICER, Role.SECRETARIAT, Role.AUDITOR))]
WhichQuery = Annotated[Which, Query(description="OVERDUE is open and past the time it was needed by")]


def routes() -> APIRouter:
    router = APIRouter(prefix="/v1", tags=["clearances"])
    _add_asking(router)
    _add_answering(router)
    _add_reading(router)
    return router


def _add_asking(router: APIRouter) -> None:
    @router.post("/clearances/statement", responses={200: {"model": StatementView}})
    async def state_request(
        request: Request, caller: Asker, body: RequestBody, mutation: MutationDependency
    ) -> Response:
        """What the caller would sign in order to ask."""
        state, reader, at = request.app.state, _reader(caller), request.app.state.clock()
        asked = _asked(body)
        return await mutation.run(
            lambda once: requests.state_request(once, reader, asked, policy=state.policy, at=at), _statement
        )

    @router.post("/clearances", status_code=201, responses={201: {"model": ClearanceView}})
    async def ask(
        request: Request, caller: Asker, body: ClearanceBody, mutation: MutationDependency
    ) -> Response:
        """Asks the originator of a text that the caller may read to consent to one use of it. The statement
        that is asked for with the same body is signed.
        """
        state, reader, at = request.app.state, _reader(caller), request.app.state.clock()
        asked, signature = _asked(body), body.signature()
        return await mutation.run(
            lambda once: requests.ask_clearance(once, reader, asked, signature, desk=state.desk, at=at),
            lambda clearance: _encoded(clearance, at, 201),
        )

    @router.post("/clearances/{clearance_id}/withdraw", responses={200: {"model": ClearanceView}})
    async def withdraw(
        request: Request,
        caller: Asker,
        clearance_id: UUID,
        body: ReasonBody,
        expected: ExpectedVersion,
        mutation: MutationDependency,
    ) -> Response:
        state, reader, at = request.app.state, _reader(caller), request.app.state.clock()
        return await mutation.run(
            lambda once: requests.withdraw_clearance(
                once, reader, clearance_id, body.reason, expected, policy=state.policy, at=at
            ),
            lambda clearance: _encoded(clearance, at),
        )


def _add_answering(router: APIRouter) -> None:
    @router.post("/clearances/{clearance_id}/statement", responses={200: {"model": StatementView}})
    async def state_answer(
        request: Request, caller: Officer, clearance_id: UUID, body: AnswerBody, mutation: MutationDependency
    ) -> Response:
        """What the caller would sign in order to answer."""
        state, reader, at = request.app.state, _reader(caller), request.app.state.clock()
        answer = body.answer()
        return await mutation.run(
            lambda once: answers.state_answer(once, reader, clearance_id, answer, desk=state.desk, at=at),
            _statement,
        )

    @router.post("/clearances/{clearance_id}/grant", responses={200: {"model": ClearanceView}})
    async def grant(
        request: Request,
        caller: Officer,
        clearance_id: UUID,
        body: GrantBody,
        expected: ExpectedVersion,
        mutation: MutationDependency,
    ) -> Response:
        """Consents: the consent is recorded together with the answer."""
        answer = Answer.grant(body.statement, body.expires_time)
        return await _answer(
            request, caller, Answering(clearance_id, expected), answer, body.signature(), mutation
        )

    @router.post("/clearances/{clearance_id}/refuse", responses={200: {"model": ClearanceView}})
    async def refuse(
        request: Request,
        caller: Officer,
        clearance_id: UUID,
        body: RefusalBody,
        expected: ExpectedVersion,
        mutation: MutationDependency,
    ) -> Response:
        answer = Answer.refuse(body.reason)
        return await _answer(
            request, caller, Answering(clearance_id, expected), answer, body.signature(), mutation
        )

    @router.post("/clearances/{clearance_id}/offer-tear-line", responses={200: {"model": ClearanceView}})
    async def offer(
        request: Request,
        caller: Officer,
        clearance_id: UUID,
        body: TearLineBody,
        expected: ExpectedVersion,
        mutation: MutationDependency,
    ) -> Response:
        """Offers a tear line instead; it becomes a text in a new revision that the agency publishes."""
        answer = Answer.offer(body.tear_line.offer(), body.reason)
        return await _answer(
            request, caller, Answering(clearance_id, expected), answer, body.signature(), mutation
        )


async def _answer(
    request: Request,
    caller: Principal,
    answered: Answering,
    answer: Answer,
    signature: Signature,
    mutation: Mutation,
) -> Response:
    state, reader, at = request.app.state, _reader(caller), request.app.state.clock()
    return await mutation.run(
        lambda once: answers.answer_clearance(
            once, reader, answered, answer, signature, desk=state.desk, at=at
        ),
        lambda clearance: _encoded(clearance, at),
    )


def _add_reading(router: APIRouter) -> None:
    @router.get("/clearances/{clearance_id}", responses={200: {"model": ClearanceView}})
    async def read(request: Request, caller: Knower, clearance_id: UUID) -> Response:
        state, at = request.app.state, request.app.state.clock()
        found = await read_clearance(
            state.database, _reader(caller), clearance_id, policy=state.policy, at=at
        )
        return _encoded(found, at).response()

    @router.get("/clearances")
    async def listed(
        request: Request,
        caller: AskingReader,
        which: WhichQuery = Which.OPEN,
        size: Annotated[SizeQuery, Query(alias="page_size")] = 0,
        token: Annotated[TokenQuery, Query(alias="page_token")] = "",
    ) -> ClearancesView:
        """What the caller's party asked in the series that the caller works in, the most urgent first."""
        state, reader, at = request.app.state, _reader(caller), request.app.state.clock()
        asked = f"{reader.subject}|clearances|{which.value}"
        page, position = await list_clearances(
            state.database,
            reader,
            which,
            after=read_page_token(token, asked),
            size=page_size(size),
            policy=state.policy,
            at=at,
        )
        return ClearancesView(
            clearances=[ClearanceView.of(one, at, whole=False) for one in page],
            next_page_token=page_token(position, asked),
        )

    @router.get("/clearance-queue")
    async def queue(
        request: Request,
        caller: Officer,
        which: WhichQuery = Which.OPEN,
        size: Annotated[SizeQuery, Query(alias="page_size")] = 0,
        token: Annotated[TokenQuery, Query(alias="page_token")] = "",
    ) -> ClearancesView:
        """What the caller's organisation is asked, the most urgent first."""
        state, reader, at = request.app.state, _reader(caller), request.app.state.clock()
        asked = f"{reader.subject}|clearance-queue|{which.value}"
        page, position = await list_queue(
            state.database,
            reader,
            which,
            after=read_page_token(token, asked),
            size=page_size(size),
            policy=state.policy,
            at=at,
        )
        return ClearancesView(
            clearances=[ClearanceView.of(one, at, whole=False) for one in page],
            next_page_token=page_token(position, asked),
        )

    @router.get("/text-uses")
    async def uses(
        request: Request,
        caller: Officer,
        assessment_id: UUID | None = None,
        size: Annotated[SizeQuery, Query(alias="page_size")] = 0,
        token: Annotated[TokenQuery, Query(alias="page_token")] = "",
    ) -> TextUsesView:
        """The uses of the texts of the caller's organisation at past meetings, the latest first."""
        state, reader, at = request.app.state, _reader(caller), request.app.state.clock()
        asked = f"{reader.subject}|text-uses|{assessment_id}"
        page, position = await list_text_uses(
            state.database,
            reader,
            assessment_id,
            after=read_page_token(token, asked),
            size=page_size(size),
            policy=state.policy,
            at=at,
        )
        return TextUsesView(
            uses=[TextUseView.of(one) for one in page],
            next_page_token=page_token(position, asked),
        )


def _reader(caller: Principal) -> Reader:
    return Reader.from_claims(caller.subject, caller.claims)


def _encoded(clearance: Clearance, at: datetime, status: int = 200) -> Encoded:
    location = f"/v1/clearances/{clearance.id}" if status == 201 else ""
    view = ClearanceView.of(clearance, at, whole=True)
    return Encoded(view, status=status, version=clearance.aggregate_version, location=location)


def _statement(to_sign: ToSign) -> Encoded:
    return Encoded(StatementView.of(to_sign))


def _asked(body: RequestBody) -> Asking:
    return Asking(_asked_use(body.use), body.reason, body.originator or "", needed_by=body.needed_by_time)


def _asked_use(use: RequestedUse) -> AskedUse:
    meeting = use.meeting
    return AskedUse(
        assessment_id=use.assessment_id,
        revision=use.revision,
        rendition=use.rendition,
        party=use.party,
        mode=use.mode,
        series=use.series,
        meeting=None if meeting is None else ForMeeting(meeting.id, meeting.starts_time, meeting.ends_time),
    )
