"""`entente export` and `entente deny`, as an official and an operator type them."""

import csv
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from deploy.local.platform import PlatformAccess
from tests.support.postgres import Databases
from tests.support.reading import JOINT, UK_ONLY, Reading, document, hold, open_reading
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
        yield Desk(reading, terminal_beside(shell, platform, tmp_path, port))


async def test_an_official_takes_away_what_they_may_read(terminal: Desk, tmp_path: Path) -> None:
    await hold(terminal.reading, document("A", JOINT), document("B", UK_ONLY))
    folder = tmp_path / "taken"
    code, told = await terminal.run(
        "export", str(folder), "--format", "csv", "--as", "eeas-secretariat", "--agency", "ncsc"
    )
    (path,) = folder.iterdir()
    assert (code, told) == (0, f"{path}  1 assessments  {JOINT}\n")
    assert path.stat().st_mode & 0o777 == 0o600
    (row,) = csv.DictReader(path.read_text("utf-8").splitlines())
    assert (row["title"], row["file_marking"]) == ("Title of A", JOINT)
    before = path.read_bytes()
    code, told = await terminal.run("export", str(folder), "--format", "csv")
    assert (code, "is there already" in told, "Traceback" in told) == (1, True, False)
    assert path.read_bytes() == before


async def test_an_operator_denies_a_source_and_lifts_that(terminal: Desk) -> None:
    code, denial = await terminal.run("deny", "source", "ncsc", "--object", "A", "--reason", "mass errors")
    assert code == 0, denial
    code, _ = await terminal.run("deny", "reporter", "Acme", "--reason", "not known here")
    assert code == 0
    _, listed = await terminal.run("deny", "list")
    assert all(word in listed for word in (denial.strip(), "mass errors", "acme"))
    code, told = await terminal.run("deny", "lift", denial.strip(), "--reason", "mended")
    assert (code, told) == (0, f"{denial.strip()} is lifted\n")
    code, told = await terminal.run("deny", "lift", denial.strip(), "--reason", "again")
    assert (code, "DENIAL_LIFTED" in told) == (1, True)
    assert denial.strip() not in (await terminal.run("deny", "list"))[1]
