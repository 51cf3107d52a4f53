"""Components start in order, stop in reverse, and none dies unseen."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable

import pytest

from services.chassis.lifecycle import CRASHED, Component, run_components


class Diary:
    """What components did, in order."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.started = asyncio.Event()

    def component(self, name: str, *, last: bool = False, grace: float = 5.0) -> Component:
        async def run(stop: asyncio.Event) -> None:
            self.lines.append(f"{name} started")
            if last:
                self.started.set()
            await stop.wait()
            self.lines.append(f"{name} stopped")

        return Component(name, run, grace)

    async def note(self) -> None:
        self.lines.append("draining")


def signalled(number: signal.Signals, started: asyncio.Event) -> "asyncio.Task[None]":
    async def send() -> None:
        await started.wait()
        os.kill(os.getpid(), number)

    return asyncio.create_task(send())


def failing(
    after: Callable[[], Awaitable[object]], error: Exception
) -> Callable[[asyncio.Event], Awaitable[None]]:
    async def run(_: asyncio.Event) -> None:
        await after()
        raise error

    return run


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_stops_the_last_first_after_draining(number: signal.Signals) -> None:
    diary = Diary()
    components = [diary.component("rpc"), diary.component("relay"), diary.component("http", last=True)]
    sending = signalled(number, diary.started)
    assert await run_components(components, on_stopping=diary.note) == 0
    await sending
    assert diary.lines == [
        "rpc started",
        "relay started",
        "http started",
        "draining",
        "http stopped",
        "relay stopped",
        "rpc stopped",
    ]


async def test_a_component_that_crashes_stops_the_others_in_order_and_the_process_with_70() -> None:
    diary = Diary()
    crash = Component("consumer", failing(diary.started.wait, KeyError("a defect")))
    components = [diary.component("rpc"), crash, diary.component("http", last=True)]
    assert await run_components(components) == CRASHED == 70
    assert diary.lines[-2:] == ["http stopped", "rpc stopped"]


async def test_a_component_that_ends_without_being_asked_is_a_crash() -> None:
    async def run(_: asyncio.Event) -> None:
        return

    diary = Diary()
    assert await run_components([Component("consumer", run), diary.component("rpc")]) == CRASHED
    assert diary.lines == ["rpc started", "rpc stopped"]


async def test_a_component_that_crashes_while_stopping_is_not_passed_over() -> None:
    diary = Diary()

    async def run(stop: asyncio.Event) -> None:
        await stop.wait()
        raise KeyError("a defect")

    sending = signalled(signal.SIGTERM, diary.started)
    components = [diary.component("rpc", last=True), Component("consumer", run)]
    assert await run_components(components) == CRASHED
    await sending
    assert diary.lines[-1] == "rpc stopped"


async def test_a_component_that_does_not_stop_in_its_time_is_ended() -> None:
    diary = Diary()
    ended = asyncio.Event()

    async def run(_: asyncio.Event) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    sending = signalled(signal.SIGTERM, diary.started)
    components = [diary.component("rpc", last=True), Component("stuck", run, grace=0.05)]
    assert await run_components(components) == CRASHED
    await sending
    assert ended.is_set()
    assert diary.lines[-1] == "rpc stopped"
