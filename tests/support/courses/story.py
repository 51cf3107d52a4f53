"""What becomes of the actions of two series in half a year, and what each side keeps to itself of it.

A new kind of thing is a new step here: what makes it, and who may know of it. Ids are found in the answers.
"""

from datetime import UTC, datetime
from typing import Any, Final

from services.actions.domain.basis import Standing
from tests.support.courses.deeds import (
    acknowledged,
    judged,
    met,
    moved,
    opened,
    proposed,
    reported,
    revised,
    shown,
    taken_back,
)
from tests.support.courses.stage import Stage
from tests.support.dialogue import TODAY, account
from tests.support.sides.telling import Audience, Story

DSIT: Final = account("DSIT", "UK", "owner")
NCSC: Final = account("NCSC", "UK", "owner")
CNECT: Final = account("CNECT", "EU", "owner")
FCDO: Final = account("FCDO", "UK", "secretariat")
EEAS: Final = account("EEAS", "EU", "secretariat")
FCDO_CHAIR: Final = account("FCDO", "UK", "chair")
EEAS_CHAIR: Final = account("EEAS", "EU", "chair")
STRATCOM: Final = account("STRATCOM", "UK", "owner")
USCYBERCOM: Final = account("USCYBERCOM", "US", "owner")
NSA: Final = account("NSA", "US", "secretariat")

JOINT: Final = ("uk-eu.UK", "uk-eu.EU")
UK_ONLY: Final = ("uk-eu.UK",)
EU_ONLY: Final = ("uk-eu.EU",)
REVIEW: Final = ("uk-us-cmr.UK", "uk-us-cmr.US")
REVIEW_UK: Final = ("uk-us-cmr.UK",)
REVIEW_US: Final = ("uk-us-cmr.US",)
EVERYBODY: Final = (*JOINT, *REVIEW)
UK_OWNS: Final = (("UK", "DSIT", True), ("UK", "NCSC", False))
EU_OWNS: Final = (("EU", "CNECT", True),)
BOTH: Final = (("UK", "DSIT", True), ("EU", "CNECT", True), ("UK", "NCSC", False))
REVIEW_BOTH: Final = (("UK", "STRATCOM", True), ("US", "USCYBERCOM", True))
UK_ALONE: Final = (("UK", "STRATCOM", True),)
REVIEW_OF: Final[dict[str, Any]] = {"series": "uk-us-cmr", "commitment": "S1", "marking": "TLP:AMBER"}
"""How actions of the review are opened."""

FIRST, SECOND = "6c1d0a7e-3a58-4d2b-9b7b-2b3b0a2f7c01", "6c1d0a7e-3a58-4d2b-9b7b-2b3b0a2f7c02"
EXPECTED: Final = "6c1d0a7e-3a58-4d2b-9b7b-2b3b0a2f7c03"
PLAN: Final = {
    "milestones": [
        {"id": FIRST, "title": "A draft", "weight": 1, "due": "2026-12-15"},
        {"id": SECOND, "title": "A text", "weight": 3, "due": "2027-05-15"},
    ]
}
STORY: Final[Story[Stage]] = Story(TODAY)


def on(month: int, day: int, year: int = 2027) -> datetime:
    """An hour at which every party is at work."""
    return datetime(year, month, day, 15, tzinfo=UTC)


OVER: Final = on(3, 1, 2028)
"""When everything has happened."""


def turning(name: str, at: datetime, *knowing: Audience) -> None:
    """The worker looks at the actions; everybody is told what of that is theirs."""

    async def turn(stage: Stage) -> None:
        await stage.turned()

    turn.__name__ = f"the worker turns {name}"
    STORY.step(*(knowing or EVERYBODY), at=at)(turn)


# --- Agreed, taken on, planned and reported on -----------------------------------------


@STORY.step(*JOINT)
async def actions_of_the_dialogue_are_agreed(stage: Stage) -> None:
    await opened(stage, "UKEU-2026-A01", owners=BOTH, due_date="2027-06-30")
    await opened(
        stage, "UKEU-2026-A02", owners=UK_OWNS, due_date="2027-03-31", text="Publish other guidance."
    )
    await opened(stage, "UKEU-2026-A03", owners=EU_OWNS, due_date="2027-01-04", basis="ports")
    await opened(stage, "UKEU-2026-A04", owners=BOTH, commitment="C5", text="Meet every year.")
    await opened(stage, "UKEU-2026-A05", owners=UK_OWNS, marking="TLP:AMBER", text="Exercise together.")
    await opened(stage, "UKEU-2026-A06", owners=EU_OWNS, text="Nobody takes it on.")
    await opened(stage, "UKEU-2026-A07", owners=UK_OWNS, text="To be given up.")


@STORY.step(*REVIEW)
async def actions_of_the_review_are_agreed(stage: Stage) -> None:
    await opened(stage, "UKUSCMR-2026-A01", owners=REVIEW_BOTH, due_date="2027-02-15", **REVIEW_OF)
    await opened(stage, "UKUSCMR-2026-A02", owners=REVIEW_BOTH, text="Train together.", **REVIEW_OF)
    alone = {"owners": UK_ALONE, "due_date": "2027-02-15", "text": "Write it down."}
    await opened(stage, "UKUSCMR-2026-A03", **alone, **REVIEW_OF)


@STORY.step(*UK_ONLY)
async def an_action_that_the_eu_may_not_see_is_agreed(stage: Stage) -> None:
    text = {"text": "Guidance for the UK alone.", "marking": "UK OFFICIAL"}
    for reference in ("UKEU-2026-U01", "UKEU-2026-U02"):
        await opened(stage, reference, owners=UK_OWNS, due_date="2027-01-04", basis="cables", **text)


@STORY.step(*REVIEW_UK)
async def an_action_that_the_us_may_not_see_is_agreed(stage: Stage) -> None:
    review = {**REVIEW_OF, "marking": "UK OFFICIAL"}
    await opened(stage, "UKUSCMR-2026-U01", owners=UK_ALONE, due_date="2027-01-04", **review)


@STORY.step(*JOINT)
async def owners_take_on_what_is_theirs(stage: Stage) -> None:
    for reference in ("UKEU-2026-A01", "UKEU-2026-A02", "UKEU-2026-A04", "UKEU-2026-A05"):
        await moved(stage, DSIT, reference, "accept")
    await moved(stage, DSIT, "UKEU-2026-A01", "lead-official", {"post": "Head of cyber"})
    await moved(stage, CNECT, "UKEU-2026-A03", "accept")
    await moved(stage, CNECT, "UKEU-2026-A06", "decline", {"reason": "It is not ours."})


@STORY.step(*REVIEW)
async def owners_take_on_what_is_of_the_review(stage: Stage) -> None:
    await moved(stage, STRATCOM, "UKUSCMR-2026-A01", "accept")
    await reported(stage, STRATCOM, "UKUSCMR-2026-A01", "AMBER", "People are missing.")
    await moved(stage, USCYBERCOM, "UKUSCMR-2026-A01", "block", {"reason": "A law is needed."})


@STORY.step(*REVIEW)
async def the_uk_works_at_what_the_us_is_only_told_of(stage: Stage) -> None:
    await moved(stage, STRATCOM, "UKUSCMR-2026-A03", "accept")
    await reported(stage, STRATCOM, "UKUSCMR-2026-A03", "AMBER", "It takes longer.")


@STORY.step(*JOINT)
async def it_is_said_whom_actions_are_for(stage: Stage) -> None:
    await moved(stage, DSIT, "UKEU-2026-A02", "beneficiaries", {"beneficiaries": ["CNECT", "Operators"]})


@STORY.step(*UK_ONLY)
async def the_uk_works_at_what_is_its_own(stage: Stage) -> None:
    await moved(stage, DSIT, "UKEU-2026-U01", "accept")
    await moved(stage, DSIT, "UKEU-2026-U01", "milestones", {"milestones": PLAN["milestones"][:1]})
    await reported(stage, DSIT, "UKEU-2026-U01", "RED", "It is late.")
    held = {"post": "Head of cyber", "subject": "dsit-owner"}
    await moved(stage, DSIT, "UKEU-2026-A01", "lead-official", held)


@STORY.step(*UK_ONLY)
async def it_is_said_for_the_uk_whom_its_own_are_for(stage: Stage) -> None:
    await moved(stage, DSIT, "UKEU-2026-U01", "beneficiaries", {"beneficiaries": ["NCSC", "CNECT"]})


@STORY.step(*REVIEW_UK)
async def the_uk_works_at_what_is_its_own_of_the_review(stage: Stage) -> None:
    await moved(stage, STRATCOM, "UKUSCMR-2026-U01", "accept")
    await reported(stage, STRATCOM, "UKUSCMR-2026-U01", "GREEN")


@STORY.step(*JOINT)
async def owners_plan_and_report(stage: Stage) -> None:
    await moved(stage, DSIT, "UKEU-2026-A01", "milestones", PLAN)
    await moved(stage, DSIT, "UKEU-2026-A01", f"milestones/{FIRST}/reach")
    depends = {"depends_on": [stage.held["UKEU-2026-A02"]]}
    await moved(stage, DSIT, "UKEU-2026-A01", "dependencies", depends)
    await reported(stage, DSIT, "UKEU-2026-A01", "GREEN")
    await reported(stage, CNECT, "UKEU-2026-A03", "AMBER", "Reviewers are late.")
    await moved(stage, DSIT, "UKEU-2026-A04", "review", {"finding": "It goes on."})


@STORY.step(*UK_ONLY)
async def what_the_uk_waits_for_alone(stage: Stage) -> None:
    """What an action waits for is told to all, but not of an action that some of them may not see."""
    depends = {"depends_on": [stage.held["UKEU-2026-A01"]]}
    await moved(stage, DSIT, "UKEU-2026-U01", "dependencies", depends)
    await proposed(stage, FCDO, "UKEU-2026-U01", "MOVE_DUE_DATE", due_date="2027-12-31")


@STORY.step(*JOINT)
async def what_no_party_does_alone_is_proposed(stage: Stage) -> None:
    name = await proposed(stage, DSIT, "UKEU-2026-A02", "MOVE_DUE_DATE", due_date="2027-05-31")
    await moved(stage, EEAS, "UKEU-2026-A02", f"proposals/{name}/accept")
    name = await proposed(stage, EEAS, "UKEU-2026-A03", "WITHDRAW")
    await moved(stage, FCDO, "UKEU-2026-A03", f"proposals/{name}/refuse", {"reason": "No."})
    name = await proposed(stage, FCDO, "UKEU-2026-A07", "SUPERSEDE", successor="UKEU-2026-A02")
    await moved(stage, EEAS, "UKEU-2026-A07", f"proposals/{name}/accept")
    await proposed(stage, EEAS, "UKEU-2026-A01", "CLOSE_NOT_IMPLEMENTED")


# --- Evidence -----------------------------------------


@STORY.step(*JOINT)
async def evidence_for_all_is_shown(stage: Stage) -> None:
    await shown(stage, DSIT, "UKEU-2026-A01", "the joint page")
    await shown(stage, CNECT, "UKEU-2026-A01", "the joint numbers", expires_on="2027-02-10")
    await revised(stage, DSIT, "the joint page")


@STORY.step(*UK_ONLY)
async def evidence_for_the_uk_is_shown(stage: Stage) -> None:
    same = {"uri": "https://www.example.org/more", "digest": f"sha256:{'0' * 64}"}
    await shown(stage, DSIT, "UKEU-2026-A01", "what others show too", marking="UK OFFICIAL", **same)
    await shown(stage, DSIT, "UKEU-2026-A01", "the page of the UK", marking="UK OFFICIAL")
    await shown(stage, NCSC, "UKEU-2026-A01", "what the UK took back", marking="UK OFFICIAL")
    await revised(stage, DSIT, "the page of the UK", marking="UK OFFICIAL")
    await taken_back(stage, NCSC, "what the UK took back", 1)
    await shown(stage, DSIT, "UKEU-2026-U01", "the page of its own", marking="UK OFFICIAL")
    await shown(stage, DSIT, "UKEU-2026-A05", "what the UK has before", marking="UK OFFICIAL")


@STORY.step(*JOINT)
async def evidence_is_agreed_to_be_shown(stage: Stage) -> None:
    wanted = {"id": EXPECTED, "kind": "DOCUMENTARY", "wording": "The page.", "due": "2027-01-20"}
    name = await proposed(stage, DSIT, "UKEU-2026-A01", "EXPECT_EVIDENCE", expected_evidence=[wanted])
    await moved(stage, EEAS, "UKEU-2026-A01", f"proposals/{name}/accept")


@STORY.step(*UK_ONLY)
async def the_uk_shows_itself_what_was_agreed_to_be_shown(stage: Stage) -> None:
    """It answers nothing that is joint, and its end tells nobody."""
    only = {"marking": "UK OFFICIAL", "answers": [EXPECTED]}
    await shown(stage, DSIT, "UKEU-2026-A01", "the page early", expires_on="2027-01-10", **only)


@STORY.step(*EU_ONLY)
async def evidence_for_the_eu_is_shown(stage: Stage) -> None:
    await shown(stage, CNECT, "UKEU-2026-A01", "the page of the EU", marking="LIMITE")


@STORY.step(*REVIEW)
async def evidence_of_the_review_is_shown(stage: Stage) -> None:
    await shown(stage, STRATCOM, "UKUSCMR-2026-A01", "the plan", marking="TLP:AMBER")


@STORY.step(*REVIEW_UK)
async def evidence_for_the_uk_in_the_review_is_shown(stage: Stage) -> None:
    await shown(stage, STRATCOM, "UKUSCMR-2026-A01", "the plan of the UK", marking="UK OFFICIAL")
    await shown(stage, STRATCOM, "UKUSCMR-2026-A03", "what is written so far", marking="UK OFFICIAL")
    await taken_back(stage, STRATCOM, "what is written so far", 1)


@STORY.step(*JOINT)
async def completion_is_claimed_rejected_and_confirmed(stage: Stage) -> None:
    await reported(stage, DSIT, "UKEU-2026-A05", "GREEN")
    await shown(stage, DSIT, "UKEU-2026-A05", "the exercise")
    await moved(stage, DSIT, "UKEU-2026-A05", "completion-claim", {"evidence": []})
    await moved(stage, EEAS, "UKEU-2026-A05", "reject", {"reason": "We were not there."})
    await revised(stage, DSIT, "the exercise")
    await moved(stage, DSIT, "UKEU-2026-A05", "completion-claim", {"evidence": [], "narrative": "Again."})


@STORY.step(*UK_ONLY)
async def the_uk_shows_itself_more_while_the_claim_waits(stage: Stage) -> None:
    """It neither upsets the claim nor has to be looked at by who confirms."""
    await shown(stage, NCSC, "UKEU-2026-A05", "what the UK has besides", marking="UK OFFICIAL")


@STORY.step(*JOINT)
async def the_claim_is_confirmed(stage: Stage) -> None:
    await moved(stage, EEAS, "UKEU-2026-A05", "confirm")


@STORY.step(*UK_ONLY)
async def the_uk_takes_back_what_did_not_count(stage: Stage) -> None:
    await taken_back(stage, NCSC, "what the UK has besides", 1)


@STORY.step(*JOINT)
async def a_claim_is_left_waiting(stage: Stage) -> None:
    """For the questions."""
    await reported(stage, DSIT, "UKEU-2026-A02", "AMBER", "Almost.")
    await shown(stage, DSIT, "UKEU-2026-A02", "the other page")
    await moved(stage, DSIT, "UKEU-2026-A02", "completion-claim", {"evidence": []})
    await revised(stage, DSIT, "the other page")


@STORY.step(*UK_ONLY)
async def the_uk_shows_itself_more_while_another_claim_waits(stage: Stage) -> None:
    await shown(stage, DSIT, "UKEU-2026-A02", "the other page of the UK", marking="UK OFFICIAL")


# --- Time goes by: ladders, rounds, what is withdrawn -----------------------------------------

turning("as the year begins", on(1, 6))
turning("as a round opens", on(1, 12))


@STORY.step(*JOINT, at=on(1, 13))
async def owners_answer_the_round(stage: Stage) -> None:
    await reported(stage, DSIT, "UKEU-2026-A01", "AMBER", "It is later now.")
    fix = {"rag": "RED", "narrative": "It is worse.", "reason": "A figure was wrong."}
    await moved(stage, DSIT, "UKEU-2026-A01", "progress/corrections", fix)


@STORY.step(*UK_ONLY, at=on(1, 13))
async def the_uk_answers_of_its_own(stage: Stage) -> None:
    await reported(stage, DSIT, "UKEU-2026-U01", "AMBER", "It is better.")
    fix = {"rag": "GREEN", "narrative": "", "reason": "Better still."}
    await moved(stage, DSIT, "UKEU-2026-U01", "progress/corrections", fix)


turning("as owners are reminded", on(1, 20))
turning("as updates are due", on(1, 28))


@STORY.step(*UK_ONLY, at=on(1, 29))
async def the_uk_takes_note_of_what_it_was_told(stage: Stage) -> None:
    await acknowledged(stage, DSIT, "uk-eu")


@STORY.step(*EU_ONLY, at=on(1, 29))
async def the_eu_takes_note_of_what_it_was_told(stage: Stage) -> None:
    await acknowledged(stage, CNECT, "uk-eu")
    await acknowledged(stage, EEAS, "uk-eu")


turning("as the round closes", on(2, 5))


@STORY.step(*JOINT, *REVIEW, at=on(2, 6))
async def an_assessment_that_all_rest_on_is_revised(stage: Stage) -> None:
    await judged(stage, "water", Standing.REPLACED)


@STORY.step(*JOINT, at=on(2, 6))
async def an_assessment_is_withdrawn(stage: Stage) -> None:
    await judged(stage, "ports", Standing.WITHDRAWN)


@STORY.step(*UK_ONLY, at=on(2, 6))
async def an_assessment_that_is_the_uks_own_is_withdrawn(stage: Stage) -> None:
    await judged(stage, "cables", Standing.WITHDRAWN)


turning("as a round of the review opens", on(2, 10))


@STORY.step(*REVIEW, at=on(2, 11))
async def the_review_goes_on(stage: Stage) -> None:
    await moved(stage, USCYBERCOM, "UKUSCMR-2026-A01", "unblock")
    await reported(stage, USCYBERCOM, "UKUSCMR-2026-A01", "AMBER", "The law is there.")
    await moved(stage, STRATCOM, "UKUSCMR-2026-A02", "accept")


turning("after the review was due", on(3, 2))


@STORY.step(*REVIEW_US, at=on(3, 3))
async def the_us_takes_note(stage: Stage) -> None:
    await acknowledged(stage, USCYBERCOM, "uk-us-cmr")


turning("a year after the closure", on(2, 1, 2028))


@STORY.step(*JOINT, at=on(2, 2, 2028))
async def what_was_closed_is_looked_at(stage: Stage) -> None:
    found = {"finding": "Nobody uses it.", "sustained": False}
    await moved(stage, DSIT, "UKEU-2026-A05", "closure-review", found)
    name = await proposed(stage, FCDO_CHAIR, "UKEU-2026-A05", "REOPEN", meeting_id="meeting")
    await moved(stage, EEAS_CHAIR, "UKEU-2026-A05", f"proposals/{name}/accept")


@STORY.step(*UK_ONLY, at=on(2, 3, 2028))
async def the_uk_reads_of_its_own(stage: Stage) -> None:
    await met(stage, FCDO, "uk-eu")


@STORY.step(*JOINT, at=on(2, 3, 2028))
async def the_eu_reads(stage: Stage) -> None:
    await met(stage, EEAS, "uk-eu")


@STORY.step(*REVIEW, at=on(2, 3, 2028))
async def the_us_reads(stage: Stage) -> None:
    await met(stage, NSA, "uk-us-cmr")
