"""What the routes of actions share: who asks, and with what is read and a change made."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Concatenate, ParamSpec
from uuid import UUID

from fastapi import Depends, Request, Response

from services.actions.domain.action import Action
from services.actions.domain.visibility import READERS
from services.actions.http import models
from services.actions.usecases.change import Changing
from services.actions.usecases.given_evidence import Holding
from services.actions.usecases.publication import Publication
from services.chassis.clock import Clock
from services.chassis.database import Database
from services.chassis.http.requests import Encoded, ExpectedVersion, Mutation, RehearsableMutation, permit
from services.chassis.identity import Principal
from services.chassis.once import Once
from services.kernel.parties import Reader, Role
from services.kernel.policy import Policy

P = ParamSpec("P")


def reader_of(principal: Principal) -> Reader:
    return Reader.from_claims(principal.subject, principal.claims)


def encode(action: Action, publication: Publication, at: datetime) -> Encoded:
    return Encoded(models.show(action, publication.rating(action, at)), version=action.version)


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


@dataclass(frozen=True, slots=True)
class Reading:
    """One request to read: who asks, and as of when it is answered."""

    database: Database
    reader: Reader
    publication: Publication
    now: datetime

    @property
    def policy(self) -> Policy:
        return self.publication.policy

    def show(self, action: Action) -> models.Action:
        return models.show(action, self.publication.rating(action, self.now))


def read_by(*roles: Role) -> Callable[..., Reading]:
    """The dependency of a route that callers in these roles may ask."""

    def dependency(
        principal: Annotated[Principal, Depends(permit(*roles))],
        database: DatabaseDependency,
        publication: PublicationDependency,
        clock: ClockDependency,
    ) -> Reading:
        return Reading(database, reader_of(principal), publication, clock())

    return dependency


ReadingDependency = Annotated[Reading, Depends(read_by(*READERS))]


@dataclass(frozen=True, slots=True)
class Change:
    """One request to change an action: who asks, of which version, and that it is answered once."""

    reader: Reader
    version: int
    mutation: Mutation
    changing: Changing

    async def run(
        self,
        use_case: Callable[Concatenate[Once[Action], Reader, UUID, int, P], Awaitable[Action]],
        action_id: UUID,
        *arguments: P.args,
        **named: P.kwargs,
    ) -> Response:
        """Runs the use case for the one who asks, on the version that was seen."""
        publication, clock = self.changing.publication, self.changing.clock
        return await self.mutation.run(
            lambda once: use_case(once, self.reader, action_id, self.version, *arguments, **named),
            lambda action: encode(action, publication, clock()),
        )


def change_by(*roles: Role) -> Callable[..., Change]:
    """The dependency of a route that callers in these roles may ask for."""

    def dependency(
        principal: Annotated[Principal, Depends(permit(*roles))],
        version: ExpectedVersion,
        mutation: RehearsableMutation,
        publication: PublicationDependency,
        clock: ClockDependency,
    ) -> Change:
        return Change(reader_of(principal), version, mutation, Changing(publication, clock))

    return dependency
