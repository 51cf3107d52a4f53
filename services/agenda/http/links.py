"""Routes of a party's private links between actions."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi.responses import Response
from pydantic import BaseModel

from services.agenda.domain.action_links import LinkedAction
from services.agenda.domain.permissions import Command
from services.agenda.http.fields import Body, OptionalProse, SizeQuery, TokenQuery
from services.agenda.http.parts import Parts, permit_command, reader_of
from services.agenda.usecases.linking import LinkView, link_actions, page_of_links, unlink_actions
from services.chassis.http.requests import Encoded, RehearsableMutation
from services.chassis.identity import Principal

router = APIRouter(prefix="/v1/action-links", tags=["action links"])

Linker = Annotated[Principal, Depends(permit_command(Command.LINK_ACTIONS))]
Viewer = Annotated[Principal, Depends(permit_command(Command.READ_LINKS))]


class LinkBody(Body):
    one: UUID
    other: UUID
    note: OptionalProse = ""


class EndModel(BaseModel):
    action_id: UUID
    reference: str
    series: str
    state: str
    due_date: date | None
    text: str
    marking: str


class LinkModel(BaseModel):
    """`warnings` say where the two ends part; nothing is changed in either."""

    id: UUID
    one: EndModel
    other: EndModel
    note: str
    linked_at: datetime
    warnings: list[str]


class LinksModel(BaseModel):
    links: list[LinkModel]
    next_page_token: str


def _end(action: LinkedAction) -> EndModel:
    return EndModel(
        action_id=action.action_id,
        reference=action.reference,
        series=action.series,
        state=action.state,
        due_date=action.due_date,
        text=action.text,
        marking=action.marking,
    )


def _model(view: LinkView) -> LinkModel:
    return LinkModel(
        id=view.link.id,
        one=_end(view.one),
        other=_end(view.other),
        note=view.link.note,
        linked_at=view.link.linked_at,
        warnings=[warning.value for warning in view.warnings],
    )


@router.get("")
async def read(
    principal: Viewer,
    parts: Parts,
    page_size: SizeQuery = 50,
    page_token: TokenQuery = "",
) -> LinksModel:
    """The own party's, oldest first."""
    found, following = await page_of_links(
        parts.database,
        reader_of(principal),
        page_size=page_size,
        page_token=page_token,
        policy=parts.policy,
        clock=parts.clock,
    )
    return LinksModel(links=[_model(view) for view in found], next_page_token=following)


@router.post("", status_code=201, responses={201: {"model": LinkModel}})
async def link(principal: Linker, body: LinkBody, mutation: RehearsableMutation, parts: Parts) -> Response:
    reader = reader_of(principal)
    return await mutation.run(
        lambda once: link_actions(
            once,
            reader,
            body.one,
            body.other,
            body.note,
            policy=parts.policy,
            clock=parts.clock,
            ids=parts.ids,
        ),
        lambda view: Encoded(_model(view), status=201),
    )


@router.delete("/{link_id}", responses={200: {"model": LinkModel}})
async def unlink(principal: Linker, link_id: UUID, mutation: RehearsableMutation, parts: Parts) -> Response:
    reader = reader_of(principal)
    return await mutation.run(
        lambda once: unlink_actions(once, reader, link_id, policy=parts.policy, clock=parts.clock),
        lambda view: Encoded(_model(view)),
    )
