"""`entente actions`, as officials of both sides type it beside a running api."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from deploy.local.platform import PlatformAccess
from deploy.local.ports import free_port
from services.actions.app import make_publication
from services.actions.usecases.escalate_actions import EscalationScheduler
from services.actions.usecases.run_rounds import RoundRunner
from services.cli.clients.rest import Desk, open_client
from services.cli.commands.asking import pages
from services.cli.record import Access
from tests.support.processes import SettableClock
from tests.support.terminal import Shell, Terminal, terminal_beside
from tests.support.tracking import Tracker

EU = ("--as", "eeas-secretariat")
UK_ONLY = (("UK", "DSIT", True),)


@pytest.fixture
def tracker(shared_tracker: Tracker) -> Tracker:
    return shared_tracker


@pytest.fixture
def terminal(tracker: Tracker, platform: PlatformAccess, shell: Shell, tmp_path: Path) -> Terminal:
    port = tracker.http.base_url.port
    return terminal_beside(shell, platform, tmp_path, port, "actions", service="actions")


async def told(terminal: Terminal, *arguments: str) -> str:
    code, shown = await terminal.run(*arguments)
    assert code == 0, shown
    return shown


async def documents(terminal: Terminal, *arguments: str) -> Any:
    return json.loads(await told(terminal, *arguments, "--json"))


async def test_two_sides_read_how_an_action_stands_and_each_only_what_it_may(
    tracker: Tracker, terminal: Terminal
) -> None:
    text = f"Rehearse the plan {uuid4()}."
    joint = await tracker.open(text=text, marking="TLP:CLEAR", reference="UKEU-2031-A01")
    hidden = await tracker.open(text=text, marking="UK OFFICIAL", owners=UK_ONLY, reference="UKEU-2031-A02")
    await tracker.work(joint)
    whose = ("list", "--text", text.upper())
    assert (await told(terminal, *whose)).splitlines()[-1] == "2 actions"
    theirs = await documents(terminal, *whose, *EU)
    assert [one["id"] for one in theirs["actions"]] == [joint]

    async def found(*more: str) -> list[str]:
        listed = (await documents(terminal, *whose, *more))["actions"]
        return sorted(one["reference"] for one in listed)

    both = ["UKEU-2031-A01", "UKEU-2031-A02"]
    assert await found("--in-state", "completion_claimed", "--in-state", "CLOSED") == both[:1]
    assert await found("--in-state", "completion_claimed", "--in-state", "AGREED") == both
    assert (
        await found("--claimed", "AMBER", "--party", "EU", "--owner", "DSIT", "--commitment", "C3")
        == both[:1]
    )
    assert await found("--not-overdue", "--open") == both
    assert await found("--overdue") == []
    assert await found("--due-from", "2027-06-30", "--due-to", "2027-06-30") == both
    assert await found("--due-within", "90") == []
    clock = tracker.process.clock
    assert isinstance(clock, SettableClock)
    before, clock.at = clock.at, datetime(2027, 6, 1, tzinfo=UTC)
    assert await found("--due-within", "30") == both
    clock.at = before

    access = Access.find(terminal.folders)
    async with open_client() as client:
        desk = Desk(access, "fcdo-secretariat", client)
        query = {"series": "uk-eu", "text": text}
        whole = await pages(desk, "actions", "/v1/actions", "actions", query, size=1)
    assert sorted(one["reference"] for one in whole["actions"]) == both

    shown = await told(terminal, "show", "ukeu-2031-a01", "--history", "--thread", *EU)
    for words in (
        "UKEU-2031-A01  COMPLETION_CLAIMED",
        "rated: claimed AMBER, computed GREEN",
        "evidence “Guidance as published” of DSIT",
        "waits for the confirmation of EU",
        "action.completion-claimed  by dsit-owner (UK)",
        f"outcome outcome-{joint}",
    ):
        assert words in shown
    whole = await documents(terminal, "show", joint, "--history", "--thread")
    assert (whole["action"]["id"], len(whole["changes"]), whole["thread"]["action"]["id"]) == (
        joint,
        4,
        joint,
    )
    assert (await documents(terminal, "show", hidden))["reference"] == "UKEU-2031-A02"

    changed = await told(terminal, "changed", "--since", "2020-01-01T00:00:00+01:00", *EU)
    assert ("UKEU-2031-A01" in changed, "UKEU-2031-A02" in changed) == (True, False)
    counted = await documents(terminal, "figures", "--owner", "DSIT")
    states = next(one for one in counted["figures"] if one["name"] == "STATE")
    assert states["population"] == sum(one["value"] for one in states["values"]) > 0
    assert "STATE: 0 actions" in await told(terminal, "figures", "--as-of", "2020-01-01")


async def test_what_is_reported_and_what_is_not_carried_out_is_read_by_those_it_concerns(
    tracker: Tracker, terminal: Terminal
) -> None:
    clock = tracker.process.clock
    assert isinstance(clock, SettableClock)
    publication = make_publication(tracker.process, tracker.settings)
    runner = RoundRunner(tracker.process.database, publication, clock)
    scheduler = EscalationScheduler(tracker.process.database, publication, clock, every=timedelta(minutes=1))

    async def at(moment: datetime) -> None:
        clock.at = moment
        for worker in (runner, scheduler):
            while await worker.turn():
                pass

    clock.at = datetime(2027, 1, 11, 12, tzinfo=UTC)
    identity = await tracker.open(due_date="2027-01-15", marking="TLP:CLEAR", reference="UKEU-2032-A01")
    owner = tracker.headers("DSIT", "UK", "owner")
    assert (await tracker.post(f"/v1/actions/{identity}/accept", {}, owner, 1)).status_code == 200
    await at(datetime(2027, 1, 12, tzinfo=UTC))
    held = await documents(terminal, "rounds")
    (opened,) = [one for one in held["rounds"] if one["state"] == "OPEN"]
    assert opened["id"] not in await told(terminal, "rounds", "--before", opened["planned_for"])
    shown = await told(terminal, "round", opened["id"])
    assert "UKEU-2032-A01  DSIT  OUTSTANDING" in shown
    assert "joint, EU: 0 of " in shown

    await at(datetime(2027, 1, 20, 12, tzinfo=UTC))
    mine = ("notices", "--as", "dsit-owner")
    notices = [one for one in (await documents(terminal, *mine))["notices"] if one["action_id"] == identity]
    assert [(one["trigger"], one["step"]) for one in notices] == [("OVERDUE", "OWNER")]
    notice = notices[0]["id"]
    assert notice not in await told(terminal, "notices", *EU)
    code, shown = await terminal.run("ack", notice, *EU)
    assert (code, "403 NO_ACCESS" in shown) == (1, True)
    assert "noted by dsit-owner (DSIT)" in await told(terminal, "ack", notice, "--as", "dsit-owner")
    code, shown = await terminal.run("ack", notice, "--as", "dsit-owner")
    assert (code, "409 NOTICE_ACKNOWLEDGED" in shown, "Traceback" in shown) == (1, True, False), shown
    assert notice not in await told(terminal, *mine, "--open")


async def test_a_terminal_is_told_exactly_why_it_has_no_answer(tracker: Tracker, terminal: Terminal) -> None:
    hidden = await tracker.open(marking="UK OFFICIAL", owners=UK_ONLY, reference="UKEU-2033-A01")

    async def refused(*arguments: str) -> str:
        code, shown = await terminal.run(*arguments)
        assert (code, "Traceback" in shown) == (1, False), shown
        return shown

    guessed = str(uuid4())
    unknown = await refused("show", guessed, *EU)
    assert "403 NO_ACCESS" in unknown
    assert (await refused("show", hidden, *EU)).replace(hidden, guessed) == unknown
    unknown = await refused("show", "UKEU-2033-A99", *EU)
    assert "eeas-secretariat may see no action UKEU-2033-A99" in unknown
    assert (await refused("show", "UKEU-2033-A01", *EU)).replace("A01", "A99") == unknown
    assert "reference of no series" in await refused("show", "USEU-2033-A01")
    assert "403 NO_ACCESS" in await refused("round", guessed)
    for command in ("list", "rounds"):
        assert "403 NO_ACCESS" in await refused(command, "--as", "nsa-secretariat")
    assert "403 ROLE_MISSING" in await refused("list", "--as", "operator")
    assert "400 INVALID_VALUE" in await refused("list", "--party", "US")
    assert "400 INVALID_VALUE" in await refused("changed", "--since", "2999-01-01")
    assert "400 INVALID_VALUE" in await refused("figures", "--as-of", "2999-01-01")
    assert "there is no account" in await refused("list", "--as", "nobody")


async def test_an_api_that_does_not_answer_is_named(
    platform: PlatformAccess, shell: Shell, tmp_path: Path
) -> None:
    port = free_port()
    silent = terminal_beside(shell, platform, tmp_path, port, "actions", service="actions")
    code, shown = await silent.run("list")
    assert (code, f"http://127.0.0.1:{port} does not answer" in shown, "Traceback" in shown) == (
        69,
        True,
        False,
    )
