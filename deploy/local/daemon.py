"""A process that outlives its starter: found again by its command line, ended in the open."""

import os
import signal
import subprocess
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import psutil
from tenacity import RetryError, Retrying, retry_if_result, stop_after_delay, wait_fixed

from deploy.local.failures import PlatformFailed, ProcessDied


@dataclass(frozen=True, slots=True)
class Account:
    """The system account that a process runs under."""

    uid: int
    gid: int


@dataclass(slots=True)
class Daemon:
    """One long-lived child.

    `marker` is an argument of the command line that no other process has (a path in the state
    folder). The process is looked up by it, and not by a kept pid, so that a stale pid cannot
    mislead, and a starter killed between starting the child and noting its pid loses nothing.
    """

    name: str
    program: str
    marker: str
    log: Path
    endings: Sequence[tuple[signal.Signals, float]]
    _started: psutil.Process | None = field(default=None, init=False)

    def pid(self) -> int | None:
        """The pid of the running process, or None."""
        process = self._find()
        return None if process is None else int(process.pid)

    def command(self) -> tuple[str, ...]:
        """The command line of the running process, empty if there is none."""
        process = self._find()
        return () if process is None else tuple(process.cmdline())

    def start(
        self,
        arguments: Sequence[str],
        *,
        cwd: Path,
        account: Account | None = None,
    ) -> None:
        """Start the process in a session of its own: a Ctrl-C at the terminal does not reach it."""
        if self.log.exists():
            self.log.replace(self.log.with_suffix(".previous.log"))
        with os.fdopen(os.open(self.log, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as log:
            child = subprocess.Popen(
                [self.program, *arguments],
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                user=account.uid if account else None,
                group=account.gid if account else None,
                extra_groups=[] if account else None,
            )
        self._started = psutil.Process(child.pid)
        # The process may outlive this one: without a return code, Popen complains about that.
        child.returncode = 0

    def wait_until(self, ready: Callable[[], bool], *, within: float) -> None:
        """Wait until `ready` says so.

        Raises ProcessDied when the process started here ends first, PlatformFailed when `within`
        seconds pass.
        """

        def look() -> bool:
            if self._started is not None and _is_gone(self._started):
                raise ProcessDied(self.name, self.log)
            return ready()

        try:
            _poll(look, within=within)
        except RetryError as late:
            raise PlatformFailed(f"{self.name} is not ready after {within:.0f} s, see {self.log}") from late

    def stop(self) -> None:
        """End the process, with the next signal of `endings` whenever the last had its seconds."""
        for ending, patience in self.endings:
            process = self._find()
            if process is None:
                break
            try:
                process.send_signal(ending)
                _poll(partial(_is_gone, process), within=patience)
            except psutil.NoSuchProcess:
                break
            except RetryError:
                continue
            _reap(process)
        if self.pid() is not None:
            raise PlatformFailed(f"{self.name} (pid {self.pid()}) does not end")

    def _find(self) -> psutil.Process | None:
        # A zombie has an empty command line, so it is never taken for a live process.
        for process in psutil.process_iter(["cmdline"]):
            command = process.info["cmdline"] or []
            if (
                self.marker in command
                and Path(command[0]).name == Path(self.program).name
                and process.is_running()
            ):
                return process
        return None


def _is_gone(process: psutil.Process) -> bool:
    try:
        return not process.is_running() or bool(process.status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


def _reap(process: psutil.Process) -> None:
    """Take the exit status of an ended child; somebody else's child is left to its parent."""
    with suppress(psutil.TimeoutExpired):
        process.wait(timeout=0)


def wait_for_end_of_all_in(folder: Path, *, within: float) -> None:
    """Wait until no process works in the folder. Raises PlatformFailed when some stay."""

    def works_there(process: psutil.Process) -> bool:
        return bool(process.info["cwd"] == str(folder))

    try:
        _poll(lambda: not any(map(works_there, psutil.process_iter(["cwd"]))), within=within)
    except RetryError as stay:
        raise PlatformFailed(f"processes of an ended server still work in {folder}") from stay


def _poll(condition: Callable[[], bool], *, within: float) -> None:
    Retrying(
        retry=retry_if_result(lambda met: not met),
        wait=wait_fixed(0.05),
        stop=stop_after_delay(within),
    )(condition)
