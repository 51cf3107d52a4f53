"""Consumers over REST, the same for every service: how far they are, and what stopped.

The application's state holds the `ConsumerDesk` as `consumers`, and as `sight_of` what makes the `Sight` of a
caller.
"""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request
from fastapi.responses import Response
from pydantic import AwareDatetime, BaseModel, Field

from services.chassis.consumer.halts import ConsumerDesk, Standing
from services.chassis.consumer.positions import Partition
from services.chassis.http.quarantine import Body, Prose
from services.chassis.http.requests import Encoded, MutationDependency, Permission
from services.chassis.identity import Principal
from services.chassis.quarantine.entries import Operator, Sight

_NAME = r"^[a-zA-Z0-9._-]{1,249}$"
Group = Annotated[str, Path(pattern=_NAME)]
Topic = Annotated[str, Path(pattern=_NAME)]
Number = Annotated[int, Path(ge=0, le=1_000_000)]


class StandingView(BaseModel):
    group: str
    topic: str
    partition: int
    next_offset: int
    halted: str | None = Field(description="Why the partition stopped for an operator, if it did")
    halted_at: AwareDatetime | None

    @classmethod
    def of(cls, standing: Standing) -> "StandingView":
        return cls(
            group=standing.group,
            topic=standing.partition.topic,
            partition=standing.partition.number,
            next_offset=standing.next_offset,
            halted=standing.why,
            halted_at=standing.halted_at,
        )


class StandingsView(BaseModel):
    partitions: list[StandingView]


class ResumeBody(Body):
    next_offset: Annotated[
        int | None, Field(ge=0, lt=2**63, description="Where to go on; by default where it stopped")
    ] = None
    note: Prose


def consumer_routes(readers: Permission, operators: Permission) -> APIRouter:
    """The routes of the consumers: who may look, and who may let go on."""
    router = APIRouter(prefix="/v1/consumers", tags=["consumers"])
    Reading = Annotated[Principal, Depends(readers)]  # noqa: N806 types
    Operating = Annotated[Principal, Depends(operators)]  # noqa: N806

    @router.get("")
    async def list_partitions(request: Request, caller: Reading) -> StandingsView:
        desk, sight = _parts(request, caller)
        return StandingsView(partitions=[StandingView.of(one) for one in await desk.standings(sight)])

    @router.post("/{group}/{topic}/{partition}/resumes", response_model=StandingView)
    async def resume_partition(
        request: Request,
        caller: Operating,
        group: Group,
        topic: Topic,
        partition: Number,
        body: ResumeBody,
        mutation: MutationDependency,
    ) -> Response:
        """Lets a stopped partition go on. What lies before a position that is given is left out."""
        desk, sight = _parts(request, caller)
        party = caller.claims.get("party")
        who = Operator(caller.subject, party if isinstance(party, str) else None, mutation.key)
        place = Partition(topic, partition)
        return await mutation.run(
            lambda once: desk.resume(once, sight, group, place, body.next_offset, body.note, who),
            lambda standing: Encoded(StandingView.of(standing)),
        )

    return router


def _parts(request: Request, caller: Principal) -> tuple[ConsumerDesk, Sight]:
    state = request.app.state
    return state.consumers, state.sight_of(caller)
