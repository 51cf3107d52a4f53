"""The meeting, what it concludes, and what each side does about it for itself."""

from typing import Final

from tests.support.dialogue import DSIT, EEAS, EU_SECRETARIAT, FCDO, QUORUM, STARTS, UK_SECRETARIAT
from tests.support.outcome_bodies import outcome_body
from tests.support.sides.deeds import (
    attended,
    cleared,
    moved,
    proposed,
    refused,
    signed,
    treated,
    withdrawn,
)
from tests.support.sides.stage import Stage
from tests.support.sides.story.cast import ENDED, EU_ONLY, JOINT, UK_ONLY
from tests.support.sides.telling import Story

STORY: Final[Story[Stage]] = Story(ENDED)


@STORY.step(*JOINT, at=STARTS)
async def meeting_is_run(stage: Stage) -> None:
    path = f"/v1/meetings/{stage.held['meeting']['id']}/run"
    run = await stage.done(FCDO, "GET", path)
    body = {"item_id": stage.held["agenda"]["items"][0]["item_id"]}
    await stage.done(FCDO, "POST", f"{path}/items", body, version=run["version"])


@STORY.step(*JOINT, at=ENDED)
async def registers_are_closed(stage: Stage) -> None:
    await attended(stage, "meeting")


@STORY.step(*JOINT, at=ENDED)
async def an_outcome_is_agreed(stage: Stage) -> None:
    path = f"/v1/meetings/{stage.held['meeting']['id']}/outcomes"
    items = [one["item_id"] for one in stage.held["agenda"]["items"]]
    lines = {"first-outcome": items[-1], "second-outcome": items[2], "third-outcome": items[3]}
    for name, line in lines.items():
        stage.held[name] = await stage.done(UK_SECRETARIAT, "POST", path, outcome_body(line))
    await cleared(stage, "first-outcome")
    await cleared(stage, "second-outcome")
    for who in QUORUM:
        await signed(stage, who, "outcomes", "first-outcome")
    await signed(stage, DSIT, "outcomes", "second-outcome")
    await signed(stage, EEAS, "outcomes", "third-outcome")


@STORY.step(*UK_ONLY, "uk-eu.UK/release-officer", at=ENDED)
async def uk_clears_what_none_of_it_has_signed_and_then_refuses_it(stage: Stage) -> None:
    await cleared(stage, "third-outcome")
    await refused(stage, "third-outcome")


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


@STORY.step(*UK_ONLY, at=ENDED)
async def uk_settles_what_that_leaves_it_to_do(stage: Stage) -> None:
    await treated(stage, UK_SECRETARIAT, "water")


@STORY.step(*EU_ONLY, at=ENDED)
async def eu_settles_what_that_leaves_it_to_do(stage: Stage) -> None:
    await treated(stage, EU_SECRETARIAT, "water")


@STORY.step(*JOINT, at=ENDED)
async def the_edition_before_is_read_again(stage: Stage) -> None:
    """For its ids, after those of the edition that the questions are about first."""
    path = f"/v1/meetings/{stage.held['before']['id']}"
    for one in ("", "/agendas", "/outcomes", "/conclusions", "/register"):
        await stage.done(EU_SECRETARIAT, "GET", f"{path}{one}")
    back = await stage.done(EU_SECRETARIAT, "GET", f"/v1/meetings/{stage.held['meeting']['id']}/carry-over")
    assert [one["title"] for one in back["items"]][-1] == "Routers in homes"
    assert back["guidance"]
