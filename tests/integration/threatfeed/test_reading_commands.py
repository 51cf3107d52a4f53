"""`entente export` and `entente deny`, as an official and an operator type them."""

import asyncio
import csv
import os
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from deploy.local.folders import Folders
from deploy.local.platform import PlatformAccess
from services.cli.record import Address, ProcessMark, SystemRecord
from tests.support.postgres import Databases
from tests.support.reading import JOINT, UK_ONLY, Reading, document, hold, open_reading
from tests.support.submissions import ROOT


@dataclass(slots=True)
class Terminal:
    """A terminal beside a running api."""

    reading: Reading
    folders: Folders

    async def run(self, *arguments: str) -> tuple[int, str]:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "services.cli", *arguments, "--state", str(self.folders.state),
            env={**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'proto'}", "COLUMNS": "200"},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        output, _ = await process.communicate()
        return process.returncode or 0, output.decode()


@pytest.fixture
async def terminal(platform: PlatformAccess, postgres: Databases, tmp_path: Path) -> AsyncIterator[Terminal]:
    folders = Folders(state=tmp_path, cache=tmp_path)
    folders.keys.symlink_to(platform.keys.folder)
    async with open_reading(platform, postgres) as reading:
        port = httpx.URL(reading.address).port
        assert port is not None
        SystemRecord(
            supervisor=ProcessMark.of(os.getpid()),
            children={},
            restarts={},
            services={"threatfeed": Address(api_http=port, api_rpc=1, worker_http=1)},
            bootstrap_servers="",
            security_protocol="",
        ).write(folders)
        yield Terminal(reading, folders)


async def test_an_official_takes_away_what_they_may_read(terminal: Terminal, tmp_path: Path) -> None:
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


async def test_an_operator_denies_a_source_and_lifts_that(terminal: Terminal) -> None:
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
