"""A change is told, to those only who may see something of it."""

from dataclasses import replace
from datetime import date

from services.actions.domain.action import Action
from services.actions.domain.history import Change, FieldChange, changes
from services.actions.domain.owners import Objection, Signature
from services.actions.domain.proposals import ProposalKind, Terms
from services.actions.domain.states import State
from tests.support.actions import (
    ACTION_ID,
    AT,
    CLOSURE_ID,
    CNECT,
    DSIT,
    claimed,
    evidence,
    expected,
    in_progress,
)


def test_a_change_of_what_is_hidden_leaves_no_entry() -> None:
    before = claimed()
    other = evidence(id=ACTION_ID, marking="UK OFFICIAL")
    shown = replace(before, evidence=(*before.evidence, other))
    change = Change(ACTION_ID, AT, "action.evidence-provided", "dsit-owner", "UK", changes(before, shown))
    assert change.seen([item.id for item in before.evidence]) is None
    assert change.seen([other.id]) == change


def test_a_version_that_differs_in_nothing_that_is_shown_to_all_leaves_no_entry() -> None:
    before = claimed()
    revised = replace(before, evidence=(replace(before.evidence[0], title="Another"),), version=9)
    change = Change(ACTION_ID, AT, "action.evidence-revised", "dsit-owner", "UK", changes(before, revised))
    assert change.seen([before.evidence[0].id]) is None


def test_what_becomes_of_evidence_is_told_of_each_revision() -> None:
    before = claimed(evidence=())
    (item,) = before.evidence
    ending = replace(item, expires_on=AT.date())
    gone = replace(ending, withdrawn=Objection(Signature.of(DSIT, AT), "Miscounted."))
    noted = {"expiries_noted_on": AT.date()}

    def told(one: Action, other: Action) -> FieldChange:
        (found,) = changes(one, other)
        return found

    at_first = f"{item.id} revision 1"
    assert told(before, replace(before, evidence=(replace(item, revision=2),))) == FieldChange(
        "evidence", (at_first,), (f"{item.id} revision 2",)
    )
    assert told(before, replace(before, evidence=(ending,), **noted)) == FieldChange(
        "evidence", (at_first,), (f"{at_first}, expired on {AT.date()}",)
    )
    assert told(before, replace(before, evidence=(gone,), **noted)) == FieldChange(
        "evidence", (at_first,), (f"{at_first}, withdrawn: Miscounted.",)
    )


def test_what_is_expected_to_be_shown_is_told() -> None:
    before = in_progress()
    (told,) = changes(before, replace(before, expected=(expected(),)))
    assert told.after == ("DOCUMENTARY of any owning party by 2027-05-31: The guidance as published.",)


def test_a_claim_stays_told_without_the_evidence_that_is_hidden() -> None:
    before, after = in_progress(), claimed()
    change = Change(ACTION_ID, AT, "action.completion-claimed", "dsit-owner", "UK", changes(before, after))
    seen = change.seen([])
    assert seen is not None
    assert "evidence" not in {entry.field for entry in seen.fields}
    assert "state" in {entry.field for entry in seen.fields}


def test_whom_it_is_for_is_told() -> None:
    before = in_progress()
    (told,) = changes(before, before.benefiting(["Water operators"], DSIT, AT))
    assert told == FieldChange("beneficiaries", (), ("Water operators",))


def test_a_look_at_what_was_closed_is_told() -> None:
    closed = replace(claimed(), state=State.CLOSED, review_on=AT.date())
    (told,) = changes(closed, closed.closure_reviewed("The tool is idle.", DSIT, AT, sustained=False))
    assert (told.field, told.before) == ("closure_reviews", ())
    assert told.after[0].endswith("not sustained: The tool is idle.")


def test_a_party_that_accepts_what_others_still_have_to_is_told() -> None:
    terms = Terms(ProposalKind.MOVE_DUE_DATE, "The tender is late.", due_date=date(2028, 1, 1))
    asked = ("UK", "EU", "US")
    waits = in_progress().proposed(terms, DSIT, asked, CLOSURE_ID, AT)
    (told,) = changes(waits, waits.proposal_accepted(CLOSURE_ID, CNECT, asked, AT))
    assert told.field == "proposals"
    assert told.after == (f"{told.before[0]}; accepted by EU CNECT {CNECT.subject}",)
