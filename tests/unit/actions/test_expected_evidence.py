"""What is expected to be shown is met, expired or missing by one table, and closure waits for it."""

from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.actions.domain.action import Action
from services.actions.domain.evidence import Evidence, evidence_digest
from services.actions.domain.expected_evidence import (
    MOST_EXPECTED,
    ExpectedEvidence,
    Presence,
    agreed_anew,
    expectations,
    require_answerable,
)
from services.actions.domain.owners import Objection, Signature
from services.actions.domain.proposals import ProposalKind, Terms
from services.actions.domain.refusals import (
    ExpectedEvidenceMissing,
    ExpectedEvidenceWrong,
    NotExpected,
    ProposalPending,
)
from services.kernel.evidence import EvidenceKind
from services.kernel.refusals import InvalidValue
from tests.support.actions import (
    AT,
    CLOSURE_ID,
    CNECT,
    DSIT,
    EXPECTED_ID,
    UK_EU,
    UK_OWNS,
    evidence,
    expected,
    in_progress,
)

TODAY = AT.date()
LATER = AT + timedelta(days=200)
PROPOSAL = UUID(int=7)
ITEMS = st.builds(
    evidence,
    id=st.uuids(),
    kind=st.sampled_from([EvidenceKind.DOCUMENTARY, EvidenceKind.PHYSICAL]),
    party=st.sampled_from(UK_EU),
    answers=st.sampled_from([(), (EXPECTED_ID,), (UUID(int=1), EXPECTED_ID)]),
    expires_on=st.sampled_from([None, TODAY, TODAY + timedelta(days=1)]),
    withdrawn=st.sampled_from([None, Objection(Signature.of(DSIT, AT), "Wrong.")]),
)


@given(
    items=st.lists(ITEMS, max_size=4),
    party=st.sampled_from(["", "UK", "EU"]),
    due=st.sampled_from([TODAY, TODAY - timedelta(days=1)]),
    hidden=st.booleans(),
)
def test_what_is_expected_is_there_where_something_of_its_kind_and_party_stands(
    items: list[Evidence], party: str, due: date, hidden: bool
) -> None:
    """Counted by hand: what answers, what of that is not taken back, what of that stands."""
    wanted = expected(party=party, due=due)
    shown = {item.id for item in items[hidden:]}
    (found,) = expectations([wanted], items, TODAY, shown)
    fits = [
        item
        for item in items[hidden:]
        if EXPECTED_ID in item.answers and item.kind == "DOCUMENTARY" and party in ("", item.party)
    ]
    kept = [item for item in fits if not item.withdrawn]
    stands = [item for item in kept if not item.expires_on or item.expires_on > TODAY]
    assert found.presence.value == ("MET" if stands else "EXPIRED" if kept else "MISSING")
    assert found.late is (not stands and due < TODAY)
    assert set(found.shown) == {item.id for item in fits}


def agreed_upon(*wanted: ExpectedEvidence, action: Action | None = None) -> Action:
    terms = Terms(ProposalKind.EXPECT_EVIDENCE, "To be sure.", expected=wanted)
    waits = (action or in_progress()).proposed(terms, DSIT, UK_EU, PROPOSAL, AT)
    assert waits.expected == (action or in_progress()).expected
    return waits.proposal_accepted(PROPOSAL, CNECT, UK_EU, AT)


def test_owners_agree_on_it_and_another_day_leaves_the_one_agreed_first() -> None:
    first = agreed_upon(expected())
    (one,) = first.expected
    later = agreed_upon(expected(due=date(2028, 1, 1)), expected(id=UUID(int=2)), action=first)
    assert (one.due, one.promised) == (date(2027, 5, 31), date(2027, 5, 31))
    assert [(entry.due, entry.promised) for entry in later.expected] == [
        (date(2028, 1, 1), date(2027, 5, 31)),
        (date(2027, 5, 31), date(2027, 5, 31)),
    ]
    assert not first.proposals
    assert agreed_upon(action=first).expected == ()


def test_completion_is_neither_claimed_nor_confirmed_without_it() -> None:
    action = agreed_upon(expected(), expected(id=UUID(int=2), party="EU"))
    lacking = evidence(answers=(EXPECTED_ID,), expires_on=date(2027, 1, 1))
    with pytest.raises(ExpectedEvidenceMissing) as refused:
        action.claimed([lacking], "", DSIT, AT)
    assert refused.value.metadata["expected"] == f"{UUID(int=2)} MISSING"
    theirs = evidence(id=UUID(int=3), party="EU", organisation="EEAS", answers=(UUID(int=2),))
    waits = action.claimed([lacking, theirs], "", DSIT, AT)
    assert waits.confirmed(CNECT, UK_EU, CLOSURE_ID, AT).closure_id == CLOSURE_ID
    with pytest.raises(ExpectedEvidenceMissing) as refused:
        action.claimed([lacking, theirs], "", DSIT, AT, shown={lacking.id})
    with pytest.raises(ExpectedEvidenceMissing) as refused:
        waits.confirmed(CNECT, UK_EU, CLOSURE_ID, LATER, seen=evidence_digest([theirs.identity]))
    assert refused.value.metadata["expected"] == f"{EXPECTED_ID} EXPIRED"


def test_a_claim_takes_what_was_proposed_from_the_table() -> None:
    terms = Terms(ProposalKind.EXPECT_EVIDENCE, "More.", expected=(expected(),))
    waits = in_progress().proposed(terms, DSIT, UK_EU, PROPOSAL, AT)
    with pytest.raises(ProposalPending):
        waits.proposed(terms, CNECT, UK_EU, UUID(int=8), AT)
    assert waits.claimed([evidence()], "", DSIT, AT).proposals == ()


@pytest.mark.parametrize(
    ("wanted", "pointer"),
    [
        ([expected(party="EU")], "/0/party"),
        ([expected(), expected()], ""),
        ([expected(due=TODAY - timedelta(days=1))], "/0/due"),
        ([expected(id=UUID(int=n)) for n in range(MOST_EXPECTED + 1)], ""),
        ([expected(), expected(id=UUID(int=2), wording=" ")], "/1/wording"),
        ([expected(wording="a\x00b")], "/0/wording"),
        ([expected(wording="x" * 2_001)], "/0/wording"),
        ([], ""),
    ],
)
def test_what_cannot_be_expected_is_refused(wanted: list[ExpectedEvidence], pointer: str) -> None:
    terms = Terms(ProposalKind.EXPECT_EVIDENCE, "So.", expected=tuple(wanted))
    with pytest.raises((ExpectedEvidenceWrong, InvalidValue)) as refused:
        in_progress(owners=UK_OWNS).proposed(terms, DSIT, UK_EU, PROPOSAL, AT)
    assert refused.value.pointer == f"/expected_evidence{pointer}"


def test_other_proposals_expect_nothing() -> None:
    terms = Terms(ProposalKind.WITHDRAW, "So.", expected=(expected(wording="\x00"),))
    (proposal,) = in_progress().proposed(terms, DSIT, UK_EU, PROPOSAL, AT).proposals
    assert proposal.terms.expected == ()


@pytest.mark.parametrize(
    "changes",
    [{"answers": (UUID(int=1),)}, {"kind": EvidenceKind.PHYSICAL}, {"party": "EU"}],
    ids=["unknown", "of another kind", "of another party"],
)
def test_an_item_answers_only_what_is_expected_of_it(changes: dict[str, object]) -> None:
    held = agreed_anew((), [expected(party="UK")], owning=UK_EU, agreed_on=TODAY)
    require_answerable(held, evidence(answers=(EXPECTED_ID,)), "")
    with pytest.raises(NotExpected) as refused:
        require_answerable(held, evidence(**{"answers": (EXPECTED_ID,), **changes}), "/evidence/3")
    assert refused.value.pointer == "/evidence/3/answers/0"


def test_what_expired_is_noted_once_and_is_no_sign_of_life() -> None:
    joint = evidence(expires_on=TODAY + timedelta(days=10))
    own = evidence(id=UUID(int=3), expires_on=TODAY + timedelta(days=5))
    action = replace(in_progress(), evidence=(joint, own))

    def noted(one: Action, days: int) -> Action:
        return one.expiries_noted(AT + timedelta(days=days), {joint.id})

    alone = noted(action, 6)
    assert (alone.version, alone.expiries_noted_on) == (action.version, TODAY + timedelta(days=6))
    both = noted(alone, 10)
    assert (both.version, both.changed_at) == (action.version + 1, action.changed_at)
    assert noted(both, 11).version == both.version
    assert noted(action, 10).version == action.version + 1


@given(days=st.integers(0, 400))
def test_presence_is_one_of_the_table(days: int) -> None:
    (found,) = expectations([expected()], [evidence()], TODAY + timedelta(days=days))
    assert (found.presence, found.late) == (Presence.MISSING, TODAY + timedelta(days=days) > expected().due)
