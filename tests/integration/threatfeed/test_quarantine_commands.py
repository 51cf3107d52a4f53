"""`entente quarantine` and `entente consumer`, as an operator types them."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from deploy.local.platform import PlatformAccess
from deploy.local.ports import free_port
from services.chassis.http.application import HttpServer
from services.chassis.lifecycle import Component
from services.chassis.settings import ListenerSettings
from tests.support.postgres import Databases
from tests.support.processes import running
from tests.support.quarantine import NCSC, Quarantine, quarantine_at_work
from tests.support.submissions import narrative
from tests.support.terminal import Shell, Terminal, terminal_beside


@dataclass(slots=True)
class Desk:
    """A terminal beside a running api."""

    held: Quarantine
    terminal: Terminal

    async def run(self, *arguments: str) -> tuple[int, str]:
        return await self.terminal.run(*arguments)


@pytest.fixture
async def terminal(
    platform: PlatformAccess, postgres: Databases, shell: Shell, tmp_path: Path
) -> AsyncIterator[Desk]:
    port = free_port()
    async with quarantine_at_work(platform, postgres) as held:
        server = HttpServer(held.app, ListenerSettings(port=port), grace=1)
        async with running(Component("http", server.run)):
            yield Desk(held, terminal_beside(shell, platform, tmp_path, port))


async def test_an_operator_finds_corrects_and_replays_a_record(terminal: Desk, tmp_path: Path) -> None:
    held = terminal.held
    broken = json.dumps(narrative(id="C-1", title="\x1b[2J hides")).encode()[:-9] + b"\xff\x1b[31m"
    (record,) = await held.receive(broken)
    code, listed = await terminal.run("quarantine", "list", "--agency", "ncsc", "--reason", "NOT_UTF8")
    assert (code, record in listed) == (0, True)
    _, shown = await terminal.run("quarantine", "show", record)
    assert "\\xff\\u001b[31m" in shown
    assert "\x1b" not in shown
    corrected = tmp_path / "corrected.json"
    corrected.write_text(json.dumps(narrative(id="C-1")))
    code, told = await terminal.run("quarantine", "edit", record, str(corrected), "--note", "cut off")
    assert (code, told) == (0, f"{record}: edition 1\n")
    code, told = await terminal.run("quarantine", "replay", record, "--dry-run")
    assert (code, held.admitted()) == (0, []), told
    code, told = await terminal.run("quarantine", "replay", record)
    assert (code, told) == (0, f"{record}: REPAIRED\n1 admitted, 0 not\n")
    assert held.admitted() == ["C-1"]
    code, told = await terminal.run("quarantine", "replay", record)
    assert (code, "QUARANTINE_CLOSED" in told) == (1, True)


async def test_an_operator_replays_by_filter_and_discards_the_rest(terminal: Desk) -> None:
    held = terminal.held
    names = await held.receive(*(json.dumps(narrative(id="x", marking=None)).encode() for _ in range(3)))
    code, told = await terminal.run("quarantine", "replay", "--reason", "MARKING_MISSING", "--rate", "100")
    assert code == 1
    assert told.endswith("0 admitted, 3 not\n")
    assert (await terminal.run("quarantine", "replay"))[0] == 2
    code, _ = await terminal.run("quarantine", "discard", names[0], "--reason", "a test of theirs")
    assert (code, (await held.entry(names[0]))["state"]) == (0, "DISCARDED")


async def test_a_stopped_partition_is_seen_and_let_go(terminal: Desk) -> None:
    held, group = terminal.held, "threatfeed.ingest"
    await held.receive(b"{", b"{")
    async with held.process.database.transaction() as tx:
        await tx.execute(
            "INSERT INTO consumer_halt (grp, topic, part, why, halted_at) VALUES (%s, %s, 0, 'gap', %s)",
            [group, NCSC, held.clock()],
        )
    code, listed = await terminal.run("consumer", "list")
    assert (code, "gap" in listed) == (1, True)
    code, told = await terminal.run(
        "consumer", "skip", group, NCSC, "0", "--to", "40", "--note", "they are gone"
    )
    assert (code, told) == (0, f"{NCSC}/0 goes on with 40\n")
    assert held.rows("SELECT next_offset FROM consumed") == [(40,)]
    assert held.audited("consumer.resumed") == [("operator", f"{group} {NCSC}/0")]
    code, told = await terminal.run("consumer", "resume", group, NCSC, "0", "--note", "again")
    assert (code, "PARTITION_NOT_HALTED" in told) == (1, True)
    refused = await held.client.get("/v1/consumers", headers=held.eu())
    assert refused.json()["reason"] == "NO_ACCESS"
