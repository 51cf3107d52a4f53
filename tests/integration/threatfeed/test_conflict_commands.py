"""`entente conflict`, as a secretariat types it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from deploy.local.platform import PlatformAccess
from tests.support.postgres import Databases
from tests.support.reading import JOINT, Reading, document, hold, open_reading
from tests.support.terminal import Shell, Terminal, terminal_beside


@dataclass(slots=True)
class Desk:
    """A terminal beside a running api."""

    reading: Reading
    terminal: Terminal

    async def run(self, *arguments: str) -> tuple[int, str]:
        return await self.terminal.run(*arguments)


@pytest.fixture
async def terminal(
    platform: PlatformAccess, postgres: Databases, shell: Shell, tmp_path: Path
) -> AsyncIterator[Desk]:
    async with open_reading(platform, postgres) as reading:
        port = urlsplit(reading.address).port
        yield Desk(reading, terminal_beside(shell, platform, tmp_path, port, "conflict"))


async def test_a_conflict_is_listed_shown_and_settled_from_a_terminal(terminal: Desk) -> None:
    await hold(
        terminal.reading,
        document("A", JOINT, text="First words"),
        document("A", JOINT, text="Other words \u202e"),
    )
    code, listed = await terminal.run("list")
    assert (code, "ncsc" in listed, "CONTENT" in listed) == (0, True, True)
    identity = listed.splitlines()[1].split()[0]
    code, shown = await terminal.run("show", identity)
    assert code == 0
    assert "First words" in shown
    assert "Other words" in shown
    assert "\u202e" not in shown
    lines = shown.splitlines()
    (choice,) = [lines[at - 2].split()[1] for at, line in enumerate(lines) if line.strip() == "First words"]
    code, refused = await terminal.run("resolve", identity, "0000", "--reason", "The agency says so.")
    assert code != 0
    assert "ALTERNATIVE_UNKNOWN" in refused
    code, settled = await terminal.run(
        "resolve", identity, choice[:12], "--reason", "The agency says so.", "--seen", '"1"'
    )
    assert (code, f"fcdo-secretariat chose {choice}" in settled) == (0, True)
    assert len((await terminal.run("list"))[1].splitlines()) == 1
    assert identity in (await terminal.run("list", "--resolved"))[1]


async def test_another_party_finds_nothing_and_is_told_nothing(terminal: Desk) -> None:
    await hold(terminal.reading, document("A", JOINT), document("A", JOINT, text="Else"))
    identity = (await terminal.run("list"))[1].splitlines()[1].split()[0]
    assert len((await terminal.run("list", "--as", "eeas-secretariat"))[1].splitlines()) == 1
    code, refused = await terminal.run("show", identity, "--as", "eeas-secretariat")
    assert (code != 0, "NO_ACCESS" in refused or "permission denied" in refused) == (True, True)
