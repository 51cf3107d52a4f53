"""Routes for those who are told of actions that are not carried out."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response

from services.actions.http.bodies import Nothing
from services.actions.http.evidence_models import Model
from services.actions.http.parts import (
    ClockDependency,
    PublicationDependency,
    Reading,
    read_by,
    reader_of,
)
from services.actions.usecases.acknowledge_notice import acknowledge_notice
from services.actions.usecases.change import Changing
from services.actions.usecases.paging import LARGEST_PAGE
from services.actions.usecases.read_notices import NoticeListing, Told, list_notices, read_notice
from services.chassis.http.requests import Encoded, RehearsableMutation, permit
from services.chassis.identity import Principal
from services.kernel.escalation import ADDRESSABLE, LadderStep, Trigger
from services.kernel.parties import Role

Addressee = Annotated[Principal, Depends(permit(*ADDRESSABLE))]
AddresseeReading = Annotated[Reading, Depends(read_by(*ADDRESSABLE))]


class Acknowledgement(Model):
    official: str
    organisation: str
    at: datetime


class Notice(Model):
    """What an organisation was told. `since` is the last day on which all was well; `over` says that the
    action was mended since.
    """

    id: UUID
    action_id: UUID
    reference: str
    text: str
    marking: str
    due_date: date
    series: str
    trigger: Trigger
    since: date
    step: LadderStep
    role: Role
    organisations: list[str]
    sent_on: date
    sent_at: datetime
    over: bool
    acknowledged: Acknowledgement | None


class NoticePage(Model):
    notices: list[Notice]
    next_page_token: str


def show(told: Told) -> Notice:
    notice, action, signed = told.notice, told.action, told.notice.acknowledged
    return Notice(
        id=notice.id,
        action_id=action.id,
        reference=action.reference,
        text=action.text,
        marking=action.marking,
        due_date=action.due_date,
        series=notice.series,
        trigger=notice.trigger,
        since=notice.since,
        step=notice.step,
        role=notice.role,
        organisations=list(notice.bodies),
        sent_on=notice.sent_on,
        sent_at=notice.sent_at,
        over=notice.ended_at is not None,
        acknowledged=None
        if signed is None
        else Acknowledgement(official=signed.official, organisation=signed.organisation, at=signed.at),
    )


async def list_(
    reading: AddresseeReading,
    series: Annotated[str, Query(max_length=100)],
    open_only: bool = False,
    page_size: Annotated[int, Query(ge=0, description=f"At most {LARGEST_PAGE}")] = 0,
    page_token: Annotated[str, Query(max_length=500)] = "",
) -> Response:
    """What the caller's organisation was told in a series, the latest first."""
    page = await list_notices(
        reading.database,
        reading.reader,
        NoticeListing(series, open_only, page_size, page_token),
        policy=reading.policy,
        now=reading.now,
    )
    shown = NoticePage(notices=[show(told) for told in page.notices], next_page_token=page.next_token)
    return Encoded(shown).response()


async def get(
    notice_id: UUID,
    reading: AddresseeReading,
) -> Response:
    """One notice."""
    told = await read_notice(
        reading.database, reading.reader, notice_id, policy=reading.policy, now=reading.now
    )
    return Encoded(show(told)).response()


async def acknowledgement(
    notice_id: UUID,
    _body: Nothing,
    principal: Addressee,
    mutation: RehearsableMutation,
    clock: ClockDependency,
    publication: PublicationDependency,
) -> Response:
    """The caller's organisation takes note. The ladder is climbed on until the action is mended."""
    return await mutation.run(
        lambda once: acknowledge_notice(
            once, reader_of(principal), notice_id, changing=Changing(publication, clock)
        ),
        lambda told: Encoded(show(told)),
    )


def routes() -> APIRouter:
    router = APIRouter(prefix="/v1/notices", tags=["notices"])
    router.get("", response_model=NoticePage)(list_)
    router.get("/{notice_id}", response_model=Notice)(get)
    router.post("/{notice_id}/acknowledgement", response_model=Notice)(acknowledgement)
    return router
