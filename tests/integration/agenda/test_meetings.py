"""Meetings over REST: what the next one starts from, how one moves, and the calendar it is read in."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import uuid4

import httpx
import pytest
from entente.agenda.v1.agenda_event_pb2 import (
    AGENDA_STATE_SUPERSEDED,
    MEETING_MOVE_CANCELLED,
    MEETING_MOVE_POSTPONED,
    MEETING_MOVE_RESCHEDULED,
    AgendaChanged,
    MeetingMoved,
)
from icalendar import Calendar

from tests.support.dialogue import (
    EU_SECRETARIAT,
    FCDO,
    NSA,
    UK_SECRETARIAT,
    Account,
    Dialogue,
    account,
    meeting_body,
)
from tests.support.series import three_series

STATE = account("STATE", "US", "secretariat")
STRATCOM = account("STRATCOM", "UK", "secretariat")
NEXT = [
    (UK_SECRETARIAT, "uk-eu", "UK", "Cyber skills"),
    (STRATCOM, "uk-us-cmr", "US", "Shared insights, collective defence and common costs"),
    (STATE, "us-eu", "US", "Ransomware attacks against businesses and citizens"),
]


async def test_the_next_agenda_of_each_series_has_its_standing_and_recurring_items(
    dialogue: Dialogue,
) -> None:
    policy = three_series()
    dialogue.app.state.agenda = replace(dialogue.parts, policy=policy)
    for who, series, host, recurring in NEXT:
        planned = meeting_body(series=series, host_party=host)
        meeting = await dialogue.done(who, "POST", "/v1/meetings", planned)
        titles = [item["title"] for item in (await dialogue.draft(meeting, who))["items"]]
        standing = [item.title for item in policy.get_series(series).standing_items]
        assert [title for title in titles if title in standing] == standing
        assert titles.count(recurring) == 1
    guessed = await dialogue.ask(EU_SECRETARIAT, "GET", "/v1/meetings?series=uk-us-cmr")
    assert guessed.status_code == 403


@pytest.mark.parametrize("who", [EU_SECRETARIAT, UK_SECRETARIAT])
async def test_a_third_series_that_is_not_laid_in_does_not_exist(dialogue: Dialogue, who: Account) -> None:
    refused = await dialogue.ask(who, "POST", "/v1/meetings", meeting_body(series="us-eu", host_party="EU"))
    assert (refused.status_code, refused.json()["reason"]) == (403, "NO_ACCESS")


def entries(answer: httpx.Response) -> dict[str, Any]:
    """What a calendar application reads: entries by UID."""
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/calendar")
    events = Calendar.from_ical(answer.content).walk("VEVENT")
    found = {str(event["UID"]): event for event in events}
    assert len(found) == len(events)
    return found


async def move(
    dialogue: Dialogue, meeting: Any, command: str, body: object, **options: Any
) -> httpx.Response:
    path = f"/v1/meetings/{meeting['id']}/{command}"
    options.setdefault("version", meeting["version"])
    return await dialogue.ask(options.pop("who", UK_SECRETARIAT), "POST", path, body, **options)


async def test_moving_a_meeting_makes_its_plan_anew_keeps_the_old_one_and_clears_the_table(
    dialogue: Dialogue,
) -> None:
    meeting, _, agenda = await dialogue.tabled()
    path = f"/v1/meetings/{meeting['id']}"
    meeting = await dialogue.done(UK_SECRETARIAT, "GET", path)
    before = await dialogue.done(EU_SECRETARIAT, "GET", f"{path}/deadlines")
    assert {one["name"]: (one["due"], one["state"]) for one in before["deadlines"]} == {
        "call_for_items": ("2026-09-30", "PAST"),
        "exchange_drafts": ("2026-10-28", "DONE"),
        "agree_agenda": ("2026-11-18", "LATE"),
        "provisional_pack": ("2026-11-24", "AHEAD"),
        "papers": ("2026-12-02", "AHEAD"),
        "briefs": ("2026-12-04", "AHEAD"),
    }
    feed = entries(await dialogue.ask(EU_SECRETARIAT, "GET", f"{path}/calendar"))
    uid = f"{meeting['id']}@entente"
    assert (feed[uid]["SEQUENCE"], str(feed[uid]["STATUS"])) == (0, "CONFIRMED")
    moved_to = {"starts_at": "2027-01-06T09:30:00", "ends_at": "2027-01-07T16:00:00", "reason": "No room."}
    key = str(uuid4())
    moved = await move(dialogue, meeting, "reschedule", moved_to, key=key)
    assert moved.status_code == 200, moved.text
    assert (moved.json()["starts_at"], moved.json()["state"]) == ("2027-01-06T09:30:00Z", "AGENDA_DRAFT")
    repeated = await move(dialogue, meeting, "reschedule", moved_to, key=key)
    assert (repeated.content, repeated.headers["etag"]) == (moved.content, moved.headers["etag"])
    stale = await move(dialogue, meeting, "reschedule", moved_to)
    assert (stale.status_code, stale.json()["reason"]) == (412, "STALE_VERSION")
    (change,) = stale.json()["changes"]
    assert (change["change"], change["party"], change["official"]) == (
        "rescheduled",
        "UK",
        UK_SECRETARIAT.subject,
    )
    assert {"starts_at", "ends_at"} <= set(change["fields"]) <= {"starts_at", "ends_at", "state"}
    assert stale.json()["current"]["starts_at"] == "2027-01-06T09:30:00+00:00"
    told = await dialogue.ask(
        EU_SECRETARIAT, "POST", f"{path}/cancel", {"reason": "No."}, version=meeting["version"]
    )
    assert told.status_code == 412
    assert told.json()["changes"] == [{name: change[name] for name in change if name != "official"}]
    after = await dialogue.done(EU_SECRETARIAT, "GET", f"{path}/deadlines")
    assert [(one["number"], one["command"], one["moved_by"]) for one in after["moves"]] == [
        (0, "PLAN", "UK"),
        (1, "RESCHEDULE", "UK"),
    ]
    kept = [{name: one[name] for name in ("name", "nominal", "due")} for one in before["deadlines"]]
    assert after["moves"][0]["deadlines"] == kept
    assert {one["name"]: one["due"] for one in after["deadlines"]}["papers"] == "2026-12-23"
    ((detail,),) = dialogue.rows("SELECT detail FROM audit WHERE action = 'meeting.rescheduled'")
    assert detail["former_deadlines"]["papers"] == "2026-12-02"
    assert detail["deadlines"]["papers"] == "2026-12-23"
    again = await dialogue.done(UK_SECRETARIAT, "GET", f"/v1/agendas/{agenda['id']}")
    assert again["state"] == "SUPERSEDED"
    published = [value for value, _ in dialogue.published("agenda.agenda.v1")]
    states = [AgendaChanged.FromString(value).state for value in published]
    assert states[-1] == AGENDA_STATE_SUPERSEDED
    feed = entries(await dialogue.ask(EU_SECRETARIAT, "GET", "/v1/calendar?series=uk-eu"))
    assert feed[uid]["SEQUENCE"] == 1
    assert feed[uid]["DTSTART"].dt == datetime(2027, 1, 6, 9, 30, tzinfo=UTC)
    assert feed[f"{meeting['id']}-papers@entente"]["DTSTART"].dt == date(2026, 12, 23)


async def test_a_meeting_is_postponed_planned_anew_and_cancelled(dialogue: Dialogue) -> None:
    meeting = await dialogue.meeting(venue="London\\, Lancaster House; <b>")
    held = await move(dialogue, meeting, "hold", {})
    assert (held.status_code, held.json()["reason"]) == (409, "ILLEGAL_TRANSITION")
    called = (await move(dialogue, meeting, "call-for-items", {})).json()
    assert called["state"] == "AGENDA_DRAFT"
    postponed = (
        await move(dialogue, called, "postpone", {"reason": "An election."}, who=EU_SECRETARIAT)
    ).json()
    uid = f"{meeting['id']}@entente"
    feed = entries(await dialogue.ask(FCDO, "GET", f"/v1/meetings/{meeting['id']}/calendar"))
    assert (feed[uid]["SEQUENCE"], str(feed[uid]["STATUS"])) == (1, "TENTATIVE")
    assert str(feed[uid]["LOCATION"]) == "London\\, Lancaster House; <b>"
    assert str(feed[f"{meeting['id']}-papers@entente"]["STATUS"]) == "CANCELLED"
    moved_to = {"starts_at": "2026-12-16T09:00:00", "ends_at": "2026-12-16T16:00:00", "reason": "After it."}
    anew = (await move(dialogue, postponed, "reschedule", {**moved_to, "venue": "Windsor"})).json()
    assert (anew["state"], anew["venue"], anew["moves"]) == ("PLANNED", "Windsor", 2)
    cancelled = (await move(dialogue, anew, "cancel", {"reason": "Not this year."})).json()
    assert cancelled["state"] == "CANCELLED"
    feed = entries(await dialogue.ask(FCDO, "GET", "/v1/calendar?series=uk-eu"))
    assert (feed[uid]["SEQUENCE"], str(feed[uid]["STATUS"])) == (3, "CANCELLED")
    refused = await move(dialogue, cancelled, "reschedule", moved_to)
    assert (refused.status_code, refused.json()["reason"]) == (409, "ILLEGAL_TRANSITION")
    draft = await dialogue.ask(UK_SECRETARIAT, "POST", f"/v1/meetings/{meeting['id']}/drafts", {})
    assert draft.json()["reason"] == "MEETING_CANCELLED"
    told = [MeetingMoved.FromString(value) for value, _ in dialogue.published("agenda.agenda.v1")]
    assert [(one.move, one.number, one.former_starts_at, one.starts_at, one.reason) for one in told] == [
        (MEETING_MOVE_POSTPONED, 1, meeting["starts_at"], "", "An election."),
        (MEETING_MOVE_RESCHEDULED, 2, meeting["starts_at"], "2026-12-16T09:00:00Z", "After it."),
        (MEETING_MOVE_CANCELLED, 3, "2026-12-16T09:00:00Z", "", "Not this year."),
    ]
    assert {(one.meeting_id, tuple(one.parties)) for one in told} == {(meeting["id"], ("UK", "EU"))}
    assert [one.moved_by_party for one in told] == ["EU", "UK", "UK"]
    recorded = [action for (action,) in dialogue.rows("SELECT action FROM audit")]
    assert {"meeting.postponed", "meeting.rescheduled", "meeting.cancelled"} <= set(recorded)


async def test_a_meeting_that_cannot_be_is_refused_by_name(dialogue: Dialogue) -> None:
    spring = {"starts_at": "2027-03-28T01:30:00", "ends_at": "2027-03-28T16:00:00"}
    autumn = {"starts_at": "2027-10-30T09:00:00", "ends_at": "2027-10-31T01:30:00"}
    far = {"starts_at": "2037-06-09T09:00:00Z", "ends_at": "2037-06-09T16:00:00Z"}
    long = {"ends_at": "2026-12-12T10:00:00Z"}
    for changes, status, reason in (
        (spring, 400, "LOCAL_TIME_MISSING"),
        (autumn, 400, "LOCAL_TIME_AMBIGUOUS"),
        ({"time_zone": "Europe/Atlantis"}, 400, "TIME_ZONE_UNKNOWN"),
        ({"time_zone": "Europe/London; DROP"}, 400, "INVALID_REQUEST"),
        ({"starts_at": "2026-12-09"}, 400, "INVALID_REQUEST"),
        (long, 400, "MEETING_LONGER_THAN_ITS_WINDOW"),
        ({"edition": 2037, **far}, 400, "HOLIDAYS_UNKNOWN"),
        ({"host_party": "EU", "out_of_turn": False}, 409, "HOST_OUT_OF_TURN"),
        ({"host_party": "XX"}, 400, "UNKNOWN_PARTY"),
        ({"parent": str(uuid4())}, 400, "PARENT_INVALID"),
        ({"parent": "edition"}, 400, "INVALID_REQUEST"),
        ({"out_of_turn": "yes"}, 400, "INVALID_REQUEST"),
    ):
        refused = await dialogue.ask(UK_SECRETARIAT, "POST", "/v1/meetings", meeting_body(**changes))
        assert "reason" in refused.json(), (changes, refused.text)
        assert (refused.status_code, refused.json()["reason"]) == (status, reason), changes
    assert dialogue.rows("SELECT 1 FROM meeting") == []


async def test_working_level_meetings_hang_under_their_edition_and_the_next_edition_is_proposed(
    dialogue: Dialogue,
) -> None:
    edition = await dialogue.meeting()
    below = meeting_body(parent=edition["id"], starts_at="2026-11-30T09:00:00", ends_at="2026-11-30T12:00:00")
    first = await dialogue.done(EU_SECRETARIAT, "POST", "/v1/meetings", below)
    await dialogue.done(EU_SECRETARIAT, "POST", "/v1/meetings", {**below, "host_party": "EU"})
    listed = await dialogue.done(FCDO, "GET", "/v1/meetings?series=uk-eu")
    assert [one["level"] for one in listed["meetings"]] == ["EDITION", "WORKING", "WORKING"]
    assert listed["next_page_token"] == ""
    paged: list[Any] = []
    token = ""
    while not paged or token:
        query = f"series=uk-eu&page_size=2&page_token={token}"
        page = await dialogue.done(FCDO, "GET", f"/v1/meetings?{query}")
        paged.append(page["meetings"])
        token = page["next_page_token"]
    assert paged == [listed["meetings"][:2], listed["meetings"][2:]]
    for wrong in ("page_size=0", "page_size=201", "page_token=e30=", "page_token=x"):
        refused = await dialogue.ask(FCDO, "GET", f"/v1/meetings?series=uk-eu&{wrong}")
        assert refused.status_code == 400, wrong
    found = await dialogue.done(FCDO, "GET", f"/v1/meetings/{first['id']}/deadlines")
    assert (found["meeting"]["parent"], found["deadlines"]) == (edition["id"], [])
    again = await dialogue.ask(UK_SECRETARIAT, "POST", "/v1/meetings", meeting_body())
    assert again.json()["reason"] == "MEETING_EXISTS"
    proposed = await dialogue.done(FCDO, "GET", "/v1/next-edition?series=uk-eu")
    assert (proposed["edition"], proposed["host_party"], proposed["first_day"]) == (2027, "EU", "2027-12-09")
    assert proposed["deadlines"][-1] == {"name": "briefs", "nominal": "2027-12-06", "due": "2027-12-06"}


async def test_a_reader_of_another_series_learns_nothing_of_a_meeting(dialogue: Dialogue) -> None:
    meeting = await dialogue.meeting()
    reason = {"reason": "Because."}
    moved_to = {"starts_at": "2027-01-06T09:30:00", "ends_at": "2027-01-07T16:00:00", **reason}
    for method, path, body in (
        ("GET", "/v1/meetings/{}/deadlines", None),
        ("GET", "/v1/meetings/{}/calendar", None),
        ("POST", "/v1/meetings/{}/reschedule", moved_to),
        ("POST", "/v1/meetings/{}/postpone", reason),
        ("POST", "/v1/meetings/{}/cancel", reason),
        ("POST", "/v1/meetings/{}/call-for-items", {}),
        ("POST", "/v1/meetings/{}/hold", {}),
        ("POST", "/v1/meetings/{}/publish", {}),
    ):
        answers = []
        for identity in (meeting["id"], str(uuid4())):
            answer = await dialogue.ask(NSA, method, path.format(identity), body, version=1)
            document = answer.json() | {"instance": "", "trace_id": "", "request_id": ""}
            answers.append(str(document).replace(identity, "?"))
            assert (answer.status_code, answer.json()["reason"]) == (403, "NO_ACCESS")
        assert answers[0] == answers[1]
    for path in ("/v1/calendar", "/v1/next-edition"):
        said = [
            (await dialogue.ask(NSA, "GET", f"{path}?series={name}")).status_code for name in ("uk-eu", "no")
        ]
        assert said == [403, 403]
    assert dialogue.rows("SELECT state, version FROM meeting") == [("PLANNED", 1)]
