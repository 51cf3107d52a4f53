"""Each kind of outcome needs its parts; an action has all five of its own."""

import itertools
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from services.agenda.domain.action_text import ActionText, ExpectedEvidence, Owner
from services.agenda.domain.legal_clearance import (
    LegalClearance,
    is_refused,
    require_cleared,
    require_legal_adviser,
)
from services.agenda.domain.outcome import Addressee, OutcomeContent, conclude, next_edition
from services.agenda.domain.outcome_kinds import (
    KIND_RULES,
    Need,
    OutcomeKind,
    OutcomePart,
    check_parts,
)
from services.agenda.domain.refusals import LegalClearanceMissing, NotTheLegalAdviser
from services.kernel.evidence import EvidenceKind
from services.kernel.policy import Policy
from services.kernel.refusals import Refusal
from tests.support.agenda import AGENDA_ID, OUTCOME_ID, POLICY, meeting, tabled_item

SERIES = POLICY.get_series("uk-eu")
LEGAL = replace(SERIES, legal_clearance={"UK": ("FCDO",)})
ACTION = ActionText(
    text="Publish joint guidance.",
    guidance="One text for both sides.",
    owners=(Owner("UK", "DSIT", accountable=True),),
    due_date=date(2027, 6, 30),
    commitment="C3",
)
SHOWN = ExpectedEvidence(EvidenceKind.DOCUMENTARY, "The guidance as published.", "UK", date(2027, 5, 31))
CONTENT = OutcomeContent(OutcomeKind.CONCLUDED, "The parties will publish.", "TLP:GREEN")

# The parts of each kind, written out anew: needed, and possible besides.
EXPECTED = {
    "CONCLUDED": ({"conclusion"}, {"action"}),
    "NOTED": ({"conclusion"}, set()),
    "DEFERRED": ({"reason"}, {"conclusion", "deferred_to"}),
    "NOT_REACHED": (set(), {"conclusion", "reason"}),
    "WITHDRAWN": ({"reason"}, {"conclusion"}),
    "GUIDANCE": ({"conclusion", "addressees"}, {"action"}),
}


def concluded(content: OutcomeContent, policy: Policy = POLICY) -> Any:
    return conclude(
        id=OUTCOME_ID,
        version=1,
        meeting=meeting(),
        agenda_id=AGENDA_ID,
        item=tabled_item(),
        content=content,
        action_reference="UKEU-2026-A01",
        series=SERIES,
        policy=policy,
        at=datetime(2026, 12, 20, 12, tzinfo=UTC),
    )


def test_every_kind_says_of_every_part_whether_it_needs_it() -> None:
    assert set(KIND_RULES) == set(OutcomeKind)
    assert all(set(row) == set(OutcomePart) for row in KIND_RULES.values())
    assert {need for row in KIND_RULES.values() for need in row.values()} == set(Need)


@pytest.mark.parametrize("kind", OutcomeKind)
def test_an_outcome_is_taken_exactly_with_the_parts_of_its_kind(kind: OutcomeKind) -> None:
    needed, possible = EXPECTED[kind.value]
    parts = list(OutcomePart)
    for chosen in itertools.chain.from_iterable(
        itertools.combinations(parts, size) for size in range(len(parts) + 1)
    ):
        names = {part.value for part in chosen}
        if needed <= names <= needed | possible:
            check_parts(kind, chosen)
            continue
        with pytest.raises(Refusal) as refused:
            check_parts(kind, chosen)
        missing = needed - names
        expected = "OUTCOME_PART_MISSING" if missing else "OUTCOME_PART_REFUSED"
        if not missing or not names - needed - possible:
            assert refused.value.reason == expected
        assert refused.value.pointer is not None
        assert refused.value.pointer.removeprefix("/") in missing | (names - needed - possible)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"text": " "}, "ACTION_TEXT_INCOMPLETE"),
        ({"guidance": ""}, "ACTION_TEXT_INCOMPLETE"),
        ({"due_date": None}, "ACTION_TEXT_INCOMPLETE"),
        ({"owners": ()}, "ACCOUNTABLE_OWNER_WRONG"),
        ({"due_date": date(2026, 12, 8)}, "DUE_DATE_BEFORE_MEETING"),
        ({"review_date": date(2027, 6, 30)}, "REVIEW_DATE_WRONG"),
        ({"commitment": "C5"}, "REVIEW_DATE_WRONG"),
        ({"commitment": "C5", "review_date": date(2027, 6, 30)}, "REVIEW_DATE_WRONG"),
        ({"commitment": "C5", "due_date": None}, "REVIEW_DATE_WRONG"),
        (
            {"commitment": "C5", "due_date": None, "review_date": date(2026, 12, 8)},
            "DUE_DATE_BEFORE_MEETING",
        ),
        ({"commitment": "C99"}, "COMMITMENT_UNKNOWN"),
        ({"expected": (replace(SHOWN, party="EU"),)}, "EXPECTED_EVIDENCE_WRONG"),
        ({"expected": (replace(SHOWN, wording=" "),)}, "EXPECTED_EVIDENCE_WRONG"),
        ({"expected": (replace(SHOWN, wording="x" * 2_001),)}, "EXPECTED_EVIDENCE_WRONG"),
        ({"expected": (SHOWN, replace(SHOWN, due=date(2026, 12, 8)))}, "EXPECTED_EVIDENCE_WRONG"),
    ],
)
def test_an_action_without_one_of_its_parts(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(Refusal) as refused:
        concluded(replace(CONTENT, action=replace(ACTION, **changes)))
    assert refused.value.reason == reason


def test_an_action_under_a_standing_commitment_is_reviewed_instead_of_falling_due() -> None:
    action = replace(ACTION, commitment="C5", due_date=None, review_date=date(2027, 11, 1))
    plan = concluded(replace(CONTENT, action=action)).action
    assert (plan.content.due_date, plan.content.review_date) == (None, date(2027, 11, 1))
    assert plan.source == "UKEU-2026 item 1"


@pytest.mark.parametrize(
    ("addressees", "reason"),
    [
        ((Addressee("US", "NSA"),), "NOT_A_PARTY"),
        ((Addressee("UK", "ENISA"),), "ORGANISATION_OF_ANOTHER_PARTY"),
        ((Addressee("UK", "NOBODY"),), "ORGANISATION_UNKNOWN"),
        ((Addressee("UK", "NCSC"), Addressee("UK", "NCSC")), "ADDRESSEE_WRONG"),
    ],
)
def test_guidance_to_somebody_who_is_not_there(addressees: tuple[Addressee, ...], reason: str) -> None:
    with pytest.raises(Refusal) as refused:
        concluded(replace(CONTENT, kind=OutcomeKind.GUIDANCE, addressees=addressees))
    assert refused.value.reason == reason


@pytest.mark.parametrize("edition", [2025, 2026])
def test_nothing_is_deferred_to_an_edition_that_is_not_later(edition: int) -> None:
    content = replace(CONTENT, kind=OutcomeKind.DEFERRED, reason="No time.", deferred_to=edition)
    with pytest.raises(Refusal) as refused:
        concluded(content)
    assert refused.value.reason == "DEFERRED_TO_THE_PAST"


def test_guidance_is_reviewed_at_the_next_edition_and_nothing_else_is() -> None:
    content = replace(CONTENT, kind=OutcomeKind.GUIDANCE, addressees=(Addressee("UK", "NCSC"),))
    assert concluded(content).review_edition == 2027
    assert concluded(CONTENT).review_edition is None
    assert [next_edition(2026, replace(SERIES, cadence_months=months)) for months in (6, 12, 24)] == [
        2027,
        2027,
        2028,
    ]


def test_only_the_named_organisation_of_the_party_clears() -> None:
    require_legal_adviser(LEGAL, "UK", "FCDO")
    for series, party, organisation in (
        (LEGAL, "UK", "DSIT"),
        (LEGAL, "EU", "FCDO"),
        (SERIES, "UK", "FCDO"),
    ):
        with pytest.raises(NotTheLegalAdviser):
            require_legal_adviser(series, party, organisation)


def test_a_party_signs_only_what_its_own_advisers_cleared_word_for_word() -> None:
    given = LegalClearance("UK", "FCDO", "sha256:a")
    require_cleared(LEGAL, "UK", "sha256:a", [given])
    require_cleared(LEGAL, "EU", "sha256:a", [])
    require_cleared(SERIES, "UK", "sha256:a", [])
    for other in (
        replace(given, content_hash="sha256:b"),
        replace(given, party="EU"),
        replace(given, organisation="DSIT"),
    ):
        with pytest.raises(LegalClearanceMissing):
            require_cleared(LEGAL, "UK", "sha256:a", [other])


def test_a_refusal_by_one_adviser_outweighs_the_clearance_of_another_for_these_words_alone() -> None:
    both = replace(SERIES, legal_clearance={"UK": ("FCDO", "DSIT")})
    cleared = LegalClearance("UK", "FCDO", "sha256:a")
    refused = LegalClearance("UK", "DSIT", "sha256:a", "It would bind a third state.")
    for said in ([refused], [cleared, refused], [refused, cleared]):
        assert is_refused(both, "UK", "sha256:a", said)
        with pytest.raises(LegalClearanceMissing):
            require_cleared(both, "UK", "sha256:a", said)
    for other in (
        replace(refused, content_hash="sha256:b"),
        replace(refused, party="EU"),
        replace(refused, organisation="NCSC"),
    ):
        assert not is_refused(both, "UK", "sha256:a", [cleared, other])
        require_cleared(both, "UK", "sha256:a", [cleared, other])
    require_cleared(SERIES, "UK", "sha256:a", [refused])
    assert not is_refused(SERIES, "UK", "sha256:a", [refused])
