"""Who sees an action, its evidence and its feed. Deny by default."""

import pytest

from services.actions.domain.visibility import may_see, seen_by
from services.kernel.parties import Reader, Role
from services.kernel.refusals import NoAccess
from tests.support.actions import AT, CNECT, DSIT, agreed, evidence, reader
from tests.support.release import shipped_policy


@pytest.mark.parametrize(
    ("marking", "seen"),
    [
        ("TLP:CLEAR", {"UK", "EU"}),
        ("TLP:GREEN", {"UK", "EU"}),
        ("TLP:AMBER", {"UK", "EU"}),
        ("TLP:AMBER+STRICT", set()),
        ("TLP:RED", set()),
        ("UK OFFICIAL REL EU", {"UK", "EU"}),
        ("UK OFFICIAL-SENSITIVE REL EU", {"UK", "EU"}),
        ("UK OFFICIAL", {"UK"}),
        ("UK SECRET", set()),
        ("TOP SECRET MAGIC", set()),
        ("", set()),
    ],
)
def test_the_marking_decides_for_each_party(marking: str, seen: set[str]) -> None:
    action = agreed(marking=marking)
    assert {party for party in ("UK", "EU", "US") if may_see(action, party, shipped_policy(), AT)} == seen


def test_an_action_of_an_unknown_series_is_seen_by_nobody() -> None:
    assert not may_see(agreed(series="uk-fr"), "UK", shipped_policy(), AT)


@pytest.mark.parametrize(
    "who",
    [
        reader("NSA", "US", Role.SECRETARIAT),
        reader("STRATCOM", "UK", Role.SECRETARIAT),
        reader("NCSC", "UK", Role.AGENCY),
        reader("EUROPOL", "EU", Role.SECRETARIAT),
    ],
)
def test_who_holds_no_reading_role_in_the_series_sees_nothing(who: Reader) -> None:
    with pytest.raises(NoAccess):
        seen_by(agreed(), who, shipped_policy(), AT)


def test_evidence_is_shown_to_those_whom_its_own_marking_allows() -> None:
    open_, closed = evidence(), evidence(id=agreed().id, marking="UK OFFICIAL")
    action = agreed(evidence=(open_, closed))
    assert seen_by(action, DSIT, shipped_policy(), AT).evidence == (open_, closed)
    assert seen_by(action, CNECT, shipped_policy(), AT).evidence == (open_,)
