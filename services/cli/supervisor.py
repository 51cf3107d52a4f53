"""Keeps child processes running: one that dies is started again after a growing delay.

Children stand in sessions of their own, so that a Ctrl-C at the terminal reaches nobody but the
supervisor, which ends them in order.
"""

import asyncio
import os
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final

import psutil

FIRST_DELAY: Final = 0.5
LONGEST_DELAY: Final = 15.0
SETTLED_AFTER: Final = 30.0
"""Seconds that a child must have run for its next death to count as its first."""
LONGEST_SILENCE: Final = 30.0
"""Seconds that a child which was alive may not be before it is killed, to be started again."""


class ChildState(StrEnum):
    STARTING = "starting"
    READY = "ready"
    NOT_READY = "not ready"
    WAITING = "waiting to restart"
    STOPPED = "stopped"
    KILLED = "killed"


@dataclass(frozen=True, slots=True)
class ChildSpec:
    """A process to be kept running. Children of a lower `stage` are stopped first."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(repr=False)
    log: Path
    stage: int = 0


@dataclass(slots=True)
class Child:
    """One process as it is now."""

    spec: ChildSpec
    state: ChildState = ChildState.STARTING
    pid: int | None = None
    started: float = 0.0
    restarts: int = 0
    last_exit: int | None = None
    why_not_ready: str = ""
    last_alive: float | None = None
    """When it last said that its loops turn; None before the first time."""


class Supervisor:
    """Runs the children until `stop`."""

    def __init__(
        self,
        specs: Sequence[ChildSpec],
        *,
        patience: float = 5.0,
        first_delay: float = FIRST_DELAY,
        longest_silence: float = LONGEST_SILENCE,
    ) -> None:
        self.children = tuple(Child(spec) for spec in specs)
        self._patience = patience
        self._first_delay = first_delay
        self._longest_silence = longest_silence
        self.on_change: Callable[[], None] = lambda: None
        self._stopping = asyncio.Event()
        self._keepers: dict[str, asyncio.Task[None]] = {}

    @property
    def restarts(self) -> int:
        """How often any child has been started again."""
        return sum(child.restarts for child in self.children)

    def start(self) -> None:
        for child in self.children:
            name = child.spec.name
            self._keepers[name] = asyncio.create_task(self._keep(child), name=f"keep {name}")

    def mark_ready(self, child: Child, why_not: str) -> None:
        """Notes what a child says of itself; an empty text is ready."""
        state = ChildState.NOT_READY if why_not else ChildState.READY
        if child.state is ChildState.STARTING and why_not:
            state = ChildState.STARTING
        changed = (child.state, child.why_not_ready) != (state, why_not)
        child.state, child.why_not_ready = state, why_not
        if changed:
            self.on_change()

    def mark_alive(self, child: Child, *, alive: bool) -> None:
        """Notes whether a child's loops turn. One that was alive and is no longer is killed after a while:
        it may be stopped, blocked or waiting for ever, and cannot tell.
        """
        now = time.monotonic()
        if alive:
            child.last_alive = now
        elif child.last_alive is not None and now - child.last_alive > self._longest_silence:
            child.last_alive = None
            self._signal(child, signal.SIGKILL)

    async def stop(self) -> None:
        """SIGTERM stage by stage, SIGKILL for those who do not end in time."""
        self._stopping.set()
        for stage in sorted({child.spec.stage for child in self.children}):
            members = [child for child in self.children if child.spec.stage == stage]
            await asyncio.gather(*(self._end(child) for child in members))

    async def _end(self, child: Child) -> None:
        keeper = self._keepers.get(child.spec.name)
        if keeper is None:
            return
        self._signal(child, signal.SIGTERM)
        done, _ = await asyncio.wait([keeper], timeout=self._patience)
        if not done:
            self._signal(child, signal.SIGKILL)
            child.state = ChildState.KILLED
            await asyncio.wait([keeper])
        await keeper

    def _signal(self, child: Child, number: signal.Signals) -> None:
        if child.pid is not None:
            with suppress(ProcessLookupError):
                os.kill(child.pid, number)

    async def _keep(self, child: Child) -> None:
        delay = self._first_delay
        while not self._stopping.is_set():
            began = time.monotonic()
            child.last_exit = await self._run(child)
            if self._stopping.is_set():
                break
            if time.monotonic() - began > SETTLED_AFTER:
                delay = self._first_delay
            child.state = ChildState.WAITING
            self.on_change()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), delay)
            delay = min(delay * 2, LONGEST_DELAY)
            if not self._stopping.is_set():
                child.restarts += 1
        if child.state is not ChildState.KILLED:
            child.state = ChildState.STOPPED
        self.on_change()

    async def _run(self, child: Child) -> int:
        with os.fdopen(_open_log(child.spec.log), "ab") as log:
            process = await asyncio.create_subprocess_exec(
                *child.spec.command,
                env=dict(child.spec.environment),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        child.pid, child.started = process.pid, _created(process.pid)
        child.state, child.last_alive = ChildState.STARTING, None
        self.on_change()
        if self._stopping.is_set():
            self._signal(child, signal.SIGTERM)
        code = await process.wait()
        child.pid = None
        return code


def _open_log(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)


def _created(pid: int) -> float:
    with suppress(psutil.NoSuchProcess):
        return float(psutil.Process(pid).create_time())
    return 0.0
