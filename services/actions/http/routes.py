"""Actions over REST."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from services.actions.domain.action import Action
from services.actions.domain.visibility import READERS
from services.actions.http import models
from services.actions.usecases.accept_action import accept_action
from services.actions.usecases.claim_completion import GivenEvidence, Holding, claim_completion
from services.actions.usecases.confirm_completion import CONFIRMERS, confirm_completion
from services.actions.usecases.publication import Publication
from services.actions.usecases.read_actions import LARGEST_PAGE, Listing, list_actions, read_action
from services.actions.usecases.reject_completion import reject_completion
from services.actions.usecases.report_progress import report_progress
from services.chassis.clock import Clock
from services.chassis.database import Database
from services.chassis.http.requests import Encoded, ExpectedVersion, MutationDependency, permit
from services.chassis.identity import Principal
from services.kernel.parties import Reader, Role

ReadingPrincipal = Annotated[Principal, Depends(permit(*READERS))]
OwningPrincipal = Annotated[Principal, Depends(permit(Role.OWNER))]
ConfirmingPrincipal = Annotated[Principal, Depends(permit(*CONFIRMERS))]


def _reader(principal: Principal) -> Reader:
    return Reader.from_claims(principal.subject, principal.claims)


def _encode(action: Action) -> Encoded:
    return Encoded(models.show(action), version=action.version)


def _database(request: Request) -> Database:
    database: Database = request.app.state.database
    return database


def _clock(request: Request) -> Clock:
    clock: Clock = request.app.state.clock
    return clock


def _publication(request: Request) -> Publication:
    publication: Publication = request.app.state.publication
    return publication


def _holding(request: Request) -> Holding:
    holding: Holding = request.app.state.holding
    return holding


DatabaseDependency = Annotated[Database, Depends(_database)]
ClockDependency = Annotated[Clock, Depends(_clock)]
PublicationDependency = Annotated[Publication, Depends(_publication)]
HoldingDependency = Annotated[Holding, Depends(_holding)]


async def list_(
    principal: ReadingPrincipal,
    database: DatabaseDependency,
    clock: ClockDependency,
    publication: PublicationDependency,
    series: Annotated[str, Query(max_length=100)],
    open_only: bool = False,
    page_size: Annotated[int, Query(ge=0, description=f"At most {LARGEST_PAGE}")] = 0,
    page_token: Annotated[str, Query(max_length=500)] = "",
) -> Response:
    """The actions of a series, soonest original due date first."""
    page = await list_actions(
        database,
        _reader(principal),
        Listing(series, open_only, page_size, page_token),
        policy=publication.policy,
        now=clock(),
    )
    shown = models.ActionPage(
        actions=[models.show(action) for action in page.actions], next_page_token=page.next_token
    )
    return Encoded(shown).response()


async def get(
    action_id: UUID,
    principal: ReadingPrincipal,
    database: DatabaseDependency,
    clock: ClockDependency,
    publication: PublicationDependency,
) -> Response:
    """One action."""
    action = await read_action(
        database, _reader(principal), action_id, policy=publication.policy, now=clock()
    )
    return _encode(action).response()


async def accept(
    action_id: UUID,
    _body: models.Accept,
    principal: OwningPrincipal,
    version: ExpectedVersion,
    mutation: MutationDependency,
    publication: PublicationDependency,
    clock: ClockDependency,
) -> Response:
    """An accountable organisation takes the action on."""
    reader = _reader(principal)
    return await mutation.run(
        lambda once: accept_action(once, reader, action_id, version, publication=publication, clock=clock),
        _encode,
    )


async def progress(
    action_id: UUID,
    body: models.Progress,
    principal: OwningPrincipal,
    version: ExpectedVersion,
    mutation: MutationDependency,
    publication: PublicationDependency,
    clock: ClockDependency,
) -> Response:
    """An accountable organisation rates how it goes."""
    reader = _reader(principal)
    return await mutation.run(
        lambda once: report_progress(
            once,
            reader,
            action_id,
            version,
            body.rag,
            body.narrative,
            publication=publication,
            clock=clock,
        ),
        _encode,
    )


async def claim(
    action_id: UUID,
    body: models.CompletionClaim,
    principal: OwningPrincipal,
    version: ExpectedVersion,
    mutation: MutationDependency,
    publication: PublicationDependency,
    clock: ClockDependency,
    holding: HoldingDependency,
) -> Response:
    """An accountable organisation says that it is done, and shows it."""
    reader = _reader(principal)
    evidence = [
        GivenEvidence(item.title, item.description, item.uri, item.digest or "", item.marking)
        for item in body.evidence
    ]
    return await mutation.run(
        lambda once: claim_completion(
            once,
            reader,
            action_id,
            version,
            evidence,
            body.narrative,
            holding=holding,
            publication=publication,
            clock=clock,
        ),
        _encode,
    )


async def confirm(
    action_id: UUID,
    _body: models.Confirm,
    principal: ConfirmingPrincipal,
    version: ExpectedVersion,
    mutation: MutationDependency,
    publication: PublicationDependency,
    clock: ClockDependency,
) -> Response:
    """A party whose confirmation is awaited finds it done; the last one closes the action."""
    reader = _reader(principal)
    return await mutation.run(
        lambda once: confirm_completion(
            once, reader, action_id, version, publication=publication, clock=clock
        ),
        _encode,
    )


async def reject(
    action_id: UUID,
    body: models.Reject,
    principal: ConfirmingPrincipal,
    version: ExpectedVersion,
    mutation: MutationDependency,
    publication: PublicationDependency,
    clock: ClockDependency,
) -> Response:
    """A party whose confirmation is awaited does not find it done: the work goes on."""
    reader = _reader(principal)
    return await mutation.run(
        lambda once: reject_completion(
            once, reader, action_id, version, body.reason, publication=publication, clock=clock
        ),
        _encode,
    )


def routes() -> APIRouter:
    router = APIRouter(prefix="/v1/actions", tags=["actions"])
    router.get("", response_model=models.ActionPage)(list_)
    router.get("/{action_id}", response_model=models.Action)(get)
    router.post("/{action_id}/accept", response_model=models.Action)(accept)
    router.post("/{action_id}/progress", response_model=models.Action)(progress)
    router.post("/{action_id}/completion-claim", response_model=models.Action)(claim)
    router.post("/{action_id}/confirm", response_model=models.Action)(confirm)
    router.post("/{action_id}/reject", response_model=models.Action)(reject)
    return router
