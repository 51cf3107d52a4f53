"""Notices of withdrawal over REST: for their recipients, and for the originators of the texts."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field

from services.chassis.http.requests import Encoded, ExpectedVersion, MutationDependency, permit
from services.chassis.identity import Principal
from services.kernel.parties import Reader, Role
from services.kernel.release_terms import Rendition
from services.threatfeed.domain.paging import page_size, page_token, read_page_token
from services.threatfeed.domain.withdrawal_notices import (
    Acknowledgement,
    Handling,
    NoticeCause,
    NoticeSelection,
    NoticeState,
    WithdrawalNotice,
)
from services.threatfeed.http.clearance_forms import SignedBody, StatementView
from services.threatfeed.http.fields import Body, Prose, SizeQuery, TokenQuery
from services.threatfeed.usecases.acknowledge_notice import (
    ANSWERERS,
    acknowledge_notice,
    state_acknowledgement,
)
from services.threatfeed.usecases.read_notices import (
    READERS,
    Listing,
    list_notices,
    list_recipients,
    read_notice,
)

Recipient = Annotated[Principal, Depends(permit(*READERS))]
Answerer = Annotated[Principal, Depends(permit(*ANSWERERS))]
Officer = Annotated[Principal, Depends(permit(Role.RELEASE_OFFICER))]
SelectionQuery = Annotated[
    NoticeSelection, Query(description="OVERDUE is outstanding and past the time by which an answer is due")
]


class AcknowledgementBody(Body):
    handling: Handling
    words: Prose

    def answer(self) -> Acknowledgement:
        return Acknowledgement(self.handling, self.words)


class SignedAcknowledgementBody(AcknowledgementBody, SignedBody):
    """An acknowledgement, signed."""


class NoticeView(BaseModel):
    """A notice to one delegation, with its answer. It holds no title and no words of the text."""

    id: UUID
    series: str
    party: str
    assessment_id: UUID
    revision: int
    rendition: Rendition
    agency: str
    cause: NoticeCause
    state: NoticeState
    shown_time: datetime = Field(description="Since when the delegation could have it in this revision")
    issued_time: datetime
    due_time: datetime
    overdue: bool
    handling: Handling | None
    words: str | None
    acknowledged_by: str | None
    acknowledged_time: datetime | None

    @classmethod
    def of(cls, notice: WithdrawalNotice, at: datetime) -> "NoticeView":
        found, text = notice.acknowledged, notice.text
        return cls(
            id=notice.id,
            series=notice.recipient.series,
            party=notice.recipient.party,
            assessment_id=text.assessment_id,
            revision=text.revision,
            rendition=text.rendition,
            agency=notice.agency,
            cause=notice.cause,
            state=notice.state,
            shown_time=text.shown_at,
            issued_time=notice.issued_at,
            due_time=notice.due_at,
            overdue=notice.overdue(at),
            handling=found and found.answer.handling,
            words=found and found.answer.words,
            acknowledged_by=found and found.by,
            acknowledged_time=found and found.at,
        )


class NoticesView(BaseModel):
    notices: list[NoticeView]
    next_page_token: str = Field(description="Empty where there is no more")


def routes() -> APIRouter:
    router = APIRouter(prefix="/v1", tags=["withdrawals"])
    _add_reading(router)
    _add_answering(router)
    return router


def _add_reading(router: APIRouter) -> None:
    @router.get("/withdrawal-notices")
    async def listed(
        request: Request,
        caller: Recipient,
        selection: SelectionQuery = NoticeSelection.OUTSTANDING,
        page_size: SizeQuery = 0,
        page_token: TokenQuery = "",
    ) -> NoticesView:
        """The notices to the caller's delegations, the latest issued first."""
        return await _page(request, caller, list_notices, "notices", selection, page_size, page_token)

    @router.get("/withdrawal-recipients")
    async def sent(
        request: Request,
        caller: Officer,
        selection: SelectionQuery = NoticeSelection.OUTSTANDING,
        page_size: SizeQuery = 0,
        page_token: TokenQuery = "",
    ) -> NoticesView:
        """To whom notices of the texts of the caller's organisation went, and who has acknowledged."""
        return await _page(request, caller, list_recipients, "recipients", selection, page_size, page_token)

    @router.get("/withdrawal-notices/{notice_id}", responses={200: {"model": NoticeView}})
    async def read(request: Request, caller: Recipient, notice_id: UUID) -> Response:
        state = request.app.state
        found = await read_notice(state.database, _reader(caller), notice_id, policy=state.policy)
        return _encoded(found, state.clock()).response()


def _add_answering(router: APIRouter) -> None:
    @router.post("/withdrawal-notices/{notice_id}/statement", responses={200: {"model": StatementView}})
    async def state_answer(
        request: Request,
        caller: Answerer,
        notice_id: UUID,
        body: AcknowledgementBody,
        mutation: MutationDependency,
    ) -> Response:
        """What the caller would sign in order to acknowledge."""
        state, reader, at = request.app.state, _reader(caller), request.app.state.clock()
        answer = body.answer()
        return await mutation.run(
            lambda once: state_acknowledgement(once, reader, notice_id, answer, desk=state.desk, at=at),
            lambda to_sign: Encoded(StatementView.of(to_sign)),
        )

    @router.post("/withdrawal-notices/{notice_id}/acknowledge", responses={200: {"model": NoticeView}})
    async def acknowledge(
        request: Request,
        caller: Answerer,
        notice_id: UUID,
        body: SignedAcknowledgementBody,
        expected: ExpectedVersion,
        mutation: MutationDependency,
    ) -> Response:
        """Answers for the delegation, once. The statement that is asked for with the same body is signed."""
        state, reader, at = request.app.state, _reader(caller), request.app.state.clock()
        answer, signature = body.answer(), body.signature()
        return await mutation.run(
            lambda once: acknowledge_notice(
                once, reader, notice_id, answer, expected, signature, desk=state.desk, at=at
            ),
            lambda notice: _encoded(notice, at),
        )


async def _page(
    request: Request,
    caller: Principal,
    use_case: Listing,
    what: str,
    selection: NoticeSelection,
    size: int,
    token: str,
) -> NoticesView:
    state, reader, at = request.app.state, _reader(caller), request.app.state.clock()
    asked = f"{reader.subject}|withdrawal-{what}|{selection.value}"
    page, position = await use_case(
        state.database,
        reader,
        selection,
        after=read_page_token(token, asked),
        size=page_size(size),
        policy=state.policy,
        at=at,
    )
    return NoticesView(
        notices=[NoticeView.of(one, at) for one in page], next_page_token=page_token(position, asked)
    )


def _reader(caller: Principal) -> Reader:
    return Reader.from_claims(caller.subject, caller.claims)


def _encoded(notice: WithdrawalNotice, at: datetime) -> Encoded:
    return Encoded(NoticeView.of(notice, at), version=notice.aggregate_version)
