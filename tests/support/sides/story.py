"""What two sides do in a year, and what each of them does for itself.

A new kind of thing is a new step here: what makes it, and who may know of it. Ids are found in the answers.
"""

from dataclasses import replace
from datetime import timedelta
from typing import Final

from services.kernel.parties import Entitlement, Role
from tests.support.dialogue import (
    DSIT,
    EEAS,
    ENDS,
    EU_SECRETARIAT,
    FCDO,
    NSA,
    QUORUM,
    STARTS,
    TODAY,
    UK_SECRETARIAT,
    account,
    item_body,
    meeting_body,
    outcome_body,
    participant_body,
)
from tests.support.sides.deeds import (
    STRATCOM,
    action_opened,
    answered,
    briefed,
    drafted,
    item,
    moved,
    planned,
    proposed,
    removed,
    rewritten,
    signed,
    tabled,
    withdrawn,
)
from tests.support.sides.stage import Stage
from tests.support.sides.telling import Story

ENISA: Final = account("ENISA", "EU", "owner")
GCHQ: Final = account("GCHQ", "UK", "chair")
USCYBERCOM: Final = account("USCYBERCOM", "US", "chair")
STRATCOM_CHAIR: Final = account("STRATCOM", "UK", "chair")
LINKER: Final = account("FCDO", "UK", "links", "secretariat")
JOINT: Final = ("uk-eu.UK", "uk-eu.EU")
UK_ONLY: Final = ("uk-eu.UK/secretariat", "uk-eu.UK/chair")
EU_ONLY: Final = ("uk-eu.EU/secretariat", "uk-eu.EU/chair")
REVIEW: Final = ("uk-us-cmr.UK", "uk-us-cmr.US")
REVIEW_US: Final = ("uk-us-cmr.US/secretariat", "uk-us-cmr.US/chair")
DUE: Final = "2026-11-27T12:00:00Z"
ENDED: Final = ENDS + timedelta(hours=1)
OVER: Final = ENDED + timedelta(days=1)
"""When everything has happened."""
STORY: Final[Story[Stage]] = Story(TODAY)


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


@STORY.step(*JOINT)
async def an_action_of_an_earlier_edition_is_told_of(stage: Stage) -> None:
    await action_opened(stage, "uk-eu", "UKEU-2024-A01")


@STORY.step(*REVIEW)
async def an_action_of_the_review_is_told_of(stage: Stage) -> None:
    await action_opened(stage, "uk-us-cmr", "UKUSCMR-2025-A01", text="Publish other guidance.")


@STORY.step()
async def somebody_of_the_uk_in_both_series_links_the_two(stage: Stage) -> None:
    """Nobody else works in both, so nobody else may know."""
    dialogue, policy = stage.dialogue, stage.policy
    more = Entitlement("uk-us-cmr", "UK", "FCDO", Role.SECRETARIAT)
    both = replace(policy, entitlements=policy.entitlements | {more})
    dialogue.app.state.agenda = replace(dialogue.parts, policy=both)
    ends = {"one": stage.held["UKEU-2024-A01"], "other": stage.held["UKUSCMR-2025-A01"]}
    link = await stage.done(LINKER, "POST", "/v1/action-links", {**ends, "note": "One piece of work."})
    stage.meet("link_id", link["id"])
    dialogue.app.state.agenda = dialogue.parts


@STORY.step(*REVIEW)
async def review_is_planned(stage: Stage) -> None:
    body = meeting_body(series="uk-us-cmr", host_party="US", venue="Fort Meade")
    stage.held["review"] = await stage.done(STRATCOM, "POST", "/v1/meetings", body)


@STORY.step(*EU_ONLY)
async def eu_proposes(stage: Stage) -> None:
    for name in ("eu-first", "eu-second", "eu-third"):
        await proposed(stage, EU_SECRETARIAT, name, title=f"Backlog {name}")
    await moved(stage, EU_SECRETARIAT, "eu-second", "park")
    await moved(stage, EU_SECRETARIAT, "eu-third", "withdraw")


@STORY.step(*UK_ONLY)
async def uk_proposes(stage: Stage) -> None:
    for name in ("uk-first", "uk-second"):
        await proposed(stage, UK_SECRETARIAT, name, title=f"Backlog {name}")
    await moved(stage, UK_SECRETARIAT, "uk-second", "park")


@STORY.step(*REVIEW_US)
async def us_proposes(stage: Stage) -> None:
    changes = {"commitments": [], "theme": "", "leads": {}, "marking": "UK OFFICIAL"}
    await proposed(stage, NSA, "us-first", title="Backlog us-first", **changes)


@STORY.step(*EU_ONLY)
async def eu_drafts_for_itself(stage: Stage) -> None:
    await drafted(stage, EU_SECRETARIAT, "meeting", "eu-draft")
    await item(stage, EU_SECRETARIAT, "eu-draft", item_body(title="Ports, for the EU alone"))
    version = await stage.version_of(EU_SECRETARIAT, f"/v1/drafts/{stage.held['eu-draft']['id']}")
    taken = {"draft_id": stage.held["eu-draft"]["id"], "draft_version": version}
    await moved(stage, EU_SECRETARIAT, "eu-first", "take", taken)


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


@STORY.step(*EU_ONLY)
async def eu_plans_its_draft(stage: Stage) -> None:
    await planned(stage, EU_SECRETARIAT, "eu-draft", gap=5, commitments=["C3"])


@STORY.step("uk-eu.EU")
async def what_only_the_eu_holds_is_withdrawn(stage: Stage) -> None:
    await withdrawn(stage, "ports")


@STORY.step(*JOINT)
async def uk_drafts_what_it_will_table(stage: Stage) -> None:
    await drafted(stage, UK_SECRETARIAT, "meeting", "uk-draft")
    await item(stage, UK_SECRETARIAT, "uk-draft", item_body(stage.held["water"]))


@STORY.step(*UK_ONLY)
async def uk_thinks_again_before_tabling(stage: Stage) -> None:
    body = item_body(title="Cables, for the UK alone", position=2)
    await removed(stage, UK_SECRETARIAT, "uk-draft", await item(stage, UK_SECRETARIAT, "uk-draft", body))


@STORY.step(*UK_ONLY)
async def uk_plans_what_cannot_hold_together(stage: Stage) -> None:
    draft = await stage.done(UK_SECRETARIAT, "GET", f"/v1/drafts/{stage.held['uk-draft']['id']}")
    pinned = [{"item_id": one["id"], "position": 1} for one in draft["items"][:2]]
    await planned(stage, UK_SECRETARIAT, "uk-draft", items=pinned)


@STORY.step(*JOINT)
async def uk_tables(stage: Stage) -> None:
    await tabled(stage, UK_SECRETARIAT, "uk-draft", "agenda")


@STORY.step(*UK_ONLY)
async def uk_goes_on_drafting(stage: Stage) -> None:
    await item(stage, UK_SECRETARIAT, "uk-draft", item_body(title="For a next version", position=1))
    await item(stage, UK_SECRETARIAT, "uk-draft", item_body(stage.held["cables"], title="Cables again"))


@STORY.step("uk-eu.UK", "uk-us-cmr.UK")
async def what_only_the_uk_holds_is_withdrawn(stage: Stage) -> None:
    await withdrawn(stage, "cables")


@STORY.step(*EU_ONLY)
async def eu_takes_over_what_lies_on_the_table(stage: Stage) -> None:
    path = f"/v1/drafts/{stage.held['eu-draft']['id']}"
    version = await stage.version_of(EU_SECRETARIAT, path)
    body = {"agenda_id": stage.held["agenda"]["id"]}
    await stage.done(EU_SECRETARIAT, "POST", f"{path}/take-over", body, version=version)
    await item(stage, EU_SECRETARIAT, "eu-draft", item_body(title="An answer in the making", minutes=5))


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
        await signed(stage, who, "agendas", "agenda")


@STORY.step(*UK_ONLY)
async def uk_writes_its_brief(stage: Stage) -> None:
    await briefed(stage, UK_SECRETARIAT, "Do not give way.")


@STORY.step(*EU_ONLY)
async def eu_writes_its_brief(stage: Stage) -> None:
    await briefed(stage, EU_SECRETARIAT, "Insist.")


@STORY.step(*REVIEW)
async def review_has_its_agenda(stage: Stage) -> None:
    await drafted(stage, STRATCOM, "review", "review-draft")
    await tabled(stage, STRATCOM, "review-draft", "review-agenda", "UK OFFICIAL")


@STORY.step(*REVIEW_US)
async def us_drafts_for_itself(stage: Stage) -> None:
    await drafted(stage, NSA, "review", "us-draft")


@STORY.step(*REVIEW)
async def us_answers_and_uk_tables_again(stage: Stage) -> None:
    wanted = {"answer": "AMENDED", "comment": "Shorter.", "proposal": {"minutes": 5}}
    await answered(stage, NSA, "review-agenda", **wanted)
    last = stage.held["review-draft"]["items"][-1]["id"]
    await rewritten(stage, STRATCOM, "review-draft", last, minutes=5)
    await tabled(stage, STRATCOM, "review-draft", "review-agenda", "UK OFFICIAL")


@STORY.step(*REVIEW_US)
async def us_goes_on_drafting(stage: Stage) -> None:
    body = item_body(title="For the US alone", marking="UK OFFICIAL", commitments=[], theme="", leads={})
    await item(stage, NSA, "us-draft", body)
    await planned(stage, NSA, "us-draft", gap=10)


@STORY.step(*REVIEW)
async def the_review_is_agreed_by_all_its_principals(stage: Stage) -> None:
    for who in (NSA, STRATCOM):
        await answered(stage, who, "review-agenda")
    for who in (STRATCOM_CHAIR, GCHQ, NSA, USCYBERCOM):
        await signed(stage, who, "agendas", "review-agenda")


@STORY.step(*JOINT)
async def experts_meet_below_the_edition(stage: Stage) -> None:
    days = {"starts_at": "2026-12-01T09:00:00Z", "ends_at": "2026-12-01T12:00:00Z"}
    body = meeting_body(parent=stage.held["meeting"]["id"], host_party="EU", venue="Brussels", **days)
    stage.held["experts"] = await stage.done(EU_SECRETARIAT, "POST", "/v1/meetings", body)
    await drafted(stage, UK_SECRETARIAT, "experts", "experts-draft")
    await tabled(stage, UK_SECRETARIAT, "experts-draft", "experts-agenda")


@STORY.step(*EU_ONLY)
async def eu_drafts_for_its_experts(stage: Stage) -> None:
    await drafted(stage, EU_SECRETARIAT, "experts", "eu-experts-draft")
    await item(stage, EU_SECRETARIAT, "eu-experts-draft", item_body(title="Ports, among experts"))


@STORY.step(*EU_ONLY)
async def eu_proposes_for_the_year_after(stage: Stage) -> None:
    await proposed(stage, EU_SECRETARIAT, "eu-later", title="Next year", edition=2027)


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
    for name, line in (("first-outcome", items[-1]), ("second-outcome", items[2])):
        stage.held[name] = await stage.done(UK_SECRETARIAT, "POST", path, outcome_body(line))
    for who in QUORUM:
        await signed(stage, who, "outcomes", "first-outcome")
    await signed(stage, DSIT, "outcomes", "second-outcome")


@STORY.step(*JOINT, at=ENDED)
async def minutes_are_written(stage: Stage) -> None:
    path = f"/v1/meetings/{stage.held['meeting']['id']}/minutes/OPENING"
    body = {"text": "Both sides exchanged views.", "marking": "TLP:GREEN"}
    await stage.done(UK_SECRETARIAT, "PUT", path, body, version=0)
    await stage.done(EU_SECRETARIAT, "POST", f"{path}/comments", {"text": "So it was."})
    await stage.done(EU_SECRETARIAT, "POST", f"{path}/acceptances", {}, version=1)


@STORY.step(*EU_ONLY, at=ENDED)
async def eu_drafts_on_after_the_meeting(stage: Stage) -> None:
    await proposed(stage, EU_SECRETARIAT, "eu-last", title="After the meeting", edition=2027)
    await moved(stage, EU_SECRETARIAT, "eu-later", "park")


@STORY.step(*JOINT, "uk-us-cmr.UK", at=ENDED)
async def what_both_hold_is_withdrawn(stage: Stage) -> None:
    await withdrawn(stage, "water")
