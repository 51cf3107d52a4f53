"""What rests on a text that fell is a task of each secretariat, which closes it for its own side."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from entente.actions.v1 import action_event_pb2
from entente.exchange.v1 import action_status_pb2

from services.agenda.consumers import read_action
from services.agenda.domain.references import AssessmentStanding, AssessmentState
from services.agenda.usecases.note_news import note_actions, note_assessments
from tests.support.dialogue import (
    EU_SECRETARIAT,
    FCDO,
    LEADERSHIP,
    NSA,
    STARTS,
    TODAY,
    UK_SECRETARIAT,
    Account,
    Dialogue,
    item_body,
)
from tests.support.outcomes import record_of
from tests.support.peers import HeldAssessment
from tests.support.waiting import eventually

WAITING = """
    SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
"""


async def fell(
    dialogue: Dialogue, held: HeldAssessment, version: int, state: str = "WITHDRAWN", revision: int = 1
) -> None:
    standing = AssessmentStanding(held.id, AssessmentState(state), revision, version)
    async with dialogue.parts.database.transaction() as tx:
        await note_assessments(tx, [standing], dialogue.clock())


async def tasks(dialogue: Dialogue, who: Account, selection: str = "OPEN") -> list[Any]:
    found: list[Any] = (await dialogue.done(who, "GET", f"/v1/withdrawal-tasks?selection={selection}"))[
        "tasks"
    ]
    return found


async def to_treat(dialogue: Dialogue, who: Account) -> list[Any]:
    found = (await dialogue.done(who, "GET", "/v1/awaiting"))["awaiting"]
    return [one for one in found if one["matter"] == "WITHDRAWAL_TO_TREAT"]


async def close(dialogue: Dialogue, who: Account, task: str, note: str = "Told the delegation.") -> Any:
    return await dialogue.ask(who, "POST", f"/v1/withdrawal-tasks/{task}/close", {"note": note})


def without_ids(answer: Any, identity: str) -> dict[str, str]:
    """All that a refusal says but what was asked for, and which request it was."""
    return {name: str(said).replace(identity, "") for name, said in answer.items() if name != "instance"}


async def test_a_withdrawn_text_is_a_task_of_every_side_that_has_it_on_the_table(dialogue: Dialogue) -> None:
    held = dialogue.assessment()
    meeting, draft, agenda = await dialogue.tabled(held)
    await fell(dialogue, held, 2)
    kinds = {
        who.party: sorted(one["kind"] for one in await tasks(dialogue, who))
        for who in (UK_SECRETARIAT, EU_SECRETARIAT)
    }
    assert kinds == {"UK": ["AGENDA_ITEM", "DRAFT_ITEM"], "EU": ["AGENDA_ITEM"]}
    (task,) = await tasks(dialogue, EU_SECRETARIAT)
    assert (task["meeting_id"], task["subject_id"]) == (meeting["id"], agenda["id"])
    assert (task["assessment_id"], task["cause"], task["state"]) == (str(held.id), "WITHDRAWN", "OPEN")
    assert "table another version" in task["what_to_do"]
    assert held.title not in str(task)
    assert await tasks(dialogue, NSA, "ALL") == []
    assert draft["id"] in {one["subject_id"] for one in await tasks(dialogue, FCDO)}
    paged = await dialogue.by_ones(UK_SECRETARIAT, "/v1/withdrawal-tasks", "tasks")
    assert paged == await tasks(dialogue, UK_SECRETARIAT)


async def test_a_task_is_closed_once_and_for_the_own_side_alone(dialogue: Dialogue) -> None:
    held = dialogue.assessment()
    await dialogue.tabled(held)
    await fell(dialogue, held, 2)
    (task,) = await tasks(dialogue, EU_SECRETARIAT)
    for who in (FCDO, NSA, LEADERSHIP):
        assert (await close(dialogue, who, task["id"])).status_code == 403
    closed = (await close(dialogue, EU_SECRETARIAT, task["id"])).json()
    assert (closed["state"], closed["closed_by"]) == ("DONE", EU_SECRETARIAT.subject)
    assert closed["note"] == "Told the delegation."
    again = await close(dialogue, EU_SECRETARIAT, task["id"])
    assert (again.status_code, again.json()["reason"]) == (409, "TASK_CLOSED")
    assert [one["id"] for one in await tasks(dialogue, EU_SECRETARIAT, "DONE")] == [task["id"]]
    own = {one["id"]: one for one in await tasks(dialogue, UK_SECRETARIAT)}
    assert (own[task["id"]]["closed_by"], own[task["id"]]["state"]) == (None, "OPEN")
    unknown = str(uuid4())
    guessed = await close(dialogue, EU_SECRETARIAT, unknown)
    (of_uk,) = [one["id"] for one in own.values() if one["kind"] == "DRAFT_ITEM"]
    hidden = await close(dialogue, EU_SECRETARIAT, of_uk)
    assert guessed.status_code == hidden.status_code == 403
    assert without_ids(guessed.json(), unknown) == without_ids(hidden.json(), of_uk)


async def test_a_task_lapses_when_what_rested_on_the_text_does_no_longer(dialogue: Dialogue) -> None:
    held = dialogue.assessment()
    _, draft, _ = await dialogue.tabled(held)
    await fell(dialogue, held, 2)
    item = next(one for one in draft["items"] if one["references"])
    draft = await dialogue.done(
        UK_SECRETARIAT, "DELETE", f"/v1/drafts/{draft['id']}/items/{item['id']}", version=draft["version"]
    )
    assert [one["kind"] for one in await tasks(dialogue, UK_SECRETARIAT)] == ["AGENDA_ITEM"]
    await dialogue.table(draft)
    assert await tasks(dialogue, UK_SECRETARIAT) == []
    assert await tasks(dialogue, EU_SECRETARIAT) == []
    states = {one["kind"]: one["state"] for one in await tasks(dialogue, UK_SECRETARIAT, "ALL")}
    assert states == {"AGENDA_ITEM": "LAPSED", "DRAFT_ITEM": "LAPSED"}


async def test_a_task_lapses_when_the_meeting_has_another_date_and_is_tabled_for_anew(
    dialogue: Dialogue,
) -> None:
    held = dialogue.assessment()
    meeting, *_ = await dialogue.tabled(held)
    await fell(dialogue, held, 2)
    later = (STARTS + timedelta(days=28)).replace(tzinfo=None)
    body = {
        "starts_at": later.isoformat(),
        "ends_at": (later + timedelta(hours=5)).isoformat(),
        "reason": "No room.",
    }
    found = await dialogue.done(EU_SECRETARIAT, "GET", f"/v1/meetings/{meeting['id']}")
    path = f"/v1/meetings/{meeting['id']}/reschedule"
    await dialogue.done(EU_SECRETARIAT, "POST", path, body, version=found["version"])
    assert [one["state"] for one in await tasks(dialogue, EU_SECRETARIAT, "ALL")] == ["LAPSED"]
    audited = dialogue.rows("SELECT actor FROM audit WHERE action = 'withdrawal-task.lapsed'")
    assert audited == [("agenda",)]


async def test_news_that_comes_twice_or_late_makes_no_second_task(dialogue: Dialogue) -> None:
    held = dialogue.assessment()
    await dialogue.tabled(held)
    await fell(dialogue, held, 3, "ACTIVE", revision=2)
    assert {one["cause"] for one in await tasks(dialogue, EU_SECRETARIAT)} == {"STALE"}
    await fell(dialogue, held, 5)
    await fell(dialogue, held, 5)
    await fell(dialogue, held, 4, "ACTIVE", revision=3)
    assert [one["cause"] for one in await tasks(dialogue, EU_SECRETARIAT)] == ["WITHDRAWN"]
    unknown = dialogue.assessment()
    await fell(dialogue, unknown, 1)
    assert len(await tasks(dialogue, EU_SECRETARIAT)) == 1


async def test_a_withdrawal_that_comes_before_the_draft_stops_the_tabling(dialogue: Dialogue) -> None:
    held = dialogue.assessment()
    await fell(dialogue, held, 2)
    draft = await dialogue.item(await dialogue.draft(await dialogue.meeting()), held)
    refused = await dialogue.ask(
        UK_SECRETARIAT,
        "POST",
        f"/v1/drafts/{draft['id']}/table",
        {"marking": "TLP:GREEN"},
        version=draft["version"],
    )
    assert (refused.status_code, refused.json()["reason"]) == (409, "REFERENCE_STALE")
    assert await tasks(dialogue, EU_SECRETARIAT, "ALL") == []
    (task,) = await tasks(dialogue, UK_SECRETARIAT)
    assert (task["kind"], task["subject_id"], task["cause"]) == ("DRAFT_ITEM", draft["id"], "WITHDRAWN")
    assert [one["subject_id"] for one in await to_treat(dialogue, UK_SECRETARIAT)] == [task["id"]]
    assert await to_treat(dialogue, EU_SECRETARIAT) == await to_treat(dialogue, FCDO) == []


async def test_what_a_side_has_to_do_about_a_withdrawal_waits_for_it_until_it_said_what_it_did(
    dialogue: Dialogue,
) -> None:
    held = dialogue.assessment()
    meeting, *_ = await dialogue.tabled(held)
    await fell(dialogue, held, 2)
    (task,) = await tasks(dialogue, EU_SECRETARIAT)
    (waiting,) = await to_treat(dialogue, EU_SECRETARIAT)
    assert (waiting["subject_id"], waiting["meeting_id"]) == (task["id"], meeting["id"])
    assert waiting["item_ids"] == [task["item_id"]]
    assert len(await to_treat(dialogue, UK_SECRETARIAT)) == 2
    assert (await close(dialogue, EU_SECRETARIAT, task["id"])).status_code == 200
    assert await to_treat(dialogue, EU_SECRETARIAT) == []
    assert len(await to_treat(dialogue, UK_SECRETARIAT)) == 2


async def test_agreed_text_keeps_its_hash_and_is_flagged(dialogue: Dialogue) -> None:
    held = dialogue.assessment()
    _, _, agenda = await dialogue.tabled(held)
    agreed = await dialogue.agree("agendas", agenda["id"])
    path = f"/v1/agendas/{agenda['id']}"
    signed = await dialogue.done(UK_SECRETARIAT, "GET", f"{path}/agreement-file")
    await fell(dialogue, held, 2)
    after = await dialogue.done(EU_SECRETARIAT, "GET", path)
    assert (after["state"], after["content_hash"], after["document"]) == (
        "AGREED",
        agreed["content_hash"],
        agreed["document"],
    )
    assert await dialogue.done(UK_SECRETARIAT, "GET", f"{path}/agreement-file") == signed
    assert [one["state"] for one in after["stale_references"]] == ["WITHDRAWN"]
    (task,) = await tasks(dialogue, EU_SECRETARIAT)
    assert "the agreed agenda stays valid" in task["what_to_do"]


async def test_a_proposal_that_rests_on_the_text_is_a_task_of_its_own_side(dialogue: Dialogue) -> None:
    held = dialogue.assessment()
    body = {"series": "uk-eu", **item_body(held), "rationale": "Why", "edition": 2026}
    proposal = await dialogue.done(EU_SECRETARIAT, "POST", "/v1/proposals", body)
    await fell(dialogue, held, 2)
    (task,) = await tasks(dialogue, EU_SECRETARIAT)
    assert (task["kind"], task["subject_id"]) == ("PROPOSAL", proposal["id"])
    assert await tasks(dialogue, UK_SECRETARIAT, "ALL") == []


async def test_a_proposal_is_a_task_from_when_it_rests_on_a_fallen_text_until_it_is_taken_or_withdrawn(
    dialogue: Dialogue,
) -> None:
    held = dialogue.assessment()
    draft = await dialogue.draft(await dialogue.meeting())
    await fell(dialogue, held, 2)
    body = {"series": "uk-eu", **item_body(held), "rationale": "Why", "edition": 2026}
    dropped = await dialogue.done(UK_SECRETARIAT, "POST", "/v1/proposals", body)
    (task,) = await tasks(dialogue, UK_SECRETARIAT)
    assert (task["kind"], task["subject_id"]) == ("PROPOSAL", dropped["id"])
    path = f"/v1/proposals/{dropped['id']}/withdraw"
    await dialogue.done(UK_SECRETARIAT, "POST", path, {}, version=dropped["version"])
    assert await tasks(dialogue, UK_SECRETARIAT) == []
    assert [one["state"] for one in await tasks(dialogue, UK_SECRETARIAT, "ALL")] == ["LAPSED"]

    taken = await dialogue.done(UK_SECRETARIAT, "POST", "/v1/proposals", body)
    path = f"/v1/proposals/{taken['id']}/take"
    into = {"draft_id": draft["id"], "draft_version": draft["version"]}
    await dialogue.done(UK_SECRETARIAT, "POST", path, into, version=taken["version"])
    (task,) = await tasks(dialogue, UK_SECRETARIAT)
    assert (task["kind"], task["subject_id"]) == ("DRAFT_ITEM", draft["id"])


async def test_a_text_that_falls_while_its_item_waits_is_a_task_once_the_item_is_back(
    dialogue: Dialogue,
) -> None:
    held = dialogue.assessment()
    draft = await dialogue.item(await dialogue.draft(await dialogue.meeting()), held)
    path = f"/v1/drafts/{draft['id']}"
    items = [{"item_id": draft["items"][-1]["id"], "optional": True}]
    whole = sum(item["minutes"] for item in draft["items"])
    version = draft["version"]
    for planned, room, kinds in ((0, whole - 1, []), (1, whole, ["DRAFT_ITEM"])):
        ends_at = (STARTS + timedelta(minutes=room)).isoformat()
        window = {"id": "day", "starts_at": STARTS.isoformat(), "ends_at": ends_at}
        body = {"windows": [window], "items": items}
        await dialogue.done(UK_SECRETARIAT, "PUT", f"{path}/planning", body, version=planned)
        solved = await dialogue.done(UK_SECRETARIAT, "POST", f"{path}/assembly", {}, version=version)
        version = solved["draft_version"]
        await fell(dialogue, held, 2)
        assert [one["kind"] for one in await tasks(dialogue, UK_SECRETARIAT)] == kinds


async def test_a_text_that_falls_while_it_is_put_into_a_draft_is_a_task(dialogue: Dialogue) -> None:
    held = dialogue.assessment()
    draft = await dialogue.draft(await dialogue.meeting())
    await fell(dialogue, held, 1, "ACTIVE")
    standing = AssessmentStanding(held.id, AssessmentState.WITHDRAWN, 1, 2)
    async with dialogue.parts.database.transaction() as tx:
        await note_assessments(tx, [standing], dialogue.clock())
        adding = asyncio.create_task(dialogue.item(draft, held))

        def waits() -> bool:
            return bool(dialogue.rows(WAITING))

        await eventually(lambda: adding.done() or waits(), describe="the item waits for the news")
    await adding
    assert [one["kind"] for one in await tasks(dialogue, UK_SECRETARIAT)] == ["DRAFT_ITEM"]


async def test_an_action_whose_basis_fell_is_a_task_until_it_ends(dialogue: Dialogue) -> None:
    action, assessment = uuid4(), uuid4()

    async def told(version: int, state: str, basis: str, marking: str = "TLP:GREEN") -> None:
        message = action_event_pb2.ActionSnapshot(
            action_id=str(action),
            aggregate_version=version,
            series="uk-eu",
            reference="UKEU-2026-A01",
            state=action_status_pb2.ActionState.Value(f"ACTION_STATE_{state}"),
            text="Publish guidance.",
            marking=marking,
        )
        message.basis.add(
            assessment_id=str(assessment),
            revision=1,
            state=action_status_pb2.BasisState.Value(f"BASIS_STATE_{basis}"),
        )
        async with dialogue.parts.database.transaction() as tx:
            await note_actions(tx, [read_action(record_of(message))], TODAY)

    await told(1, "AGREED", "CURRENT")
    assert await tasks(dialogue, UK_SECRETARIAT) == []
    await told(2, "AGREED", "WITHDRAWN")
    await told(2, "AGREED", "WITHDRAWN")
    for who in (UK_SECRETARIAT, EU_SECRETARIAT):
        (task,) = await tasks(dialogue, who)
        assert (task["kind"], UUID(task["subject_id"])) == ("ACTION", action)
        assert UUID(task["assessment_id"]) == assessment
    await told(3, "AGREED", "WITHDRAWN", "UK OFFICIAL")
    assert await tasks(dialogue, EU_SECRETARIAT) == []
    await told(4, "CLOSED", "WITHDRAWN")
    assert await tasks(dialogue, UK_SECRETARIAT) == []
