"""The rules of an action: who may do what, and what must be said with it."""

from dataclasses import replace

import pytest

from services.actions.domain.action import Action, Rag
from services.actions.domain.basis import AssessmentStanding, BasisState, Standing
from services.actions.domain.owners import Owner
from services.actions.domain.refusals import (
    ClaimantCannotConfirm,
    ConfirmationNotAwaited,
    EvidenceMissing,
    IllegalMove,
    NarrativeMissing,
    NotAccountable,
)
from services.actions.domain.states import State
from services.kernel.parties import Reader, Role
from services.kernel.refusals import InvalidValue
from tests.support.actions import (
    ASSESSMENT_ID,
    AT,
    CLOSURE_ID,
    CNECT,
    DSIT,
    EEAS,
    FCDO,
    UK_EU,
    UK_OWNS,
    agreed,
    claimed,
    evidence,
    in_progress,
    reader,
)


def confirm(action: Action, by: Reader) -> Action:
    return action.confirmed(by, UK_EU, CLOSURE_ID, AT)


def test_a_straight_way_leads_from_agreement_to_closure() -> None:
    action = confirm(claimed(), CNECT)
    assert (action.state, action.closure_id, action.closed_at) == (State.CLOSED, CLOSURE_ID, AT)
    assert [entry.party for entry in action.confirmations] == ["EU"]
    assert action.version == 5


def test_text_hash_and_original_due_date_are_the_same_at_the_end() -> None:
    first, last = agreed(), confirm(claimed(), CNECT)
    for name in ("text", "content_hash", "original_due_date", "owners", "outcome_id"):
        assert getattr(first, name) == getattr(last, name)


@pytest.mark.parametrize("who", [FCDO, EEAS, reader("NCSC", "UK", Role.OWNER)])
def test_only_an_accountable_organisation_accepts_reports_and_claims(who: Reader) -> None:
    with pytest.raises(NotAccountable):
        agreed(owners=UK_OWNS).accepted(who, AT)
    with pytest.raises(NotAccountable):
        in_progress(owners=UK_OWNS).reported(Rag.GREEN, "", who, AT)
    with pytest.raises(NotAccountable):
        in_progress(owners=UK_OWNS).claimed([evidence()], "", who, AT)


def test_an_action_is_accepted_once() -> None:
    with pytest.raises(IllegalMove):
        agreed().accepted(DSIT, AT).accepted(CNECT, AT)


@pytest.mark.parametrize("rag", [Rag.AMBER, Rag.RED])
@pytest.mark.parametrize("narrative", ["", "   "])
def test_amber_and_red_need_a_narrative(rag: Rag, narrative: str) -> None:
    with pytest.raises(NarrativeMissing) as refused:
        in_progress().reported(rag, narrative, DSIT, AT)
    assert refused.value.pointer == "/narrative"


def test_green_needs_none() -> None:
    assert in_progress().reported(Rag.GREEN, "", DSIT, AT).rag is Rag.GREEN


@pytest.mark.parametrize("narrative", ["x" * 4_001, "a\x00b", "a\x1bb", "\ud800"])
def test_a_narrative_that_cannot_be_stored_or_shown_is_refused(narrative: str) -> None:
    with pytest.raises(InvalidValue):
        in_progress().reported(Rag.RED, narrative, DSIT, AT)


def test_a_claim_needs_evidence() -> None:
    with pytest.raises(EvidenceMissing) as refused:
        in_progress().claimed([], "Trust us.", DSIT, AT)
    assert refused.value.pointer == "/evidence"


def test_the_claimant_never_confirms_nor_rejects() -> None:
    turncoat = reader("CNECT", "EU", Role.OWNER, subject=DSIT.subject)
    for who in (DSIT, turncoat):
        with pytest.raises(ClaimantCannotConfirm):
            confirm(claimed(), who)
        with pytest.raises(ClaimantCannotConfirm):
            claimed().rejected("no", who, UK_EU, AT)


def test_another_official_of_the_claimants_party_does_not_count() -> None:
    with pytest.raises(ConfirmationNotAwaited):
        confirm(claimed(), FCDO)


def test_where_the_claimants_party_is_the_only_owner_another_party_confirms() -> None:
    action = claimed(owners=UK_OWNS)
    assert confirm(action, EEAS).state is State.CLOSED


def test_every_other_owning_party_confirms() -> None:
    parties = ("UK", "EU", "US")
    nsa = reader("NSA", "US", Role.OWNER)
    three = (*agreed().owners, Owner("US", "NSA", accountable=True))
    action = claimed(owners=three).confirmed(CNECT, parties, CLOSURE_ID, AT)
    assert (action.state, action.closure_id) == (State.COMPLETION_CLAIMED, None)
    with pytest.raises(ConfirmationNotAwaited):
        action.confirmed(EEAS, parties, CLOSURE_ID, AT)
    assert action.confirmed(nsa, parties, CLOSURE_ID, AT).state is State.CLOSED


def test_a_rejection_sends_the_work_back_and_says_why() -> None:
    action = claimed().rejected("The annex is missing.", EEAS, UK_EU, AT)
    assert (action.state, action.claim, action.confirmations) == (State.IN_PROGRESS, None, ())
    assert action.rejection is not None
    assert action.rejection.reason == "The annex is missing."
    again = action.claimed([evidence()], "", DSIT, AT)
    assert (again.rejection, len(again.evidence)) == (None, 2)


def test_a_closed_action_is_neither_confirmed_nor_rejected_nor_reported_on() -> None:
    closed = confirm(claimed(), CNECT)
    with pytest.raises(IllegalMove):
        confirm(closed, EEAS)
    with pytest.raises(IllegalMove):
        closed.rejected("late", EEAS, UK_EU, AT)
    with pytest.raises(IllegalMove):
        closed.reported(Rag.GREEN, "", DSIT, AT)


@pytest.mark.parametrize(
    ("standing", "revision", "expected"),
    [
        (Standing.UNKNOWN, 0, BasisState.CURRENT),
        (Standing.IN_FORCE, 1, BasisState.CURRENT),
        (Standing.IN_FORCE, 2, BasisState.STALE),
        (Standing.REPLACED, 1, BasisState.STALE),
        (Standing.LAPSED, 1, BasisState.STALE),
        (Standing.WITHDRAWN, 1, BasisState.WITHDRAWN),
        (Standing.WITHDRAWN, 2, BasisState.WITHDRAWN),
    ],
)
def test_the_basis_follows_its_assessment(standing: Standing, revision: int, expected: BasisState) -> None:
    known = {ASSESSMENT_ID: AssessmentStanding(ASSESSMENT_ID, standing, revision, 3)}
    assert [entry.state for entry in agreed().rebased(known, AT).basis] == [expected]


def test_an_action_whose_basis_stays_the_same_is_not_a_new_version() -> None:
    action = agreed()
    assert action.rebased({}, AT) is action
    known = {ASSESSMENT_ID: AssessmentStanding(ASSESSMENT_ID, Standing.IN_FORCE, 1, 3)}
    assert action.rebased(known, AT) is action
    assert replace(action, basis=()).rebased(known, AT).version == 1
