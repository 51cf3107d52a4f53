"""What leadership sees: one feed an audience, the same over Kafka, gRPC and server-sent events."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Final

from entente.exchange.v1.action_status_pb2 import ActionState, ActionStatus, BasisState

from services.cli.clients.status_feeds import Kind, Step, watch_kafka, watch_rpc, watch_sse
from services.cli.failures import CommandFailed
from services.cli.thread.stage import PATIENCE, Stage, require

LEADERS: Final = {"uk-eu.uk": "uk-leadership", "uk-eu.eu": "eu-leadership"}
_WALKED: Final = ("AGREED", "ASSIGNED", "IN_PROGRESS", "COMPLETION_CLAIMED", "CLOSED")

Test = Callable[[ActionStatus], bool]


async def every_channel_tells_the_same(stage: Stage) -> None:
    """Every status of the action lies in each audience's topic; a resume token of Kafka resumes gRPC
    and SSE, and brings the same records under the same tokens.
    """
    for audience, leader in LEADERS.items():
        desk = stage.desk(leader)
        address = stage.access.services["actions"]
        told = await _kafka_until(stage, audience, _closed(stage))
        states = [_state(step) for step in told]
        require(
            [state for state in _WALKED if state in states] == list(_WALKED),
            f"{audience} was told only {', '.join(states)}",
        )
        first = told[0]
        for channel, feed in (
            ("gRPC", watch_rpc(address.rpc, desk.token, audience, first.token)),
            ("SSE", watch_sse(address.rest, desk.token, audience, first.token)),
        ):
            resumed = await _until(stage, feed, _closed(stage), f"{channel} of {audience}")
            if resumed != told[1:]:
                raise CommandFailed(f"{channel} of {audience} tells another story than Kafka")
        stage.say(f"{audience}: {len(told)} records, Kafka, gRPC and SSE agree, up to {told[-1].token}")


async def basis_reaches_feeds(stage: Stage, basis: "BasisState.ValueType") -> None:
    """Every audience hears what has become of the assessment under the action."""
    for audience in LEADERS:
        told = await _kafka_until(stage, audience, _on_basis(stage, basis))
        stage.say(f"{audience}: {BasisState.Name(basis)} under {told[-1].token}")


def _state(step: Step) -> str:
    state = step.status.state if step.status else ActionState.ACTION_STATE_UNSPECIFIED
    return ActionState.Name(state).removeprefix("ACTION_STATE_")


def _closed(stage: Stage) -> Test:
    wanted = stage.record.action_id
    return lambda status: status.action_id == wanted and status.state == ActionState.ACTION_STATE_CLOSED


def _on_basis(stage: Stage, basis: "BasisState.ValueType") -> Test:
    wanted = stage.record.action_id
    return lambda status: status.action_id == wanted and status.basis == basis


async def _kafka_until(stage: Stage, audience: str, reached: Test) -> list[Step]:
    login = stage.access.login(f"audience-{audience}")
    return await _until(stage, watch_kafka(login, audience), reached, f"Kafka of {audience}")


async def _until(stage: Stage, feed: AsyncGenerator[Step, None], reached: Test, what: str) -> list[Step]:
    """The records of the stage's action up to the first that is as wanted."""
    told: list[Step] = []
    try:
        async with asyncio.timeout(PATIENCE), aclosing(feed):
            async for step in feed:
                if step.kind is not Kind.STATUS or step.status is None:
                    continue
                if step.status.action_id == stage.record.action_id:
                    told.append(step)
                if reached(step.status):
                    return told
    except TimeoutError:
        pass
    raise CommandFailed(f"not within {PATIENCE:.0f} s: the awaited status on {what}")
