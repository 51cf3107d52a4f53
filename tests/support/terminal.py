"""`entente` as people type it: each command is a process, forked from one that has imported everything.

An import takes a second; a fork of what is imported takes none. Run as a module it is the process that forks.
"""

import asyncio
import json
import os
import sys
import traceback
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import pytest

from deploy.local.folders import Folders
from deploy.local.platform import PlatformAccess
from services.cli.record import Address, ProcessMark, SystemRecord

_REPOSITORY = Path(__file__).resolve().parents[2]


@dataclass(slots=True)
class Shell:
    """The process that forks; one command at a time."""

    process: asyncio.subprocess.Process

    async def run(self, arguments: tuple[str, ...], output: Path) -> int:
        """The exit code of `entente` with these arguments; what it prints is in the file."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps([str(output), *arguments]).encode() + b"\n")
        await self.process.stdin.drain()
        return int(await self.process.stdout.readline())


@dataclass(slots=True)
class Terminal:
    """A terminal beside a running api."""

    shell: Shell
    folders: Folders
    program: tuple[str, ...] = ()
    """The words that every command begins with."""

    async def run(self, *arguments: str) -> tuple[int, str]:
        output = self.folders.state / "printed"
        code = await self.shell.run((*self.program, *arguments, "--state", str(self.folders.state)), output)
        return code, output.read_text()


def terminal_beside(
    shell: Shell,
    platform: PlatformAccess,
    folder: Path,
    port: int | None,
    *program: str,
    service: str = "threatfeed",
) -> Terminal:
    """A terminal that finds the keys of the platform and the api of a service on that port."""
    assert port is not None
    folders = Folders(state=folder, cache=folder)
    folders.keys.symlink_to(platform.keys.folder)
    SystemRecord(
        supervisor=ProcessMark.of(os.getpid()),
        children={},
        restarts={},
        services={service: Address(api_http=port, api_rpc=1, worker_http=1)},
        bootstrap_servers="",
        security_protocol="",
    ).write(folders)
    return Terminal(shell, folders, program)


@asynccontextmanager
async def open_shell() -> AsyncIterator[Shell]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", __name__,
        cwd=_REPOSITORY,
        env={**os.environ, "PYTHONPATH": f"{_REPOSITORY}:{_REPOSITORY / 'proto'}", "COLUMNS": "240"},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        yield Shell(process)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        await process.wait()


@pytest.fixture(scope="session")
async def shell() -> AsyncIterator[Shell]:
    """Where commands of `entente` are typed."""
    async with open_shell() as opened:
        yield opened


def _fork_for_each_line() -> None:
    import httpcore  # noqa: F401, PLC0415 httpx imports it when a client is opened

    from services.cli.__main__ import main  # noqa: PLC0415 only the process that forks needs it

    for line in sys.stdin:
        output, *arguments = json.loads(line)
        child = os.fork()
        if child == 0:
            file = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            os.dup2(file, 1)
            os.dup2(file, 2)
            sys.argv = ["entente", *arguments]
            _end(main)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def _end(main: Callable[[], None]) -> NoReturn:
    """Ends the process as the interpreter would, but does not take apart what the fork only borrows."""
    code = 0
    try:
        main()
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except BaseException:  # noqa: BLE001 what nobody caught is printed, whatever it is
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    _fork_for_each_line()
