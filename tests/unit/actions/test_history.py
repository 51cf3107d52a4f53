"""A change is told to those only who may see something of it."""

from dataclasses import replace

from services.actions.domain.history import Change, changes
from tests.support.actions import ACTION_ID, AT, claimed, evidence, in_progress


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


def test_a_claim_stays_told_without_the_evidence_that_is_hidden() -> None:
    before, after = in_progress(), claimed()
    change = Change(ACTION_ID, AT, "action.completion-claimed", "dsit-owner", "UK", changes(before, after))
    seen = change.seen([])
    assert seen is not None
    assert "evidence" not in {entry.field for entry in seen.fields}
    assert "state" in {entry.field for entry in seen.fields}
