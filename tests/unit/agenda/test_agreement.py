"""When an agenda counts as agreed, and what stops it."""

import pytest

from services.agenda.domain.agenda import AgendaState
from services.agenda.domain.quorum import Signatory, is_complete, progress
from services.agenda.domain.references import (
    AssessmentStanding,
    AssessmentState,
    ReferenceState,
    reference_state,
)
from services.agenda.domain.refusals import NotInQuorum, ReferenceStale, StaleContentHash
from tests.support.agenda import ASSESSMENT_ID, AT, POLICY, tabled

QUORUM = POLICY.get_series("uk-eu").quorum
SIGNATORIES = [Signatory(party, one) for party, needed in QUORUM.items() for one in needed]
HASH = tabled().content_hash


def standing(state: str, revision: int, version: int = 2) -> AssessmentStanding:
    return AssessmentStanding(ASSESSMENT_ID, AssessmentState(state), revision, version)


def test_only_the_last_of_both_quorums_completes_the_agreement() -> None:
    agenda = tabled()
    for signatory in SIGNATORIES:
        assert agenda.state is AgendaState.TABLED
        agenda = agenda.agree(signatory, HASH, QUORUM, AT)
    assert agenda.state is AgendaState.AGREED
    assert agenda.agreed_at == AT
    assert all(party.complete for party in progress(QUORUM, agenda.agreed))


def test_one_party_alone_never_agrees() -> None:
    assert not is_complete(QUORUM, [one for one in SIGNATORIES if one.party == "UK"])
    assert not is_complete({}, SIGNATORIES)
    assert not is_complete({"UK": ()}, SIGNATORIES)


def test_an_organisation_outside_the_quorum_and_one_that_speaks_for_the_other_party() -> None:
    for signatory in (Signatory("UK", "NCSC"), Signatory("EU", "FCDO"), Signatory("US", "NSA")):
        with pytest.raises(NotInQuorum):
            tabled().agree(signatory, HASH, QUORUM, AT)


def test_agreeing_again_changes_nothing() -> None:
    agenda = tabled().agree(SIGNATORIES[0], HASH, QUORUM, AT)
    assert agenda.agree(SIGNATORIES[0], HASH, QUORUM, AT) is agenda


def test_a_wrong_hash_and_a_superseded_version() -> None:
    with pytest.raises(StaleContentHash):
        tabled().agree(SIGNATORIES[0], "sha256:" + "2" * 64, QUORUM, AT)
    with pytest.raises(StaleContentHash):
        tabled().supersede().agree(SIGNATORIES[0], HASH, QUORUM, AT)


def test_superseding_voids_what_was_agreed() -> None:
    agreed = tabled().agree(SIGNATORIES[0], HASH, QUORUM, AT)
    assert agreed.supersede().agreed == ()


@pytest.mark.parametrize(
    ("state", "revision", "expected"),
    [
        ("ACTIVE", 2, ReferenceState.CURRENT),
        ("ACTIVE", 3, ReferenceState.STALE),
        ("ACTIVE", 1, ReferenceState.CURRENT),
        ("EXPIRED", 2, ReferenceState.STALE),
        ("EXPIRED", 1, ReferenceState.CURRENT),
        ("CONFLICTED", 2, ReferenceState.STALE),
        ("SUPERSEDED", 2, ReferenceState.STALE),
        ("WITHDRAWN", 1, ReferenceState.WITHDRAWN),
        ("WITHDRAWN", 9, ReferenceState.WITHDRAWN),
    ],
)
def test_how_news_of_an_assessment_bears_on_revision_two(
    state: str, revision: int, expected: ReferenceState
) -> None:
    assert reference_state(2, standing(state, revision)) is expected


def test_a_reference_of_which_nothing_was_heard_stands() -> None:
    assert reference_state(2, None) is ReferenceState.CURRENT


def test_a_stale_reference_blocks_agreement_on_the_table_and_flags_what_is_agreed() -> None:
    stale = tabled().note(standing("ACTIVE", 3))
    with pytest.raises(ReferenceStale):
        stale.agree(SIGNATORIES[0], HASH, QUORUM, AT)
    agreed = tabled()
    for signatory in SIGNATORIES:
        agreed = agreed.agree(signatory, HASH, QUORUM, AT)
    flagged = agreed.note(standing("WITHDRAWN", 2))
    assert flagged.state is AgendaState.AGREED
    assert flagged.references[0].state is ReferenceState.WITHDRAWN
    assert flagged.note(standing("WITHDRAWN", 2, 3)) is flagged
