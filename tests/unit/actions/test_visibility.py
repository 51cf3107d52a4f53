"""Who sees an action, its evidence and its feed. Deny by default."""

import pytest

from services.actions.domain.visibility import may_see, seen_by
from services.actions.usecases.watch_status import watch_status
from services.chassis.feed import FeedCatchingUp, FeedView
from services.kernel.parties import AudienceMalformed, Reader, Role
from services.kernel.refusals import NoAccess
from tests.support.actions import AT, CNECT, DSIT, EEAS, agreed, evidence, reader
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


def caught_up() -> dict[str, FeedView]:
    views = {name: FeedView() for name in ("uk-eu.uk", "uk-eu.eu", "uk-us-cmr.uk", "uk-us-cmr.us")}
    for view in views.values():
        view.mark_caught_up()
    return views


def test_leadership_watches_the_feed_of_its_own_party() -> None:
    views = caught_up()
    who = reader("FCDO", "UK", Role.LEADERSHIP)
    assert watch_status(who, "uk-eu.uk", policy=shipped_policy(), views=views) is views["uk-eu.uk"]


@pytest.mark.parametrize("audience", ["uk-eu.eu", "uk-us-cmr.uk", "uk-us-cmr.us", "uk-fr.uk", "uk-eu.us"])
def test_every_other_feed_is_refused_alike_whether_or_not_it_exists(audience: str) -> None:
    who = reader("FCDO", "UK", Role.LEADERSHIP)
    with pytest.raises(NoAccess) as refused:
        watch_status(who, audience, policy=shipped_policy(), views=caught_up())
    assert refused.value.detail == f"permission denied on audience {audience} (or it might not exist)"


def test_an_owner_who_is_not_of_the_leadership_does_not_watch() -> None:
    with pytest.raises(NoAccess):
        watch_status(DSIT, "uk-eu.uk", policy=shipped_policy(), views=caught_up())


def test_an_audience_is_written_series_dot_party() -> None:
    with pytest.raises(AudienceMalformed):
        watch_status(EEAS, "UK-EU/EU", policy=shipped_policy(), views=caught_up())


def test_a_feed_that_is_still_being_read_is_not_shown() -> None:
    views = {"uk-eu.eu": FeedView()}
    with pytest.raises(FeedCatchingUp):
        watch_status(EEAS, "uk-eu.eu", policy=shipped_policy(), views=views)
