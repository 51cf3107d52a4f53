"""Every route of the agenda."""

from collections.abc import Sequence

from fastapi import APIRouter

from services.agenda.http import (
    agendas,
    amendments,
    attendance,
    awaiting,
    calendar_feed,
    carry_over,
    conclusions,
    drafts,
    forwarding,
    history,
    legal_clearances,
    links,
    meetings,
    minutes,
    moves,
    outcomes,
    own_side,
    planning,
    presentation,
    proposals,
    ranking,
    releasability,
    runs,
    trace,
    withdrawal_tasks,
)
from services.chassis.http.consumers import consumer_routes
from services.chassis.http.quarantine import quarantine_routes
from services.chassis.http.requests import permit
from services.kernel.parties import Role


def routes() -> Sequence[APIRouter]:
    readers, operators = permit(Role.OPERATOR, Role.AUDITOR), permit(Role.OPERATOR)
    return (
        moves.router,
        calendar_feed.router,
        meetings.router,
        proposals.router,
        ranking.router,
        drafts.router,
        forwarding.router,
        planning.router,
        own_side.router,
        releasability.router,
        awaiting.router,
        agendas.router,
        attendance.router,
        runs.router,
        presentation.router,
        history.router,
        carry_over.router,
        minutes.router,
        conclusions.router,
        outcomes.router,
        legal_clearances.router,
        links.router,
        trace.router,
        withdrawal_tasks.router,
        amendments.router,
        quarantine_routes(readers, operators),
        consumer_routes(readers, operators),
    )
