"""A consent is its originator's, for one use, until its end."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from services.kernel.parties import Reader, Role
from services.kernel.refusals import InvalidValue, NoAccess
from services.kernel.release_terms import Mode, Rendition
from services.threatfeed.domain.consents import (
    LONGEST_WORDS,
    ConsentEnded,
    ConsentEndsTooEarly,
    ConsentEndsTooLate,
    ConsentStale,
    ConsentStands,
    ConsentState,
    MeetingWithoutSeries,
)
from services.threatfeed.events import consent_changed
from services.threatfeed.store.consents import Knowable
from services.threatfeed.usecases.read_consents import knowable
from services.threatfeed.usecases.record_consent import require_release_officer
from tests.support.release import shipped_policy
from tests.support.threatfeed_examples import RECEIVED, a_consent

LATER = RECEIVED + timedelta(days=1)


def test_the_same_consent_given_again_is_the_same_consent() -> None:
    assert a_consent().id == a_consent(statement="In other words.", expires_at=LATER).id


@pytest.mark.parametrize(
    "other",
    [
        {"originator": "FCDO"},
        {"party": "UK"},
        {"mode": Mode.DISCLOSE},
        {"assessment_id": UUID(int=1)},
        {"revision": 3},
        {"rendition": Rendition.TEAR_LINE},
        {"meeting": UUID(int=1)},
    ],
)
def test_a_consent_to_anything_else_is_another_consent(other: dict[str, Any]) -> None:
    assert a_consent(**other).id != a_consent().id


def test_a_consent_that_stands_is_not_recorded_over() -> None:
    with pytest.raises(ConsentStands):
        a_consent(recorded_at=LATER).after(a_consent())


def test_a_consent_is_given_again_after_it_was_withdrawn_or_has_ended() -> None:
    withdrawn = a_consent().withdraw("officer", LATER, "No.", 1)
    again = a_consent(recorded_at=LATER).after(withdrawn)
    assert (again.state, again.withdrawn, again.aggregate_version) == (ConsentState.STANDING, None, 3)
    lapsed = a_consent(expires_at=LATER)
    assert a_consent(recorded_at=LATER).after(lapsed).aggregate_version == 2


def test_the_end_of_a_consent_lies_ahead_and_not_too_far() -> None:
    with pytest.raises(ConsentEndsTooEarly):
        a_consent(expires_at=RECEIVED).after(None)
    with pytest.raises(ConsentEndsTooLate):
        a_consent(expires_at=RECEIVED + timedelta(days=3_661)).after(None)


def test_who_withdraws_has_read_the_consent_that_stands() -> None:
    with pytest.raises(ConsentStale):
        a_consent().withdraw("officer", LATER, "No.", 2)
    withdrawn = a_consent().withdraw("officer", LATER, "No.", 1)
    with pytest.raises(ConsentEnded):
        withdrawn.withdraw("officer", LATER, "No.", 2)
    with pytest.raises(ConsentEnded):
        a_consent(expires_at=LATER).withdraw("officer", LATER, "No.", 1)
    with pytest.raises(ConsentEnded):
        withdrawn.expire()


@pytest.mark.parametrize("words", ["", " \n ", "x" * (LONGEST_WORDS + 1), "a\x1b[2Jb", "a\x00b"])
def test_words_that_are_none_or_meant_for_a_terminal_are_refused(words: str) -> None:
    with pytest.raises(InvalidValue):
        a_consent(statement=words)
    with pytest.raises(InvalidValue):
        a_consent().withdraw("officer", LATER, words, 1)


def test_a_meeting_is_named_with_its_series() -> None:
    with pytest.raises(MeetingWithoutSeries):
        a_consent(series="")
    with pytest.raises(MeetingWithoutSeries):
        a_consent(meeting=None)
    assert a_consent(meeting=None, series="").terms.meeting is None


def test_a_consent_that_ended_is_told_and_then_removed_from_the_topic() -> None:
    (standing,) = consent_changed(a_consent(), RECEIVED)
    told, removed = consent_changed(a_consent().expire(), RECEIVED)
    assert (standing.tombstone, told.tombstone, removed.tombstone) == (False, False, True)
    assert standing.key == told.key == removed.key
    assert len({one.event.id for one in (standing, told, removed)}) == 3


OFFICER = Reader("ncsc-release-officer", "UK", "NCSC", frozenset({Role.RELEASE_OFFICER}))
SECRETARIAT = Reader("fcdo-secretariat", "UK", "FCDO", frozenset({Role.SECRETARIAT}))
AUDITOR = Reader("auditor", "UK", "FCDO", frozenset({Role.AUDITOR}))


@pytest.mark.parametrize(
    "reader",
    [
        SECRETARIAT,
        replace(SECRETARIAT, organisation="NCSC"),
        replace(OFFICER, roles=frozenset(Role) - {Role.RELEASE_OFFICER}),
        replace(OFFICER, organisation="DSIT"),
        replace(OFFICER, party="EU"),
    ],
)
def test_who_is_no_release_officer_of_their_organisation_records_nothing(reader: Reader) -> None:
    with pytest.raises(NoAccess):
        require_release_officer(shipped_policy(), reader, "assessment")
    require_release_officer(shipped_policy(), OFFICER, "assessment")


def test_each_knows_of_the_consents_that_concern_them() -> None:
    policy = shipped_policy()
    assert knowable(policy, OFFICER) == Knowable("NCSC", None, None, ())
    assert knowable(policy, SECRETARIAT) == Knowable(None, None, "UK", ("", "uk-eu"))
    assert knowable(policy, AUDITOR) == Knowable(None, "UK", "UK", ("", "uk-eu"))
    stranger = replace(SECRETARIAT, organisation="NSA")
    assert knowable(policy, stranger) == Knowable(None, None, None, ())
