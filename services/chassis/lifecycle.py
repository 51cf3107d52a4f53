"""Starts the components of a process and stops them in the reverse order.

A component that ends by itself with an error stops the process with exit code 70; whoever runs the
process starts it again.
"""

import asyncio
import gc
import signal
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

import structlog

CRASHED = 70

Run = Callable[[asyncio.Event], Awaitable[None]]
"""Runs until the event is set, then finishes what is under way and returns."""


@dataclass(slots=True)
class Component:
    name: str
    run: Run
    grace: float = 20.0
    """Seconds it may take to finish after it is told to stop."""
    stop: asyncio.Event = field(default_factory=asyncio.Event)


async def run_components(
    components: Sequence[Component],
    *,
    on_stopping: Callable[[], Awaitable[None]] | None = None,
) -> int:
    """Runs until SIGTERM, SIGINT or the end of a component; gives the exit code."""
    log = structlog.get_logger("lifecycle")
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    tasks = {
        component.name: asyncio.create_task(_supervised(component), name=component.name)
        for component in components
    }
    waiter = asyncio.create_task(stopping.wait())
    await asyncio.wait([waiter, *tasks.values()], return_when=asyncio.FIRST_COMPLETED)
    waiter.cancel()
    log.info("stopping", asked=stopping.is_set())
    if on_stopping is not None:
        await on_stopping()
    failed = False
    for component in reversed(components):
        component.stop.set()
        task = tasks[component.name]
        done, _ = await asyncio.wait([task], timeout=component.grace)
        if not done:
            log.error("did not stop in time", component=component.name)
            task.cancel()
            await asyncio.wait([task], timeout=1)
            failed = True
        elif not task.cancelled() and (error := task.exception()) is not None:
            log.critical("crashed", component=component.name, exc_info=error)
            failed = True
    failed = failed or not stopping.is_set()
    log.info("stopped", failed=failed)
    return CRASHED if failed else 0


async def _supervised(component: Component) -> None:
    await component.run(component.stop)


def freeze_startup_objects() -> None:
    """Takes what was built at the start out of the collector's work (1.5 times the ingest rate)."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 50)


def exit_with(code: int) -> None:
    sys.stderr.flush()
    sys.exit(code)
