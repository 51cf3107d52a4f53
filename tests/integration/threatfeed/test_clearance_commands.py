"""`entente clearance`, as a secretariat and a release officer type it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from deploy.local.platform import PlatformAccess
from services.kernel.identifiers import assessment_id
from tests.support.postgres import Databases
from tests.support.releasing import narrative
from tests.support.terminal import Shell, Terminal, terminal_beside
from tests.support.threatfeed_api import ThreatfeedApi, open_threatfeed_api

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)


@dataclass(slots=True)
class Desk:
    """A terminal beside a running api."""

    api: ThreatfeedApi
    terminal: Terminal

    async def run(self, *arguments: str) -> tuple[int, str]:
        return await self.terminal.run(*arguments)


@pytest.fixture
async def terminal(
    platform: PlatformAccess, postgres: Databases, shell: Shell, tmp_path: Path
) -> AsyncIterator[Desk]:
    async with open_threatfeed_api(platform, postgres, NOW) as api:
        port = api.client.base_url.port
        yield Desk(api, terminal_beside(shell, platform, tmp_path, port, "clearance"))


async def test_requests_go_from_a_secretariat_s_terminal_to_an_officer_s_and_back(
    terminal: Desk, tmp_path: Path
) -> None:
    await terminal.api.receive("ncsc", *(narrative(name, {"tlp": "TLP:GREEN"}) for name in "AB"))
    texts = [str(assessment_id("ncsc", name)) for name in "AB"]
    how = ("--party", "EU", "--reason", "For a note.", "--needed-by", "2026-11-20T09:00:00+0000")
    asked = [await terminal.run("ask", text, *how) for text in texts]
    assert [code for code, _ in asked] == [0, 0], asked
    first, other = (told.split()[0] for _, told in asked)
    _, listed = await terminal.run("queue")
    assert all(one in listed for one in (first, other, *texts))
    words = tmp_path / "tear-line.txt"
    words.write_text("Patch edge devices.\n")
    offer = ("--tear-line", str(words), "--marking", "TLP:CLEAR", "--words", "Only this.")
    assert await terminal.run("answer", first, *offer) == (0, f"{first} TEAR_LINE_OFFERED\n")
    _, shown = await terminal.run("show", first, "--as", "fcdo-secretariat")
    assert "tear line, TLP:CLEAR:\nPatch edge devices." in shown
    until = ("--grant-until", "2027-01-01T00:00:00+0000", "--words", "Agreed.")
    assert await terminal.run("answer", other, *until) == (0, f"{other} GRANTED\n")
    code, told = await terminal.run("withdraw", other, "--reason", "Settled.")
    assert (code, "CLEARANCE_CLOSED" in told) == (1, True)
