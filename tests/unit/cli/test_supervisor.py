"""The supervisor, with small processes of its own."""

import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
import pytest

from services.cli.commands.systems import deaths_of
from services.cli.supervisor import Child, ChildSpec, ChildState, Supervisor
from tests.support.waiting import eventually

_LASTING = "import signal; print('up', flush=True); signal.pause()"
_STUBBORN = (
    "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True)\n"
    "while True: signal.pause()"
)
_NOTING = """
import signal, sys, time
def end(*_):
    with open(sys.argv[1], "a") as file: file.write(sys.argv[2] + "\\n")
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
print("up", flush=True)
while True: signal.pause()
"""

Specify = Callable[..., ChildSpec]


@pytest.fixture
def child(tmp_path: Path) -> Specify:
    def specify(name: str, code: str, *arguments: str, stage: int = 0) -> ChildSpec:
        return ChildSpec(
            name=name,
            command=(sys.executable, "-c", code, *arguments),
            environment=dict(os.environ),
            log=tmp_path / f"{name}.log",
            stage=stage,
        )

    return specify


@asynccontextmanager
async def supervised(*specs: ChildSpec, patience: float = 5.0) -> AsyncIterator[Supervisor]:
    supervisor = Supervisor(specs, patience=patience, first_delay=0.01)
    supervisor.start()
    try:
        yield supervisor
    finally:
        await supervisor.stop()


async def running(child: Child) -> int:
    """The pid of a child, as soon as it says that it is up."""
    log = child.spec.log
    await eventually(lambda: log.exists() and "up" in log.read_text())
    assert child.pid is not None
    return child.pid


class TestAChild:
    async def test_is_started_again_when_it_is_killed(self, child: Specify) -> None:
        async with supervised(child("victim", _LASTING)) as supervisor:
            (victim,) = supervisor.children
            first = await running(victim)
            os.kill(first, signal.SIGKILL)
            await eventually(lambda: victim.pid not in {None, first})
            assert (victim.restarts, victim.last_exit) == (1, -signal.SIGKILL)

    async def test_that_keeps_failing_is_shown_with_its_exit_code(self, child: Specify) -> None:
        async with supervised(child("failing", "raise SystemExit(70)")) as supervisor:
            (failing,) = supervisor.children
            await eventually(lambda: failing.restarts >= 2)
            assert failing.last_exit == 70
            assert supervisor.restarts == failing.restarts

    async def test_leaves_its_brothers_alone_when_it_dies(self, child: Specify) -> None:
        async with supervised(child("one", _LASTING), child("two", _LASTING)) as supervisor:
            one, two = supervisor.children
            killed = await running(one)
            untouched = await running(two)
            os.kill(killed, signal.SIGKILL)
            await eventually(lambda: one.restarts == 1)
            assert (two.pid, two.restarts) == (untouched, 0)
            assert deaths_of(supervisor.children) == "one 1x"

    async def test_is_ready_only_when_it_says_so(self, child: Specify) -> None:
        async with supervised(child("probed", _LASTING)) as supervisor:
            (probed,) = supervisor.children
            states = []
            for why_not in ("does not answer", "", "database: not reachable"):
                supervisor.mark_ready(probed, why_not)
                states.append(probed.state)
            assert states == [ChildState.STARTING, ChildState.READY, ChildState.NOT_READY]


class TestStopping:
    async def test_ends_lower_stages_first(self, child: Specify, tmp_path: Path) -> None:
        order = tmp_path / "order"
        specs = [
            child("worker", _NOTING, str(order), "worker", stage=1),
            child("api", _NOTING, str(order), "api", stage=0),
        ]
        async with supervised(*specs) as supervisor:
            for one in supervisor.children:
                await running(one)
        assert order.read_text().split() == ["api", "worker"]
        assert {one.state for one in supervisor.children} == {ChildState.STOPPED}

    async def test_kills_a_child_that_does_not_end_in_time(self, child: Specify) -> None:
        async with supervised(child("stubborn", _STUBBORN), patience=0.1) as supervisor:
            (stubborn,) = supervisor.children
            pid = await running(stubborn)
        assert stubborn.state is ChildState.KILLED
        assert stubborn.last_exit == -signal.SIGKILL
        assert not psutil.pid_exists(pid)

    async def test_does_not_wait_for_a_child_that_waits_to_restart(self, child: Specify) -> None:
        supervisor = Supervisor([child("failing", "raise SystemExit(1)")], first_delay=3600)
        supervisor.start()
        (failing,) = supervisor.children
        await eventually(lambda: failing.state is ChildState.WAITING)
        await supervisor.stop()
        assert failing.state is ChildState.STOPPED

    async def test_a_signal_to_the_supervisors_group_does_not_reach_children(self, child: Specify) -> None:
        async with supervised(child("apart", _LASTING)) as supervisor:
            pid = await running(supervisor.children[0])
            assert os.getpgid(pid) != os.getpgid(0)
