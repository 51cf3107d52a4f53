"""Routes of the attendance register."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi.responses import Response
from pydantic import BaseModel, StringConstraints

from services.agenda.domain.attendance import (
    Participant,
    ParticipantRole,
    Person,
    PresenceCommand,
)
from services.agenda.domain.permissions import Command
from services.agenda.domain.wording import NATIONALITY
from services.agenda.http.fields import Body, Line, OptionalCode, OptionalProse, Prose, SizeQuery, TokenQuery
from services.agenda.http.parts import Parts, permit_command, reader_of
from services.agenda.usecases.keep_register import (
    RegisterView,
    add_participant,
    close_register,
    mark_presence,
    note_participant,
    page_of_register,
    read_participant,
    reopen_register,
)
from services.chassis.http.requests import Encoded, ExpectedVersion, RehearsableMutation
from services.chassis.identity import Principal

router = APIRouter(prefix="/v1", tags=["attendance"])

Editor = Annotated[Principal, Depends(permit_command(Command.EDIT_REGISTER))]
Viewer = Annotated[Principal, Depends(permit_command(Command.READ_REGISTER))]
Nationality = Annotated[str, StringConstraints(strict=True, pattern=NATIONALITY)]


class ParticipantBody(Body):
    """`nationality` is a GENC trigraph; `represents` a party that is none of the series."""

    name: Line
    role: ParticipantRole
    organisation: Line
    nationality: Nationality
    represents: OptionalCode = ""

    def person(self) -> Person:
        return Person(self.name, self.role, self.organisation, self.nationality, self.represents)


class PresenceBody(Body):
    answer: PresenceCommand


class NoteBody(Body):
    note: OptionalProse


class CloseBody(Body):
    """Nothing is asked for: the side closes what it has entered."""


class ReopenBody(Body):
    """Why the register was not right."""

    reason: Prose


class ParticipantModel(BaseModel):
    id: UUID
    meeting_id: UUID
    side: str
    name: str
    role: str
    organisation: str
    nationality: str
    represents: str
    observer: bool
    presence: str
    version: int
    note: str = ""


class RegisterModel(BaseModel):
    """`note` is the reader's own side's, on its own people; empty for all others."""

    participants: list[ParticipantModel]
    closed_by: list[str]


def _model(participant: Participant, note: str = "") -> ParticipantModel:
    person = participant.person
    return ParticipantModel(
        id=participant.id,
        meeting_id=participant.meeting_id,
        side=participant.side,
        name=person.name,
        role=person.role.value,
        organisation=person.organisation,
        nationality=person.nationality,
        represents=person.represents,
        observer=person.role is ParticipantRole.OBSERVER,
        presence=participant.presence.value,
        version=participant.version,
        note=note,
    )


class RegisterPageModel(RegisterModel):
    next_page_token: str


def _register(view: RegisterView) -> RegisterModel:
    return RegisterModel(
        participants=[_model(one, view.notes.get(one.id, "")) for one in view.register.participants],
        closed_by=sorted(view.register.closed),
    )


def _encoded(participant: Participant, status: int = 200) -> Encoded:
    return Encoded(_model(participant), status=status, version=participant.version)


@router.get("/meetings/{meeting_id}/register")
async def read(
    principal: Viewer,
    meeting_id: UUID,
    parts: Parts,
    page_size: SizeQuery = 50,
    page_token: TokenQuery = "",
) -> RegisterPageModel:
    view, following = await page_of_register(
        parts.database,
        reader_of(principal),
        meeting_id,
        page_size=page_size,
        page_token=page_token,
        policy=parts.policy,
    )
    return RegisterPageModel(**dict(_register(view)), next_page_token=following)


@router.post(
    "/meetings/{meeting_id}/participants", status_code=201, responses={201: {"model": ParticipantModel}}
)
async def add(
    principal: Editor,
    meeting_id: UUID,
    body: ParticipantBody,
    mutation: RehearsableMutation,
    parts: Parts,
) -> Response:
    reader = reader_of(principal)
    return await mutation.run(
        lambda once: add_participant(
            once, reader, meeting_id, body.person(), registering=parts.registering()
        ),
        lambda participant: _encoded(participant, 201),
    )


@router.get("/participants/{participant_id}", responses={200: {"model": ParticipantModel}})
async def read_one(principal: Viewer, participant_id: UUID, parts: Parts) -> Response:
    reader = reader_of(principal)
    found = await read_participant(parts.database, reader, participant_id, policy=parts.policy)
    return _encoded(found).response()


@router.post("/participants/{participant_id}/presence", responses={200: {"model": ParticipantModel}})
async def presence(
    principal: Editor,
    participant_id: UUID,
    body: PresenceBody,
    expected: ExpectedVersion,
    mutation: RehearsableMutation,
    parts: Parts,
) -> Response:
    reader = reader_of(principal)
    return await mutation.run(
        lambda once: mark_presence(
            once, reader, participant_id, body.answer, expected, registering=parts.registering()
        ),
        _encoded,
    )


@router.put("/participants/{participant_id}/note", responses={200: {"model": RegisterModel}})
async def note(
    principal: Editor,
    participant_id: UUID,
    body: NoteBody,
    mutation: RehearsableMutation,
    parts: Parts,
) -> Response:
    reader = reader_of(principal)
    return await mutation.run(
        lambda once: note_participant(
            once, reader, participant_id, body.note, registering=parts.registering()
        ),
        lambda view: Encoded(_register(view)),
    )


@router.post("/meetings/{meeting_id}/register/close", responses={200: {"model": RegisterModel}})
async def close(
    principal: Editor,
    meeting_id: UUID,
    _: CloseBody,
    mutation: RehearsableMutation,
    parts: Parts,
) -> Response:
    reader = reader_of(principal)
    return await mutation.run(
        lambda once: close_register(once, reader, meeting_id, registering=parts.registering()),
        lambda view: Encoded(_register(view)),
    )


@router.post("/meetings/{meeting_id}/register/reopen", responses={200: {"model": RegisterModel}})
async def reopen(
    principal: Editor,
    meeting_id: UUID,
    body: ReopenBody,
    mutation: RehearsableMutation,
    parts: Parts,
) -> Response:
    reader = reader_of(principal)
    return await mutation.run(
        lambda once: reopen_register(once, reader, meeting_id, body.reason, registering=parts.registering()),
        lambda view: Encoded(_register(view)),
    )
