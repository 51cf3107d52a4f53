"""What the routes need besides the request: the parts of this service, and who calls."""

from typing import Annotated

from fastapi import Depends, Request

from services.agenda.domain.permissions import PERMISSIONS, Command
from services.agenda.usecases.parts import AgendaParts
from services.chassis.http.requests import Permission, permit
from services.chassis.identity import Principal
from services.kernel.parties import Reader


def agenda_parts(request: Request) -> AgendaParts:
    parts: AgendaParts = request.app.state.agenda
    return parts


Parts = Annotated[AgendaParts, Depends(agenda_parts)]


def permit_command(command: Command) -> Permission:
    """Lets pass whoever holds any role that the command's row in the table names."""
    return permit(*(role.value for role in PERMISSIONS[command]))


def reader_of(principal: Principal) -> Reader:
    """Raises `ClaimsMalformed`."""
    return Reader.from_claims(principal.subject, principal.claims)
