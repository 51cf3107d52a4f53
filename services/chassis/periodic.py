"""Work that is done again and again, for as long as the process runs."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

import structlog

from services.chassis.database import TRANSIENT
from services.chassis.health import Health
from services.chassis.lifecycle import Component

Work = Callable[[], Awaitable[bool]]
"""One turn; gives whether there may be more to do at once."""

_TURN_WITHIN = 60.0


def periodic(name: str, work: Work, *, every: float, health: Health) -> Component:
    """Turns every so many seconds, at once while there is more to do.

    A turn that the database fails for a while is tried again at the next: the process is not ready until
    one has passed. Whatever else a turn raises ends the process. A turn must take less than a minute.
    """
    heart = health.add_heart(name, limit=every + _TURN_WITHIN)
    log = structlog.get_logger("periodic").bind(work=name)

    async def run(stop: asyncio.Event) -> None:
        while not stop.is_set():
            heart.beat()
            try:
                more = await work()
                health.set_problem(name, None)
            except TRANSIENT as error:
                more = False
                health.set_problem(name, f"the database fails: {type(error).__name__}")
                log.warning("turn failed", error=repr(error))
            if not more:
                with suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), every)

    return Component(name, run)
