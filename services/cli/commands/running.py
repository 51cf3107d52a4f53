"""Runs a command's work until it is done or the process is told to end."""

import asyncio
import signal
from collections.abc import Awaitable, Callable

import typer
from rich.console import Console

from deploy.local.failures import PlatformFailed
from services.cli.failures import CommandFailed

INTERRUPTED = 130


def run(work: Callable[[], Awaitable[int]]) -> None:
    """Ends the process with the exit code of the work; SIGINT and SIGTERM cancel it, once."""
    try:
        code = asyncio.run(_cancellable(work))
    except (CommandFailed, PlatformFailed) as failure:
        Console(stderr=True).print(f"entente: {failure}", style="red", highlight=False, markup=False)
        code = failure.exit_code if isinstance(failure, CommandFailed) else 1
    raise typer.Exit(code)


async def _cancellable(work: Callable[[], Awaitable[int]]) -> int:
    task = asyncio.ensure_future(work())
    told = False

    def stop() -> None:
        nonlocal told
        if not told:
            told = True
            task.cancel()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)
    try:
        return await task
    except asyncio.CancelledError:
        return INTERRUPTED
