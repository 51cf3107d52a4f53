"""`tail`: what leadership follows of an audience's actions."""

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.live import Live

from services.cli.accounts import account
from services.cli.clients.rest import token_of
from services.cli.clients.status_feeds import (
    Feed,
    Step,
    follow_for_good,
    watch_kafka,
    watch_rpc,
    watch_sse,
)
from services.cli.commands.people import leader_of
from services.cli.commands.running import run
from services.cli.commands.systems import StateOption
from services.cli.layout import folders, read_policy
from services.cli.record import Access
from services.cli.status_table import StatusBoard, document, plain_line
from services.cli.terminal import json_line


class Channel(StrEnum):
    GRPC = "grpc"
    SSE = "sse"
    KAFKA = "kafka"


def tail(
    audience: Annotated[str, typer.Option(help="Series and party, such as uk-eu.uk")],
    name: Annotated[
        str | None, typer.Option("--as", help="Account; by default a leader of the audience")
    ] = None,
    resume: Annotated[str, typer.Option(help="Go on after this token")] = "",
    channel: Annotated[Channel, typer.Option(help="How to follow")] = Channel.GRPC,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document a line")] = False,
    lines: Annotated[
        bool, typer.Option("--lines", help="One line a change, as it is where no terminal is")
    ] = False,
    state: StateOption = None,
) -> None:
    """Follow the status of an audience's actions until Ctrl-C; goes on by itself after a lost connection."""
    console = Console()

    async def work() -> int:
        where = folders(state)
        feed = follow_for_good(_connecting(where.state, audience, name, channel), resume)
        try:
            async with aclosing(feed):
                if as_json or lines or not console.is_terminal:
                    await _print(feed, _json if as_json else plain_line)
                else:
                    await _show(feed, StatusBoard(audience), console)
        except asyncio.CancelledError:
            pass
        return 0

    run(work)


def _connecting(state: Path, audience: str, name: str | None, channel: Channel) -> Callable[[str], Feed]:
    """How to connect, looked up each time: a system that was started anew may have other addresses."""
    who = account(name) if name else leader_of(read_policy(), audience)

    def connect(resume: str) -> Feed:
        access = Access.find(folders(state))
        bearer, address = token_of(access.keys, who), access.services["actions"]
        match channel:
            case Channel.GRPC:
                return watch_rpc(address.rpc, bearer, audience, resume)
            case Channel.SSE:
                return watch_sse(address.rest, bearer, audience, resume)
            case Channel.KAFKA:
                return watch_kafka(access.login(f"audience-{audience}"), audience, resume)

    return connect


async def _print(feed: Feed, write: Callable[[Step], str | None]) -> None:
    async for step in feed:
        if (line := write(step)) is not None:
            print(line, flush=True)


def _json(step: Step) -> str:
    return json_line(document(step))


async def _show(feed: Feed, board: StatusBoard, console: Console) -> None:
    with Live(console=console, refresh_per_second=4, get_renderable=board.table) as live:
        async for step in feed:
            board.take(step)
        live.refresh()
