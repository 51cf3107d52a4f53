"""The edition before: agreed, concluded and signed. What it put off comes back to the next one."""

from typing import Any, Final

from tests.support.dialogue import (
    EU_SECRETARIAT,
    QUORUM,
    UK_SECRETARIAT,
    item_body,
    meeting_body,
    participant_body,
)
from tests.support.outcome_bodies import outcome_body
from tests.support.sides.deeds import (
    agreed,
    answered,
    attended,
    cleared,
    drafted,
    item,
    proposed,
    signed,
    tabled,
)
from tests.support.sides.stage import Stage
from tests.support.sides.story.cast import BEFORE, ENDED_BEFORE, EU_ONLY, JOINT, MET_BEFORE, UK_ONLY
from tests.support.sides.telling import Story

STORY: Final[Story[Stage]] = Story(BEFORE)
_KINDS: Final[dict[int, dict[str, Any]]] = {
    4: {"kind": "NOT_REACHED", "conclusion": ""},
    5: {"kind": "GUIDANCE", "addressees": [{"party": "EU", "organisation": "CNECT"}]},
    -1: {"kind": "DEFERRED", "conclusion": "", "reason": "No time was left."},
}
"""What is made of an item by its place; what is not named is noted."""


@STORY.step(*JOINT)
async def the_edition_before_is_prepared(stage: Stage) -> None:
    with stage.aside():
        times = {"starts_at": MET_BEFORE.isoformat(), "ends_at": ENDED_BEFORE.isoformat()}
        body = meeting_body(edition=2025, **times)
        stage.held["before"] = await stage.done(UK_SECRETARIAT, "POST", "/v1/meetings", body)
        await drafted(stage, UK_SECRETARIAT, "before", "draft-before")
        await item(stage, UK_SECRETARIAT, "draft-before", item_body(title="Routers in homes"))


@STORY.step(*UK_ONLY)
async def uk_proposes_and_notes_for_itself_then(stage: Stage) -> None:
    with stage.aside():
        await proposed(stage, UK_SECRETARIAT, "uk-then", title="Never tabled", edition=2025)


@STORY.step(*EU_ONLY)
async def eu_drafts_for_itself_then(stage: Stage) -> None:
    with stage.aside():
        await drafted(stage, EU_SECRETARIAT, "before", "eu-draft-before")
        await item(stage, EU_SECRETARIAT, "eu-draft-before", item_body(title="Never tabled either"))


@STORY.step(*JOINT)
async def the_edition_before_is_agreed(stage: Stage) -> None:
    with stage.aside():
        await tabled(stage, UK_SECRETARIAT, "draft-before", "agenda-before")
        await answered(stage, EU_SECRETARIAT, "agenda-before")
        for who in QUORUM:
            await signed(stage, who, "agendas", "agenda-before")
        for who in (UK_SECRETARIAT, EU_SECRETARIAT):
            path = f"/v1/meetings/{stage.held['before']['id']}/participants"
            await stage.done(who, "POST", path, participant_body(who))


@STORY.step(*UK_ONLY)
async def uk_goes_on_drafting_then(stage: Stage) -> None:
    """What stays in the draft was not put off: it does not come back."""
    with stage.aside():
        await item(stage, UK_SECRETARIAT, "draft-before", item_body(title="Kept in the draft"))


@STORY.step(*JOINT, at=ENDED_BEFORE)
async def the_edition_before_is_concluded_and_its_conclusions_signed(stage: Stage) -> None:
    """The adviser of the United Kingdom clears each outcome first, as its series asks."""
    with stage.aside():
        await attended(stage, "before")
        path = f"/v1/meetings/{stage.held['before']['id']}"
        lines = stage.held["agenda-before"]["items"]
        for place, line in enumerate(lines):
            what = _KINDS.get(place if place < len(lines) - 1 else -1, {"kind": "NOTED"})
            body = outcome_body(line["item_id"], **{"action": None, **what})
            name = f"outcome-before-{place}"
            stage.held[name] = await stage.done(UK_SECRETARIAT, "POST", f"{path}/outcomes", body)
            await cleared(stage, name)
        await stage.done(EU_SECRETARIAT, "POST", f"{path}/conclusions", {})
        for who in QUORUM:
            stage.held["conclusions"] = await agreed(stage, who, f"{path}/conclusions")
        assert stage.held["conclusions"]["state"] == "AGREED"
