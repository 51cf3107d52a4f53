"""Every route of the agenda."""

from collections.abc import Sequence

from fastapi import APIRouter

from services.agenda.http import agendas, drafts, meetings, outcomes, trace


def routes() -> Sequence[APIRouter]:
    return (meetings.router, drafts.router, agendas.router, outcomes.router, trace.router)
