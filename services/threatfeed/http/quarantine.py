"""Quarantine of submissions over REST."""

from fastapi import APIRouter

from services.chassis.http.quarantine import quarantine_routes
from services.chassis.http.requests import permit
from services.kernel.parties import Role


def routes() -> APIRouter:
    return quarantine_routes(permit(Role.OPERATOR, Role.AUDITOR), permit(Role.OPERATOR))
