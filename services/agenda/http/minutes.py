"""Routes of the minutes."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path
from fastapi.responses import Response
from pydantic import BaseModel

from services.agenda.domain.minutes import Section
from services.agenda.domain.permissions import Command
from services.agenda.domain.wording import SECTION
from services.agenda.http.fields import Banner, Body, Prose
from services.agenda.http.parts import Parts, permit_command, reader_of
from services.agenda.usecases.keep_minutes import (
    accept_section,
    comment_section,
    read_minutes,
    read_section,
    write_section,
)
from services.chassis.http.requests import Encoded, ExpectedVersion, RehearsableMutation
from services.chassis.identity import Principal

router = APIRouter(prefix="/v1/meetings/{meeting_id}/minutes", tags=["minutes"])

Viewer = Annotated[Principal, Depends(permit_command(Command.READ_MINUTES))]
Editor = Annotated[Principal, Depends(permit_command(Command.EDIT_MINUTES))]
SectionPath = Annotated[str, Path(pattern=SECTION)]


class SectionBody(Body):
    text: Prose
    marking: Banner


class AcceptBody(Body):
    """The revision accepted is the one that If-Match names."""


class CommentBody(Body):
    text: Prose


class RevisionModel(BaseModel):
    revision: int
    text: str
    marking: str
    party: str
    written_at: datetime


class CommentModel(BaseModel):
    id: UUID
    revision: int
    party: str
    organisation: str
    text: str
    made_at: datetime


class SectionModel(BaseModel):
    """`revision` is 0 while nobody has written; `accepted_by` is of the newest revision."""

    section: str
    revision: int
    text: str
    marking: str
    accepted_by: list[str]
    revisions: list[RevisionModel]
    comments: list[CommentModel]


class MinutesModel(BaseModel):
    sections: list[SectionModel]


def _model(section: Section) -> SectionModel:
    newest = section.newest
    return SectionModel(
        section=section.key,
        revision=section.revision,
        text=newest.text if newest else "",
        marking=newest.marking if newest else "",
        accepted_by=sorted(section.accepted),
        revisions=[
            RevisionModel(
                revision=one.revision,
                text=one.text,
                marking=one.marking,
                party=one.party,
                written_at=one.written_at,
            )
            for one in section.revisions
        ],
        comments=[
            CommentModel(
                id=one.id,
                revision=one.revision,
                party=one.party,
                organisation=one.organisation,
                text=one.text,
                made_at=one.made_at,
            )
            for one in section.comments
        ],
    )


def _encoded(section: Section) -> Encoded:
    return Encoded(_model(section), version=section.revision)


@router.get("")
async def read(principal: Viewer, meeting_id: UUID, parts: Parts) -> MinutesModel:
    sections = await read_minutes(parts.database, reader_of(principal), meeting_id, policy=parts.policy)
    return MinutesModel(sections=[_model(section) for section in sections])


@router.get("/{section}", responses={200: {"model": SectionModel}})
async def read_one(principal: Viewer, meeting_id: UUID, section: SectionPath, parts: Parts) -> Response:
    reader = reader_of(principal)
    found = await read_section(parts.database, reader, meeting_id, section, policy=parts.policy)
    return _encoded(found).response()


@router.put("/{section}", responses={200: {"model": SectionModel}})
async def write(
    principal: Editor,
    meeting_id: UUID,
    section: SectionPath,
    body: SectionBody,
    expected: ExpectedVersion,
    mutation: RehearsableMutation,
    parts: Parts,
) -> Response:
    reader = reader_of(principal)
    return await mutation.run(
        lambda once: write_section(
            once,
            reader,
            meeting_id,
            section,
            body.text,
            body.marking,
            expected,
            minuting=parts.minuting(),
        ),
        _encoded,
    )


@router.post("/{section}/acceptances", responses={200: {"model": SectionModel}})
async def accept(
    principal: Editor,
    meeting_id: UUID,
    section: SectionPath,
    _: AcceptBody,
    expected: ExpectedVersion,
    mutation: RehearsableMutation,
    parts: Parts,
) -> Response:
    reader = reader_of(principal)
    return await mutation.run(
        lambda once: accept_section(once, reader, meeting_id, section, expected, minuting=parts.minuting()),
        _encoded,
    )


@router.post("/{section}/comments", responses={200: {"model": SectionModel}})
async def comment(
    principal: Editor,
    meeting_id: UUID,
    section: SectionPath,
    body: CommentBody,
    mutation: RehearsableMutation,
    parts: Parts,
) -> Response:
    reader = reader_of(principal)
    return await mutation.run(
        lambda once: comment_section(once, reader, meeting_id, section, body.text, minuting=parts.minuting()),
        _encoded,
    )
