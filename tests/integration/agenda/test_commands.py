"""`entente agenda`, as officials of both sides type it beside a running api."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from deploy.local.platform import PlatformAccess
from deploy.local.ports import free_port
from services.chassis.http.application import HttpServer
from services.chassis.lifecycle import Component
from services.chassis.settings import ListenerSettings
from tests.support.dialogue import EU_SECRETARIAT, FCDO, STARTS, UK_SECRETARIAT, Dialogue
from tests.support.processes import running
from tests.support.terminal import Shell, Terminal, terminal_beside
from tests.support.waiting import eventually


@dataclass(slots=True)
class Desk:
    """A terminal beside a running api of the agenda."""

    dialogue: Dialogue
    terminal: Terminal

    async def run(self, *arguments: str) -> tuple[int, str]:
        return await self.terminal.run(*arguments)

    async def told(self, *arguments: str) -> str:
        code, told = await self.run(*arguments)
        assert code == 0, told
        return told


@pytest.fixture
async def desk(
    dialogue: Dialogue, platform: PlatformAccess, shell: Shell, tmp_path: Path
) -> AsyncIterator[Desk]:
    port = free_port()
    server = HttpServer(dialogue.app, ListenerSettings(port=port))

    async def answers() -> bool:
        async with httpx.AsyncClient(trust_env=False) as client:
            try:
                return (await client.get(f"http://127.0.0.1:{port}/livez")).status_code < 500
            except httpx.TransportError:
                return False

    async with running(Component("http", server.run)):
        await eventually(answers, within=20, describe="the api answers")
        terminal = terminal_beside(shell, platform, tmp_path, port, "agenda", service="agenda")
        yield Desk(dialogue, terminal)


def as_side(account: str) -> tuple[str, str]:
    return "--as", account


async def test_two_sides_follow_one_meeting_from_their_terminals(desk: Desk) -> None:
    dialogue = desk.dialogue
    meeting, draft, first = await dialogue.tabled()
    identity = meeting["id"]
    assert identity in await desk.told("meetings")
    plan = await desk.told("show", identity)
    assert "T-" in plan
    assert json.loads(await desk.told("show", identity, "--json"))["meeting"]["id"] == identity

    item = first["items"][2]["item_id"]
    said = {"item_id": item, "answer": "AMENDED", "comment": "Shorter.", "proposal": {"minutes": 5}}
    assert (await dialogue.answers(EU_SECRETARIAT, first, said)).status_code == 200
    shown = await desk.told("table", identity)
    assert "EU AMENDED since version 1, “Shorter.”; minutes 5" in shown
    assert "open for EU" in shown
    assert "still to sign: DSIT, FCDO" in shown or "still to sign: FCDO, DSIT" in shown

    # One item more on the table; the other side reads what changed.
    await dialogue.table(await dialogue.item(draft, title="Cables under the sea", references=[]))
    changed = await desk.told("diff", identity, *as_side("eeas-secretariat"))
    assert "version 1 to version 2" in changed
    assert "+ “Cables under the sea”" in changed
    told = await desk.told("history", identity, "--since", "2026-11-01")
    assert "UK fcdo-secretariat  added an item to the draft: “Cables under the sea”" in told
    assert "answer: AMENDED" in told
    theirs = await desk.told("history", identity, "--kind", "AGENDA", *as_side("eeas-secretariat"))
    assert "UK FCDO" in theirs
    assert "draft" not in theirs
    backwards = await desk.told("diff", identity, "2", "1")
    assert "- “Cables under the sea”" in backwards
    assert "version 1  SUPERSEDED" in await desk.told("table", identity, "--version", "1")

    ranked = json.loads(await desk.told("ranking", identity, "--json"))
    subject = ranked["subjects"][0]["subject"]
    assert subject in await desk.told("ranking", identity, "--top", "1")
    assert f"{ranked['subjects'][0]['points']} points" in await desk.told("explain", identity, subject)
    theirs = await desk.told("ranking", identity, "--json", *as_side("eeas-secretariat"))
    assert json.loads(theirs)["party"] == "EU"

    assert "nothing arises" in await desk.told("matters", identity)
    assert "nobody is entered" in await desk.told("register", identity)
    await dialogue.participant(meeting)
    assert "Director of FCDO (FCDO, GBR)" in await desk.told("register", identity)


async def test_a_plan_that_does_not_fit_is_told_to_its_own_side_in_words(desk: Desk) -> None:
    dialogue = desk.dialogue
    meeting = await dialogue.meeting()
    code, told = await desk.run("conflicts", meeting["id"])
    assert (code, "UK has no draft" in told) == (1, True)
    draft = await dialogue.draft(meeting)
    assert "nothing conflicts" in await desk.told("conflicts", meeting["id"])
    items = [{"item_id": one["id"], "position": 1} for one in draft["items"][:2]]
    path = f"/v1/drafts/{draft['id']}/planning"
    await dialogue.done(UK_SECRETARIAT, "PUT", path, {"items": items}, version=0)
    code, told = await desk.run("conflicts", meeting["id"])
    assert code == 1
    for one in draft["items"][:2]:
        assert f"'{one['title']}' is pinned to position 1" in told
    code, told = await desk.run("conflicts", meeting["id"], *as_side("eeas-secretariat"))
    assert (code, "EU has no draft" in told, draft["items"][0]["title"] in told) == (1, True, False)
    assert await dialogue.done(UK_SECRETARIAT, "GET", f"/v1/drafts/{draft['id']}") == draft


async def test_the_run_clock_is_read_from_a_terminal(desk: Desk) -> None:
    dialogue = desk.dialogue
    meeting, _, agenda = await dialogue.tabled()
    await dialogue.agree("agendas", agenda["id"])
    assert "still to sign" not in await desk.told("table", meeting["id"])
    dialogue.clock.at = STARTS
    path = f"/v1/meetings/{meeting['id']}/run"
    item = agenda["items"][0]["item_id"]
    await dialogue.done(FCDO, "POST", f"{path}/items", {"item_id": item}, version=0)
    dialogue.clock.at = STARTS + timedelta(minutes=7)
    told = await desk.told("clock", meeting["id"])
    title = agenda["document"]["items"][0]["title"]
    assert f">  1. {title}  7 of" in told
    code, told = await desk.run("clock", meeting["id"], *as_side("nsa-secretariat"))
    assert (code, "403 NO_ACCESS" in told, title in told) == (1, True, False)


async def test_a_terminal_is_told_exactly_why_it_has_no_answer(desk: Desk) -> None:
    dialogue = desk.dialogue
    meeting = await dialogue.meeting()
    guessed = str(uuid4())
    for command in ("show", "conflicts"):
        code, unknown = await desk.run(command, guessed)
        assert (code, "403 NO_ACCESS" in unknown, "Traceback" in unknown) == (1, True, False), unknown
        code, foreign = await desk.run(command, meeting["id"], *as_side("nsa-secretariat"))
        assert code == 1
        of_none = unknown.replace(guessed, "").replace("fcdo-secretariat", "")
        assert foreign.replace(meeting["id"], "").replace("nsa-secretariat", "") == of_none, command
    code, told = await desk.run("ranking", meeting["id"], *as_side("fcdo-chair"))
    assert (code, "403 ROLE_MISSING" in told) == (1, True)
    code, told = await desk.run("table", meeting["id"])
    assert (code, "nothing has been tabled" in told) == (1, True)
    await dialogue.table(await dialogue.draft(meeting))
    code, told = await desk.run("diff", meeting["id"])
    assert (code, "there is no version 0; versions are 1" in told) == (1, True)


async def test_an_api_that_does_not_answer_is_named(
    platform: PlatformAccess, shell: Shell, tmp_path: Path
) -> None:
    port = free_port()
    terminal = terminal_beside(shell, platform, tmp_path, port, "agenda", service="agenda")
    code, told = await terminal.run("meetings")
    assert (code, f"http://127.0.0.1:{port} does not answer" in told, "Traceback" in told) == (
        69,
        True,
        False,
    )
