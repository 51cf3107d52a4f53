"""What two sides do before their meeting, and what each of them does for itself."""

from typing import Final

from tests.support.dialogue import (
    EEAS,
    EU_SECRETARIAT,
    NSA,
    QUORUM,
    TODAY,
    UK_SECRETARIAT,
    item_body,
    meeting_body,
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
    ranked,
    removed,
    rewritten,
    signed,
    tabled,
    withdrawn,
)
from tests.support.sides.stage import Stage, in_both_series
from tests.support.sides.story.cast import (
    DUE,
    ENISA,
    EU_ONLY,
    GCHQ,
    JOINT,
    LINKER,
    REVIEW,
    REVIEW_UK,
    REVIEW_US,
    STRATCOM_CHAIR,
    UK_ONLY,
    USCYBERCOM,
)
from tests.support.sides.telling import Story

STORY: Final[Story[Stage]] = Story(TODAY)


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
    ends = {"one": stage.held["UKEU-2024-A01"], "other": stage.held["UKUSCMR-2025-A01"]}
    with in_both_series(stage):
        link = await stage.done(LINKER, "POST", "/v1/action-links", {**ends, "note": "One piece of work."})
    stage.meet("link_id", link["id"])


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
    for name in ("uk-first", "uk-second", "uk-forwarded"):
        await proposed(stage, UK_SECRETARIAT, name, title=f"Backlog {name}")
    await moved(stage, UK_SECRETARIAT, "uk-second", "park")


@STORY.step(*UK_ONLY, *REVIEW_UK)
async def uk_forwards_a_proposal_to_the_review(stage: Stage) -> None:
    """To whoever may know of the review alone it was proposed there, and of nothing else."""
    said = {"series": "uk-us-cmr", "edition": 2026, "commitments": [], "leads": {}, "rationale": "Ours too."}
    own = stage.held.get("uk-forwarded")
    with in_both_series(stage):
        if own is None:
            content = {**item_body(title="Backlog uk-forwarded"), "references": []}
            made = await stage.done(LINKER, "POST", "/v1/proposals", {**content, **said})
        else:
            path = f"/v1/proposals/{own['id']}/forward"
            made = await stage.done(LINKER, "POST", path, said, version=own["version"])
    assert made["series"] == "uk-us-cmr"


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


@STORY.step(*EU_ONLY)
async def eu_ranks_its_draft(stage: Stage) -> None:
    await ranked(stage, EU_SECRETARIAT, "eu-draft")


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


@STORY.step(*UK_ONLY)
async def uk_ranks_its_draft(stage: Stage) -> None:
    """Twice, as its worth has changed in between."""
    await ranked(stage, UK_SECRETARIAT, "uk-draft")
    await moved(stage, UK_SECRETARIAT, "uk-second", "resume")
    await ranked(stage, UK_SECRETARIAT, "uk-draft")


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
async def eu_forwards_an_item_to_its_experts(stage: Stage) -> None:
    draft = await stage.done(EU_SECRETARIAT, "GET", f"/v1/drafts/{stage.held['eu-draft']['id']}")
    path = f"/v1/drafts/{draft['id']}/items/{draft['items'][-1]['id']}/forward"
    said = {"meeting_id": stage.held["experts"]["id"], "title": "Backlog of the experts"}
    made = await stage.done(EU_SECRETARIAT, "POST", path, said)
    assert made["origin"]["source_id"] == draft["id"]


@STORY.step(*EU_ONLY)
async def eu_proposes_for_the_year_after(stage: Stage) -> None:
    await proposed(stage, EU_SECRETARIAT, "eu-later", title="Next year", edition=2027)


@STORY.step(*JOINT)
async def people_are_named(stage: Stage) -> None:
    for who in (UK_SECRETARIAT, EU_SECRETARIAT):
        path = f"/v1/meetings/{stage.held['meeting']['id']}/participants"
        stage.held[f"{who.party}-person"] = await stage.done(who, "POST", path, participant_body(who))
    guest = participant_body(NSA, role="OBSERVER", represents="US")
    path = f"/v1/meetings/{stage.held['meeting']['id']}/participants"
    await stage.done(UK_SECRETARIAT, "POST", path, guest)


@STORY.step("uk-eu.UK")
async def uk_notes_something_on_its_people(stage: Stage) -> None:
    path = f"/v1/participants/{stage.held['UK-person']['id']}/note"
    await stage.done(UK_SECRETARIAT, "PUT", path, {"note": "Wants the first word."})


@STORY.step("uk-eu.EU")
async def eu_notes_something_on_its_people(stage: Stage) -> None:
    path = f"/v1/participants/{stage.held['EU-person']['id']}/note"
    await stage.done(EU_SECRETARIAT, "PUT", path, {"note": "Leaves early."})
