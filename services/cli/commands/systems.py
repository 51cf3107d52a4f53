"""`up`, `demo`, `status` and `down`: the system as a whole."""

import asyncio
import os
import shutil
import signal
import time
from collections.abc import Sequence
from pathlib import Path
from shlex import quote
from tempfile import mkdtemp
from typing import Annotated

import httpx
import typer
from rich.console import Console
from rich.table import Table

from deploy.local.access import ExternalAddresses
from deploy.local.folders import Folders
from deploy.local.platform import Platform
from deploy.local.ports import LOOPBACK
from services.cli.accounts import account
from services.cli.board import Board
from services.cli.clients.rest import token_of
from services.cli.commands.running import run
from services.cli.failures import CommandFailed
from services.cli.layout import folders as folders_of
from services.cli.picture_tables import feeds_table, rhythm_table, tempo_table
from services.cli.record import Access, SystemRecord, port_of
from services.cli.supervisor import Child
from services.cli.system import Options, System, end_orphans, running_system
from services.cli.thread.stage import Stage, open_stage
from services.cli.thread.walking import Timing, is_complete, trace, walk
from services.cli.thread.watching import VIEWERS, feeds_of, picture_of
from services.cli.waiting import until
from services.cli.year.playing import play_year

StateOption = Annotated[Path | None, typer.Option("--state", help="State folder; by default .entente/local")]

_SHOWN_TOKENS = ("fcdo-secretariat", "eeas-secretariat", "uk-leadership")
_DOWN_WITHIN = 30.0


def up(
    state: StateOption = None,
    *,
    walked: Annotated[
        bool, typer.Option("--walk", help="Play the thread once, and show it from then on")
    ] = False,
    spans: Annotated[bool, typer.Option(help="Write spans to the logs folder")] = False,
) -> None:
    """Start broker, database and all services; keep them running until Ctrl-C."""
    console = Console()
    folders = folders_of(state)
    options = _options(folders, console, spans=spans)

    async def work() -> int:
        ready = False
        try:
            async with running_system(options) as system:
                if walked:
                    await _walk_once(system, console, spans=spans)
                _print_ways_in(system.access, console)
                ready = True
                await asyncio.Event().wait()
        except asyncio.CancelledError:
            if not ready:
                raise
        console.print("everything is stopped, the data stays", highlight=False)
        return 0

    run(work)


def demo(state: StateOption = None) -> None:
    """Play the thread and a year of both series unattended, print chain and timings, and shut down."""
    console = Console()
    folders, temporary = (folders_of(state), None) if state else _temporary()
    options = _options(folders, console, spans=True)

    async def work() -> int:
        began = time.monotonic()
        async with running_system(options) as system:
            ready = time.monotonic() - began
            _print_how_to_follow(folders, console)
            await _walk_once(system, console, spans=True)
            await _play_year(system, console)
            deaths = deaths_of(system.supervisor.children)
        console.print(f"ready after {ready:.1f} s, all done after {time.monotonic() - began:.1f} s")
        if deaths:
            console.print(f"died and were started again: {deaths}", highlight=False, soft_wrap=True)
        if temporary is None or deaths:
            console.print(f"the data stays: entente up --state {quote(str(folders.state))}", soft_wrap=True)
        else:
            await asyncio.to_thread(shutil.rmtree, temporary)
            console.print("the data is gone; it stays with: entente demo --state FOLDER", soft_wrap=True)
        return 0

    run(work)


def deaths_of(children: Sequence[Child]) -> str:
    """The processes that died while the system was up, and how often; empty where none did."""
    return ", ".join(f"{child.spec.name} {child.restarts}x" for child in children if child.restarts)


def status(state: StateOption = None) -> None:
    """Show the processes of a running system; exit code 1 unless all are ready."""
    run(lambda: _status(folders_of(state), Console()))


def down(state: StateOption = None) -> None:
    """End a running system, or what a killed one left behind. The data stays."""
    run(lambda: _down(folders_of(state), Console()))


def _options(folders: Folders, console: Console, *, spans: bool) -> Options:
    def say(text: str) -> None:
        console.print(text, highlight=False, soft_wrap=True)

    return Options(
        folders=folders,
        external=ExternalAddresses.from_environment(os.environ),
        spans=spans,
        say=say,
        board=Board(console),
    )


def _temporary() -> tuple[Folders, Path]:
    usual = folders_of(None)
    root = usual.state.parent
    root.mkdir(parents=True, exist_ok=True)
    state = Path(mkdtemp(prefix="demo-", dir=root))
    return Folders(state=state, cache=usual.cache), state


async def _walk_once(system: System, console: Console, *, spans: bool) -> None:
    def say(text: str) -> None:
        console.print(f"  {text}", highlight=False, soft_wrap=True)

    async with open_stage(system.access, say, spans=spans) as stage:
        if is_complete(stage.record):
            console.print("the thread of an earlier run:", highlight=False)
            timings: Sequence[Timing] = ()
        else:
            timings = await walk(stage)
        await _print_chain(stage, console)
        await _print_pictures(stage, console)
    if timings:
        console.print(_timing_table(timings))


async def _play_year(system: System, console: Console) -> None:
    def say(text: str) -> None:
        console.print(f"  {text}", highlight=False, soft_wrap=True)

    async with open_stage(system.access, say) as stage:
        console.print(_timing_table(await play_year(stage)))


async def _print_chain(stage: Stage, console: Console) -> None:
    chain = await trace(stage, stage.record.action_id)
    console.print(chain.tree(f"{stage.record.action_reference} as fcdo-secretariat sees it"))
    if chain.missing():
        raise CommandFailed(f"the chain has no {', '.join(chain.missing())}")


async def _print_pictures(stage: Stage, console: Console) -> None:
    for audience in VIEWERS:
        picture = await picture_of(stage, audience)
        console.print(tempo_table(picture), rhythm_table(picture), sep="\n")
    console.print(feeds_table(await feeds_of(stage)))


def _timing_table(timings: Sequence[Timing]) -> Table:
    table = Table("step", "seconds", box=None, pad_edge=False, header_style="bold")
    for timing in timings:
        table.add_row(timing.step, f"{timing.seconds:.2f}")
    table.add_row("all", f"{sum(timing.seconds for timing in timings):.2f}", style="bold")
    return table


def _print_how_to_follow(folders: Folders, console: Console) -> None:
    state = quote(str(folders.state))
    for line in (
        f"ready; state and logs in {state}",
        f"in another terminal: entente tail --audience uk-eu.uk --state {state}",
    ):
        console.print(line, style="green", highlight=False, soft_wrap=True)


def _print_ways_in(access: Access, console: Console) -> None:
    table = Table("service", "REST", "gRPC", box=None, pad_edge=False, header_style="bold")
    for name, address in access.services.items():
        table.add_row(name, address.rest, address.rpc)
    console.print(table)
    for name in _SHOWN_TOKENS:
        token = token_of(access.keys, account(name))
        console.print(f"token of {name}: {token}", highlight=False, soft_wrap=True)
    folder = access.folders.state
    console.print(
        f"state and logs in {folder}; other accounts: entente token --as NAME --state {folder}",
        highlight=False,
        soft_wrap=True,
    )
    console.print("ready; Ctrl-C stops everything", style="green")


async def _status(folders: Folders, console: Console) -> int:
    record = SystemRecord.require(folders)
    table = Table("process", "pid", "restarts", "state", box=None, pad_edge=False, header_style="bold")
    ready = True
    async with httpx.AsyncClient(timeout=5, trust_env=False) as client:
        for name, restarts in record.restarts.items():
            state = await _readiness(client, port_of(record.services, name))
            ready = ready and state == "ready"
            mark = record.children.get(name)
            table.add_row(name, str(mark.pid) if mark else "-", str(restarts), state)
    platform = await asyncio.to_thread(Platform(folders).status)
    for name, pid, where in (
        ("broker", platform.kafka_pid, platform.kafka_address),
        ("database", platform.postgres_pid, platform.postgres_address),
    ):
        if pid is not None:
            table.add_row(name, str(pid), "-", str(where))
    console.print(table)
    return 0 if ready else 1


async def _readiness(client: httpx.AsyncClient, port: int) -> str:
    try:
        response = await client.get(f"http://{LOOPBACK}:{port}/readyz")
    except httpx.HTTPError as error:
        return f"does not answer: {type(error).__name__}"
    return "ready" if response.is_success else f"not ready: {response.text}"


async def _down(folders: Folders, console: Console) -> int:
    record = SystemRecord.read(folders)
    supervisor = record.supervisor.find() if record else None
    if supervisor is not None:
        supervisor.send_signal(signal.SIGTERM)

        async def ended() -> bool:
            return record is not None and record.supervisor.find() is None

        await until(ended, within=_DOWN_WITHIN, what=f"the end of process {supervisor.pid}")
    else:
        end_orphans(folders)
        if folders.state.exists():
            await asyncio.to_thread(Platform(folders).stop)
    console.print("nothing runs any more", highlight=False)
    return 0
