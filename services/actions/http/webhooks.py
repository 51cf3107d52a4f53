"""Webhook endpoints as the deployment's operators see them.

The application's state holds what gives the endpoints as `webhooks`, and as `sight_of` what makes the `Sight`
of a caller.
"""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request
from fastapi.responses import Response
from pydantic import AwareDatetime, BaseModel, Field

from services.actions.domain.webhooks import Endpoint, WebhookState
from services.actions.http.parts import ClockDependency, DatabaseDependency
from services.actions.store.webhooks import Position
from services.actions.usecases.deliver_webhooks import Endpoints
from services.actions.usecases.list_webhooks import list_webhooks
from services.actions.usecases.resume_webhook import resume_webhook
from services.chassis.http.quarantine import Body, Prose
from services.chassis.http.requests import Encoded, RehearsableMutation, permit
from services.chassis.identity import Principal
from services.chassis.quarantine.entries import Operator
from services.kernel.parties import Role

Name = Annotated[str, Path(pattern=r"^[a-z0-9-]{1,63}$")]


class WebhookView(BaseModel):
    """An endpoint without its address, whose path may hold a secret of the receiver's."""

    endpoint: str
    audience: str
    organisation: str
    host: str
    state: WebhookState
    since: AwareDatetime
    why: str = Field(description="A code for why it is told nothing; empty while it is told")
    token: str = Field(description="Resumes after the last message that was taken; empty before the first")
    delivered: int
    delivered_at: AwareDatetime | None

    @classmethod
    def of(cls, told: tuple[Endpoint, Position]) -> "WebhookView":
        endpoint, position = told
        return cls(
            endpoint=endpoint.name,
            audience=endpoint.audience,
            organisation=endpoint.organisation,
            host=endpoint.host,
            state=position.state,
            since=position.since,
            why=position.why,
            token=position.token,
            delivered=position.delivered,
            delivered_at=position.delivered_at,
        )


class WebhooksView(BaseModel):
    webhooks: list[WebhookView]


class WebhookResumeBody(Body):
    note: Prose
    from_start: bool = Field(False, description="Tell all that the audience holds anew")


async def list_endpoints(
    request: Request,
    caller: Annotated[Principal, Depends(permit(Role.OPERATOR, Role.AUDITOR))],
    database: DatabaseDependency,
    clock: ClockDependency,
) -> WebhooksView:
    state = request.app.state
    endpoints: Endpoints = state.webhooks
    found = await list_webhooks(database, state.sight_of(caller), endpoints(), clock())
    return WebhooksView(webhooks=[WebhookView.of(one) for one in found])


async def resume(
    request: Request,
    caller: Annotated[Principal, Depends(permit(Role.OPERATOR))],
    endpoint: Name,
    body: WebhookResumeBody,
    mutation: RehearsableMutation,
    clock: ClockDependency,
) -> Response:
    """Lets an endpoint that stopped be told again, from its token or from the start."""
    state = request.app.state
    endpoints: Endpoints = state.webhooks
    party = caller.claims.get("party")
    who = Operator(caller.subject, party if isinstance(party, str) else None, mutation.key)
    sight = state.sight_of(caller)
    return await mutation.run(
        lambda once: resume_webhook(
            once, sight, endpoints(), endpoint, who, clock(), note=body.note, from_start=body.from_start
        ),
        lambda told: Encoded(WebhookView.of(told)),
    )


def routes() -> APIRouter:
    router = APIRouter(prefix="/v1/webhooks", tags=["webhooks"])
    router.get("")(list_endpoints)
    router.post("/{endpoint}/resumes", response_model=WebhookView)(resume)
    return router
