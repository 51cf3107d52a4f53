"""What two sides do in a year, and what each of them does for itself.

A new kind of thing is a new step here: what makes it, and who may know of it. Ids are found in the answers.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from tests.support.dialogue import (
    DSIT,
    EEAS,
    ENDS,
    EU_SECRETARIAT,
    FCDO,
    NSA,
    QUORUM,
    STARTS,
    UK_SECRETARIAT,
    Account,
    account,
    item_body,
    meeting_body,
    outcome_body,
    participant_body,
)
from tests.support.sides.stage import Stage, Story

ENISA: Final = account("ENISA", "EU", "owner")
STRATCOM: Final = account("STRATCOM", "UK", "secretariat")
JOINT: Final = ("uk-eu.UK", "uk-eu.EU")
UK_ONLY: Final = ("uk-eu.UK/secretariat", "uk-eu.UK/chair")
EU_ONLY: Final = ("uk-eu.EU/secretariat", "uk-eu.EU/chair")
REVIEW: Final = ("uk-us-cmr.UK", "uk-us-cmr.US")
REVIEW_US: Final = ("uk-us-cmr.US/secretariat", "uk-us-cmr.US/chair")
DUE: Final = "2026-11-27T12:00:00Z"
ENDED: Final = ENDS + timedelta(hours=1)
OVER: Final = ENDED + timedelta(days=1)
"""When everything has happened."""
STORY: Final = Story()


async def _drafted(stage: Stage, who: Account, meeting: str, name: str) -> None:
    path = f"/v1/meetings/{stage.held[meeting]['id']}/drafts"
    stage.held[name] = await stage.done(who, "POST", path, {})


async def _item(stage: Stage, who: Account, name: str, body: Mapping[str, Any]) -> str:
    """Adds an item to a draft; gives its id."""
    path = f"/v1/drafts/{stage.held[name]['id']}"
    before = await stage.done(who, "GET", path)
    after = await stage.done(who, "POST", f"{path}/items", body, version=before["version"])
    (added,) = {one["id"] for one in after["items"]} - {one["id"] for one in before["items"]}
    return str(added)


async def _removed(stage: Stage, who: Account, name: str, item_id: str) -> None:
    path = f"/v1/drafts/{stage.held[name]['id']}"
    version = await stage.version_of(who, path)
    await stage.done(who, "DELETE", f"{path}/items/{item_id}", version=version)


async def _tabled(stage: Stage, who: Account, draft: str, name: str, marking: str = "TLP:GREEN") -> None:
    path = f"/v1/drafts/{stage.held[draft]['id']}"
    version = await stage.version_of(who, path)
    stage.held[name] = await stage.done(who, "POST", f"{path}/table", {"marking": marking}, version=version)


async def _signed(stage: Stage, who: Account, kind: str, name: str) -> None:
    path = f"/v1/{kind}/{stage.held[name]['id']}"
    to_sign = await stage.done(who, "GET", f"{path}/agreement")
    jws = stage.dialogue.signature(who, to_sign["payload"])
    body = {"content_hash": to_sign["content_hash"], "jws": jws}
    stage.held[name] = await stage.done(who, "POST", f"{path}/agreements", body)


async def _proposed(stage: Stage, who: Account, name: str, **changes: object) -> None:
    series = "uk-us-cmr" if who in (NSA, STRATCOM) else "uk-eu"
    body = {"series": series, **item_body(), "rationale": f"Why {name}", "edition": 2026, **changes}
    stage.held[name] = await stage.done(who, "POST", "/v1/proposals", body)


async def _moved(stage: Stage, who: Account, name: str, command: str, sent: object = None) -> None:
    found = stage.held[name]
    path = f"/v1/proposals/{found['id']}/{command}"
    stage.held[name] = await stage.done(who, "POST", path, sent or {}, version=found["version"])


# --- What lies before the meeting ---------------------------------------------------------------------------


@STORY.step(*JOINT)
async def meeting_is_planned(stage: Stage) -> None:
    stage.held["meeting"] = await stage.done(UK_SECRETARIAT, "POST", "/v1/meetings", meeting_body())


@STORY.step(*JOINT, "uk-us-cmr.UK")
async def assessment_for_both_is_held(stage: Stage) -> None:
    stage.held["water"] = stage.assessment("water", "UK", "EU")


@STORY.step("uk-eu.EU")
async def assessment_for_the_eu_is_held(stage: Stage) -> None:
    stage.held["ports"] = stage.assessment("ports", "EU")


@STORY.step("uk-eu.UK", "uk-us-cmr.UK")
async def assessment_for_the_uk_is_held(stage: Stage) -> None:
    stage.held["cables"] = stage.assessment("cables", "UK")


@STORY.step(*REVIEW)
async def review_is_planned(stage: Stage) -> None:
    body = meeting_body(series="uk-us-cmr", host_party="US", venue="Fort Meade")
    stage.held["review"] = await stage.done(STRATCOM, "POST", "/v1/meetings", body)


@STORY.step(*EU_ONLY)
async def eu_proposes(stage: Stage) -> None:
    for name in ("eu-first", "eu-second", "eu-third"):
        await _proposed(stage, EU_SECRETARIAT, name, title=f"Backlog {name}")
    await _moved(stage, EU_SECRETARIAT, "eu-second", "park")
    await _moved(stage, EU_SECRETARIAT, "eu-third", "withdraw")


@STORY.step(*UK_ONLY)
async def uk_proposes(stage: Stage) -> None:
    for name in ("uk-first", "uk-second"):
        await _proposed(stage, UK_SECRETARIAT, name, title=f"Backlog {name}")
    await _moved(stage, UK_SECRETARIAT, "uk-second", "park")


@STORY.step(*REVIEW_US)
async def us_proposes(stage: Stage) -> None:
    changes = {"commitments": [], "theme": "", "leads": {}, "marking": "UK OFFICIAL"}
    await _proposed(stage, NSA, "us-first", title="Backlog us-first", **changes)


@STORY.step(*EU_ONLY)
async def eu_drafts_for_itself(stage: Stage) -> None:
    await _drafted(stage, EU_SECRETARIAT, "meeting", "eu-draft")
    await _item(stage, EU_SECRETARIAT, "eu-draft", item_body(title="Ports, for the EU alone"))
    version = await stage.version_of(EU_SECRETARIAT, f"/v1/drafts/{stage.held['eu-draft']['id']}")
    taken = {"draft_id": stage.held["eu-draft"]["id"], "draft_version": version}
    await _moved(stage, EU_SECRETARIAT, "eu-first", "take", taken)


@STORY.step(*EU_ONLY)
async def eu_talks_of_its_draft_and_asks_its_own_bodies(stage: Stage) -> None:
    draft = await stage.done(EU_SECRETARIAT, "GET", f"/v1/drafts/{stage.held['eu-draft']['id']}")
    path = f"/v1/drafts/{draft['id']}/items/{draft['items'][-1]['id']}"
    await stage.done(EEAS, "POST", f"{path}/comments", {"text": "Our red line."})
    body = {"organisation": "ENISA", "question": "May this be said?", "due_at": DUE}
    asked = await stage.done(EU_SECRETARIAT, "POST", f"{path}/clearances", body)
    said = {"answer": "GRANTED", "remarks": "As is."}
    answers = f"/v1/internal-clearances/{asked['id']}/answers"
    await stage.done(ENISA, "POST", answers, said, version=1)


@STORY.step(*JOINT)
async def uk_drafts_what_it_will_table(stage: Stage) -> None:
    await _drafted(stage, UK_SECRETARIAT, "meeting", "uk-draft")
    await _item(stage, UK_SECRETARIAT, "uk-draft", item_body(stage.held["water"]))


@STORY.step(*UK_ONLY)
async def uk_thinks_again_before_tabling(stage: Stage) -> None:
    body = item_body(title="Cables, for the UK alone", position=2)
    await _removed(stage, UK_SECRETARIAT, "uk-draft", await _item(stage, UK_SECRETARIAT, "uk-draft", body))


@STORY.step(*JOINT)
async def uk_tables(stage: Stage) -> None:
    await _tabled(stage, UK_SECRETARIAT, "uk-draft", "agenda")


@STORY.step(*UK_ONLY)
async def uk_goes_on_drafting(stage: Stage) -> None:
    await _item(stage, UK_SECRETARIAT, "uk-draft", item_body(title="For a next version", position=1))


@STORY.step(*EU_ONLY)
async def eu_takes_over_what_lies_on_the_table(stage: Stage) -> None:
    path = f"/v1/drafts/{stage.held['eu-draft']['id']}"
    version = await stage.version_of(EU_SECRETARIAT, path)
    body = {"agenda_id": stage.held["agenda"]["id"]}
    await stage.done(EU_SECRETARIAT, "POST", f"{path}/take-over", body, version=version)
    await _item(stage, EU_SECRETARIAT, "eu-draft", item_body(title="An answer in the making", minutes=5))


@STORY.step(*JOINT)
async def eu_answers_and_both_agree(stage: Stage) -> None:
    path = f"/v1/agendas/{stage.held['agenda']['id']}"
    agenda = await stage.done(EU_SECRETARIAT, "GET", path)
    said = [
        {"item_id": item["item_id"], "answer": "ACCEPTED", "comment": "Gladly."} for item in agenda["items"]
    ]
    body = {"marking": "TLP:GREEN", "answers": said}
    await stage.done(EU_SECRETARIAT, "POST", f"{path}/answers", body, version=agenda["etag"].strip('"'))
    for who in QUORUM:
        await _signed(stage, who, "agendas", "agenda")


async def _briefed(stage: Stage, who: Account, text: str) -> None:
    item = stage.held["agenda"]["items"][3]["item_id"]
    path = f"/v1/meetings/{stage.held['meeting']['id']}/briefs/{item}"
    body = {"brief": text, "speaking_notes": "We welcome it.", "marking": "TLP:GREEN"}
    await stage.done(who, "PUT", path, body, version=0)


@STORY.step(*UK_ONLY)
async def uk_writes_its_brief(stage: Stage) -> None:
    await _briefed(stage, UK_SECRETARIAT, "Do not give way.")


@STORY.step(*EU_ONLY)
async def eu_writes_its_brief(stage: Stage) -> None:
    await _briefed(stage, EU_SECRETARIAT, "Insist.")


@STORY.step(*REVIEW)
async def review_has_its_agenda(stage: Stage) -> None:
    await _drafted(stage, STRATCOM, "review", "review-draft")
    await _tabled(stage, STRATCOM, "review-draft", "review-agenda", "UK OFFICIAL")


@STORY.step(*REVIEW_US)
async def us_drafts_for_itself(stage: Stage) -> None:
    await _drafted(stage, NSA, "review", "us-draft")


@STORY.step(*EU_ONLY)
async def eu_proposes_for_the_year_after(stage: Stage) -> None:
    await _proposed(stage, EU_SECRETARIAT, "eu-later", title="Next year", edition=2027)


@STORY.step(*JOINT)
async def people_are_named(stage: Stage) -> None:
    for who in (UK_SECRETARIAT, EU_SECRETARIAT):
        path = f"/v1/meetings/{stage.held['meeting']['id']}/participants"
        stage.held[f"{who.party}-person"] = await stage.done(who, "POST", path, participant_body(who))


@STORY.step("uk-eu.UK")
async def uk_notes_something_on_its_people(stage: Stage) -> None:
    path = f"/v1/participants/{stage.held['UK-person']['id']}/note"
    await stage.done(UK_SECRETARIAT, "PUT", path, {"note": "Wants the first word."})


@STORY.step("uk-eu.EU")
async def eu_notes_something_on_its_people(stage: Stage) -> None:
    path = f"/v1/participants/{stage.held['EU-person']['id']}/note"
    await stage.done(EU_SECRETARIAT, "PUT", path, {"note": "Leaves early."})


# --- The meeting, and what it concludes ---------------------------------------------------------------------


@STORY.step(*JOINT, at=STARTS)
async def meeting_is_run(stage: Stage) -> None:
    path = f"/v1/meetings/{stage.held['meeting']['id']}/run"
    run = await stage.done(FCDO, "GET", path)
    body = {"item_id": stage.held["agenda"]["items"][0]["item_id"]}
    await stage.done(FCDO, "POST", f"{path}/items", body, version=run["version"])


@STORY.step(*JOINT, at=ENDED)
async def registers_are_closed(stage: Stage) -> None:
    for who in (UK_SECRETARIAT, EU_SECRETARIAT):
        person = stage.held[f"{who.party}-person"]
        path = f"/v1/participants/{person['id']}/presence"
        await stage.done(who, "POST", path, {"answer": "ATTEND"}, version=person["version"])
        await stage.done(who, "POST", f"/v1/meetings/{stage.held['meeting']['id']}/register/close", {})


@STORY.step(*JOINT, at=ENDED)
async def an_outcome_is_agreed(stage: Stage) -> None:
    path = f"/v1/meetings/{stage.held['meeting']['id']}/outcomes"
    items = [one["item_id"] for one in stage.held["agenda"]["items"]]
    for name, item in (("first-outcome", items[-1]), ("second-outcome", items[2])):
        stage.held[name] = await stage.done(UK_SECRETARIAT, "POST", path, outcome_body(item))
    for who in QUORUM:
        await _signed(stage, who, "outcomes", "first-outcome")
    await _signed(stage, DSIT, "outcomes", "second-outcome")


@STORY.step(*JOINT, at=ENDED)
async def minutes_are_written(stage: Stage) -> None:
    path = f"/v1/meetings/{stage.held['meeting']['id']}/minutes/OPENING"
    body = {"text": "Both sides exchanged views.", "marking": "TLP:GREEN"}
    await stage.done(UK_SECRETARIAT, "PUT", path, body, version=0)
    await stage.done(EU_SECRETARIAT, "POST", f"{path}/comments", {"text": "So it was."})
    await stage.done(EU_SECRETARIAT, "POST", f"{path}/acceptances", {}, version=1)


@STORY.step(*EU_ONLY, at=ENDED)
async def eu_drafts_on_after_the_meeting(stage: Stage) -> None:
    await _proposed(stage, EU_SECRETARIAT, "eu-last", title="After the meeting", edition=2027)
    await _moved(stage, EU_SECRETARIAT, "eu-later", "park")
