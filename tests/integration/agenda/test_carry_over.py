"""What comes back at the next edition by itself."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from entente.actions.v1 import action_event_pb2
from entente.exchange.v1 import action_status_pb2

from services.agenda.consumers import read_action
from services.agenda.usecases.note_news import note_actions
from tests.support.dialogue import (
    EU_SECRETARIAT,
    NSA,
    TODAY,
    UK_SECRETARIAT,
    Dialogue,
    after_the_meeting,
    item_body,
)
from tests.support.outcome_bodies import outcome_body
from tests.support.outcomes import record_of


async def concluded(dialogue: Dialogue, meeting: Any, item_id: str, kind: str, **parts: object) -> Any:
    body = outcome_body(item_id, kind=kind, action=None, **parts)
    outcome = await dialogue.done(UK_SECRETARIAT, "POST", f"/v1/meetings/{meeting['id']}/outcomes", body)
    return await dialogue.agree("outcomes", outcome["id"])


async def next_meeting(dialogue: Dialogue, edition: int) -> Any:
    starts = datetime(edition, 12, 8, 9, tzinfo=UTC)
    dialogue.clock.at = starts - timedelta(days=60)
    return await dialogue.meeting(
        edition=edition, starts_at=starts.isoformat(), ends_at=(starts + timedelta(hours=30)).isoformat()
    )


async def test_what_was_put_off_comes_back_once_in_every_draft_with_its_history(
    dialogue: Dialogue,
) -> None:
    meeting, draft, agenda = await dialogue.tabled(dialogue.assessment())
    await dialogue.agree("agendas", agenda["id"])
    own, line, done = draft["items"][-1], draft["items"][3], draft["items"][4]
    with after_the_meeting(dialogue):
        await dialogue.attended(meeting)
        await concluded(dialogue, meeting, own["id"], "DEFERRED", reason="No time.", conclusion="")
        await concluded(dialogue, meeting, line["id"], "NOT_REACHED", conclusion="")
        await concluded(dialogue, meeting, done["id"], "NOTED")
        guidance = await concluded(
            dialogue,
            meeting,
            draft["items"][5]["id"],
            "GUIDANCE",
            addressees=[{"party": "UK", "organisation": "NCSC"}],
        )
        unagreed = outcome_body(draft["items"][6]["id"], kind="DEFERRED", action=None, reason="Later.")
        await dialogue.done(UK_SECRETARIAT, "POST", f"/v1/meetings/{meeting['id']}/outcomes", unagreed)
    second = await next_meeting(dialogue, 2027)
    path = f"/v1/meetings/{second['id']}/carry-over"
    back = await dialogue.done(EU_SECRETARIAT, "GET", path)
    assert [
        (one["title"], one["times"], one["in_template"], one["from_edition"]) for one in back["items"]
    ] == [
        (line["title"], 1, True, 2026),
        (own["title"], 1, False, 2026),
    ]
    assert [one["decision_reference"] for one in back["guidance"]] == [guidance["decision_reference"]]
    paged = await dialogue.by_ones(EU_SECRETARIAT, path, "items", "guidance")
    assert paged == [*back["items"], *back["guidance"]]
    ours = await dialogue.draft(second)
    theirs = await dialogue.draft(second, EU_SECRETARIAT)
    assert [one["id"] for one in ours["items"]] == [one["id"] for one in theirs["items"]]
    assert len(ours["items"]) == 15
    titles = [one["title"] for one in ours["items"]]
    (place,) = [place for place, one in enumerate(ours["items"]) if one["id"] == back["items"][1]["item_id"]]
    assert titles[place] == own["title"]
    assert titles.count(line["title"]) == 1
    assert ours["items"][place]["references"] == []
    assert ours["items"][place + 1]["kind"] == "AOB"
    tabled = await dialogue.table(ours)
    await dialogue.agree("agendas", tabled["id"])
    dialogue.clock.at = datetime(2027, 12, 12, tzinfo=UTC)
    await dialogue.attended(second)
    await concluded(
        dialogue,
        second,
        back["items"][1]["item_id"],
        "DEFERRED",
        reason="No time again.",
        conclusion="",
        deferred_to=2029,
    )
    third = await next_meeting(dialogue, 2028)
    skipped = await dialogue.done(UK_SECRETARIAT, "GET", f"/v1/meetings/{third['id']}/carry-over")
    assert [one["title"] for one in skipped["items"]] == [line["title"]]
    fourth = await next_meeting(dialogue, 2029)
    again = await dialogue.done(UK_SECRETARIAT, "GET", f"/v1/meetings/{fourth['id']}/carry-over")
    (returned,) = [one for one in again["items"] if one["title"] == own["title"]]
    assert (returned["times"], returned["from_edition"]) == (2, 2027)
    assert [one["reason"] for one in returned["history"]] == ["No time.", "No time again."]
    refused = await dialogue.ask(NSA, "GET", path)
    assert refused.json()["reason"] == "NO_ACCESS"


async def test_what_is_put_off_after_a_draft_was_started_is_taken_into_it_once(dialogue: Dialogue) -> None:
    meeting, draft, agenda = await dialogue.tabled(dialogue.assessment())
    await dialogue.agree("agendas", agenda["id"])
    own = draft["items"][-1]
    second = await next_meeting(dialogue, 2027)
    early = await dialogue.draft(second)
    await dialogue.attended(meeting)
    await concluded(dialogue, meeting, own["id"], "NOT_REACHED", conclusion="")
    path = f"/v1/drafts/{early['id']}/carry-over"
    taken = await dialogue.done(UK_SECRETARIAT, "POST", path, {}, version=early["version"])
    theirs = await dialogue.draft(second, EU_SECRETARIAT)
    assert [one["id"] for one in taken["items"]] == [one["id"] for one in theirs["items"]]
    assert [one["title"] for one in taken["items"]].count(own["title"]) == 1
    again = await dialogue.done(UK_SECRETARIAT, "POST", path, {}, version=taken["version"])
    assert again["items"] == taken["items"]
    stale = await dialogue.ask(UK_SECRETARIAT, "POST", path, {}, version=1)
    assert (stale.status_code, stale.json()["reason"]) == (412, "STALE_VERSION")
    foreign = await dialogue.ask(EU_SECRETARIAT, "POST", path, {}, version=1)
    assert foreign.json()["reason"] == "NO_ACCESS"


async def test_what_was_planned_of_an_item_holds_when_it_becomes_one_that_comes_back(
    dialogue: Dialogue,
) -> None:
    meeting, draft, agenda = await dialogue.tabled(dialogue.assessment())
    await dialogue.agree("agendas", agenda["id"])
    own = draft["items"][-1]
    second = await next_meeting(dialogue, 2027)
    early = await dialogue.draft(second)
    body = item_body(title=own["title"])
    early = await dialogue.done(
        UK_SECRETARIAT, "POST", f"/v1/drafts/{early['id']}/items", body, version=early["version"]
    )
    path = f"/v1/drafts/{early['id']}"
    other, named = (one["id"] for one in early["items"][-2:])
    planned = {
        "items": [{"item_id": named, "least": 5, "most": 60}],
        "orders": [{"before": other, "after": named}],
    }
    await dialogue.done(UK_SECRETARIAT, "PUT", f"{path}/planning", planned, version=0)
    await dialogue.attended(meeting)
    await concluded(dialogue, meeting, own["id"], "NOT_REACHED", conclusion="")
    taken = await dialogue.done(UK_SECRETARIAT, "POST", f"{path}/carry-over", {}, version=early["version"])
    back = taken["items"][-1]["id"]
    assert len(taken["items"]) == len(early["items"])
    assert back != named
    planning = await dialogue.done(UK_SECRETARIAT, "GET", f"{path}/planning")
    assert planning["version"] == 2
    assert [one["item_id"] for one in planning["items"]] == [back]
    assert (planning["items"][0]["least"], planning["items"][0]["most"]) == (5, 60)


def snapshot(action_id: UUID, number: int, version: int, at: datetime, **members: Any) -> Any:
    message = action_event_pb2.ActionSnapshot(
        action_id=str(action_id),
        reference=f"UKEU-2026-A{number:02d}",
        series="uk-eu",
        text="Publish joint guidance.",
        state=action_status_pb2.ACTION_STATE_IN_PROGRESS,
        due_date="2027-06-30",
        aggregate_version=version,
        marking="TLP:GREEN",
        changed_at=at.isoformat(),
    )
    moves = members.pop("moves", ())
    for name, value in members.items():
        setattr(message, name, value)
    for from_date, to_date in moves:
        message.due_date_changes.add(from_date=from_date, to_date=to_date, reason="Testing took longer.")
    return read_action(record_of(message))


async def test_matters_arising_tell_what_changed_since_the_last_meeting_as_far_as_a_party_may_know(
    dialogue: Dialogue,
) -> None:
    await dialogue.meeting()
    second = await next_meeting(dialogue, 2027)
    before, after = datetime(2026, 11, 1, tzinfo=UTC), datetime(2027, 5, 1, tzinfo=UTC)
    slipped, closed, ours, unmarked = uuid4(), uuid4(), uuid4(), uuid4()
    move = [("2027-06-30", "2027-09-30")]
    news = [
        snapshot(slipped, 1, 2, after, due_date="2027-09-30", moves=move),
        snapshot(slipped, 1, 1, before),
        snapshot(closed, 2, 1, before),
        snapshot(closed, 2, 2, after, state=action_status_pb2.ACTION_STATE_CLOSED),
        snapshot(ours, 3, 1, after, marking="UK OFFICIAL - HMG USE ONLY"),
        snapshot(unmarked, 4, 1, after, marking=""),
    ]
    async with dialogue.process.database.transaction() as tx:
        await note_actions(tx, news, TODAY)
        await note_actions(tx, news[:2], TODAY)
    path = f"/v1/meetings/{second['id']}/matters-arising"
    section = await dialogue.done(UK_SECRETARIAT, "GET", path)
    assert section["since"] == "2026-12-10T16:00:00Z"
    assert [
        (one["reference"], one["state_before"], one["state"], one["slipped_days"], one["overdue"])
        for one in section["matters"]
    ] == [
        ("UKEU-2026-A01", "IN_PROGRESS", "IN_PROGRESS", 92, True),
        ("UKEU-2026-A02", "IN_PROGRESS", "CLOSED", 0, False),
        ("UKEU-2026-A03", None, "IN_PROGRESS", 0, True),
    ]
    assert section["matters"][0]["moves"] == [
        {
            "from_date": "2027-06-30",
            "to_date": "2027-09-30",
            "reason": "Testing took longer.",
            "days": 92,
        }
    ]
    assert (section["matters"][0]["carried"], section["matters"][1]["ended"]) == (1, True)
    theirs = await dialogue.done(EU_SECRETARIAT, "GET", path)
    assert theirs == {**section, "matters": section["matters"][:2]}
    assert await dialogue.by_ones(EU_SECRETARIAT, path, "matters") == theirs["matters"]
    assert (await dialogue.ask(NSA, "GET", path)).json()["reason"] == "NO_ACCESS"
