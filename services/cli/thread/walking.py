"""The whole thread in its order. A walk that was cut short goes on where it stopped."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Final

from services.cli.chain import Chain
from services.cli.failures import CommandFailed, Refused
from services.cli.thread import (
    concluding,
    following,
    preparing,
    publishing,
    repairing,
    standing,
    watching,
)
from services.cli.thread.stage import SECRETARIAT, Stage, ThreadRecord, require
from services.cli.waiting import until

_FORBIDDEN = 403
_LAST_STEP_WITHIN = 5.0

StepFunction = Callable[[Stage], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Timing:
    step: str
    seconds: float


async def trace(stage: Stage, identity: str, account: str = SECRETARIAT) -> Chain:
    """The thread around an id as the account may see it."""
    return Chain.of(await stage.desk(account).get("agenda", f"/v1/trace/{identity}"))


async def trace_from_every_id(stage: Stage) -> None:
    """All seven kinds of node, and the same chain from whichever id one starts."""

    async def whole() -> Chain | None:
        found = await trace(stage, stage.record.action_id)
        return None if found.missing() or found.missing_peers else found

    expected = await until(whole, within=30.0, what="a trace without a missing link")
    for name, identity in stage.record.ids().items():
        found = await trace(stage, identity)
        if found != expected:
            raise CommandFailed(f"the trace from the {name} differs from that of the action")
    stage.say(f"the same {len(expected.nodes)} nodes from {', '.join(stage.record.ids())}")
    await _others_see_their_own(stage)


async def _others_see_their_own(stage: Stage) -> None:
    """The other party follows the whole thread; officials of another series see nothing of it."""
    other = await trace(stage, stage.record.action_id, "eeas-secretariat")
    require(not other.missing(), f"eeas-secretariat does not see {', '.join(other.missing())}")
    try:
        await trace(stage, stage.record.action_id, "nsa-secretariat")
    except Refused as refusal:
        require(refusal.status == _FORBIDDEN, f"another series is refused otherwise: {refusal}")
    else:
        raise CommandFailed("an official of another series sees the thread")


STEPS: Final[tuple[tuple[str, StepFunction], ...]] = (
    ("agencies publish", publishing.publish_assessments),
    ("a broken submission is repaired", repairing.repair_a_submission),
    ("each side finds it", watching.sides_find_what_they_may_read),
    ("pictures are drawn", watching.pictures_are_drawn),
    ("feeds are seen", watching.feeds_are_seen),
    ("the meeting is planned", preparing.plan_meeting),
    ("the agenda is drafted", preparing.draft_agenda),
    ("the agenda is tabled", preparing.table_agenda),
    ("the agenda is agreed", preparing.agree_agenda),
    ("the meeting is held", preparing.hold_meeting),
    ("each side closes its register", concluding.close_registers),
    ("an outcome is recorded", concluding.record_outcome),
    ("the outcome is agreed", preparing.agree_outcome),
    ("the action opens", concluding.action_opens),
    ("the owner accepts", concluding.accept_action),
    ("the owner reports progress", concluding.report_progress),
    ("the owner claims completion", concluding.claim_completion),
    ("the other party confirms", concluding.confirm_completion),
    ("leadership follows", following.every_channel_tells_the_same),
    ("the thread is traced", trace_from_every_id),
    ("a revision makes it stale", standing.revision_makes_stale),
    ("a withdrawal reaches everyone", standing.withdrawal_reaches_everyone),
)


def is_complete(record: ThreadRecord) -> bool:
    """Whether every step of the thread has been played."""
    return all(name in record.done for name, _ in STEPS)


async def walk(stage: Stage, until: str = "") -> list[Timing]:
    """Plays the steps that are still to come, up to one that is not played any more. Raises `CommandFailed`
    naming the step that failed.
    """
    timings = []
    for name, step in STEPS:
        if name == until:
            break
        if name in stage.record.done:
            continue
        began = time.monotonic()
        stage.say(f"[bold]{name}[/]")
        try:
            await _whole(_played(stage, name, step))
        except CommandFailed as failure:
            raise CommandFailed(f"{name}: {failure}") from failure
        timings.append(Timing(name, time.monotonic() - began))
    return timings


async def _played(stage: Stage, name: str, step: StepFunction) -> None:
    await step(stage)
    stage.keep(done=(*stage.record.done, name))


async def _whole(step: Coroutine[None, None, None]) -> None:
    """Lets a step that is under way come to its end even when the walk is cancelled: half of one could not be
    played again.
    """
    task = asyncio.create_task(step)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task], timeout=_LAST_STEP_WITHIN)
        task.cancel()
        raise
