"""Every route of the agenda."""

from collections.abc import Sequence

from fastapi import APIRouter

from services.agenda.http import agendas, drafts, meetings, outcomes, trace
from services.chassis.http.quarantine import quarantine_routes
from services.chassis.http.requests import permit
from services.kernel.parties import Role


def routes() -> Sequence[APIRouter]:
    quarantine = quarantine_routes(permit(Role.OPERATOR, Role.AUDITOR), permit(Role.OPERATOR))
    return (meetings.router, drafts.router, agendas.router, outcomes.router, trace.router, quarantine)
