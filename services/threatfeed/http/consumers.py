"""The consumers of threatfeed over REST."""

from fastapi import APIRouter

from services.chassis.http.consumers import consumer_routes
from services.chassis.http.requests import permit
from services.kernel.parties import Role


def routes() -> APIRouter:
    return consumer_routes(permit(Role.OPERATOR, Role.AUDITOR), permit(Role.OPERATOR))
