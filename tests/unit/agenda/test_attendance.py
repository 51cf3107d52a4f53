"""Who is in the room, and what may then be shown there."""

import itertools
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from services.agenda.domain.attendance import (
    PRESENCE_TRANSITIONS,
    Participant,
    ParticipantRole,
    Person,
    Presence,
    PresenceCommand,
    Register,
    check_person,
    exposures,
    guests,
    require_no_exposure,
    shown_lines,
)
from services.agenda.domain.refusals import IllegalTransition
from services.kernel.refusals import Refusal
from tests.support.agenda import MEETING_ID, POLICY, meeting, tabled_item

SERIES = POLICY.get_series("uk-eu")
NOW = meeting().starts_at
CHAIR = Person("Director", ParticipantRole.CO_CHAIR, "FCDO", "GBR")
US_OBSERVER = Person("Observer", ParticipantRole.OBSERVER, "State Department", "USA", "US")


def participant(number: int, side: str, presence: Presence) -> Participant:
    return Participant(UUID(int=number), MEETING_ID, side, CHAIR, presence, 1)


def test_every_answer_in_every_presence_leads_somewhere_or_is_refused() -> None:
    assert set(PRESENCE_TRANSITIONS) == set(Presence)
    for presence, command in itertools.product(Presence, PresenceCommand):
        before = participant(1, "UK", presence)
        following = PRESENCE_TRANSITIONS[presence][command]
        if following is None:
            with pytest.raises(IllegalTransition):
                before.after(command, meeting(), NOW)
        else:
            after = before.after(command, meeting(), NOW)
            assert (after.presence, after.version) == (following, 2)


@pytest.mark.parametrize("command", [PresenceCommand.ATTEND, PresenceCommand.MISS])
def test_nobody_was_at_a_meeting_that_has_not_begun(command: PresenceCommand) -> None:
    with pytest.raises(Refusal) as refused:
        participant(1, "UK", Presence.ACCEPTED).after(command, meeting(), NOW - timedelta(seconds=1))
    assert refused.value.reason == "MEETING_NOT_BEGUN"


@pytest.mark.parametrize("nationality", ["CHE", "XXX", "", "gbr", "UK"])
def test_a_nationality_that_no_party_has_is_refused_by_name(nationality: str) -> None:
    with pytest.raises(Refusal) as refused:
        check_person(replace(CHAIR, nationality=nationality), POLICY)
    assert (refused.value.reason, refused.value.pointer) == ("NATIONALITY_UNKNOWN", "/nationality")


def test_an_observer_of_a_party_that_does_not_exist() -> None:
    with pytest.raises(Refusal) as refused:
        check_person(replace(US_OBSERVER, represents="CH"), POLICY)
    assert refused.value.reason == "UNKNOWN_PARTY"


def test_a_party_is_in_the_room_by_who_it_sends_and_by_whose_nationals_sit_there() -> None:
    french = Person("Delegate", ParticipantRole.DELEGATE, "EEAS", "FRA")
    assert guests([CHAIR, french], SERIES, POLICY) == ()
    assert guests([CHAIR, US_OBSERVER], SERIES, POLICY) == ("US",)
    assert guests([replace(CHAIR, nationality="USA")], SERIES, POLICY) == ("US",)
    assert guests([replace(US_OBSERVER, nationality="GBR")], SERIES, POLICY) == ("US",)
    assert guests([replace(CHAIR, nationality="FRA")], POLICY.get_series("uk-us-cmr"), POLICY) == ("EU",)


@pytest.mark.parametrize(
    ("marking", "rule"),
    [
        ("TLP:CLEAR", None),
        ("TLP:GREEN", None),
        ("TLP:AMBER", "TLP_AMBER"),
        ("UK OFFICIAL REL EU", None),
        ("UK OFFICIAL - HMG USE ONLY", "HMG_USE_ONLY"),
    ],
)
def test_a_line_is_shown_to_a_guest_only_where_its_marking_lets_it(marking: str, rule: str | None) -> None:
    found = exposures(
        shown_lines([tabled_item(marking=marking)]),
        ("US",),
        series=SERIES,
        policy=POLICY,
        meeting=meeting(),
        now=NOW,
    )
    if rule is None:
        require_no_exposure(found)
        return
    with pytest.raises(Refusal) as refused:
        require_no_exposure(found)
    assert refused.value.reason == "REFERENCE_NOT_RELEASABLE"
    assert (refused.value.metadata["party"], refused.value.metadata["rule_id"]) == ("US", rule)


def test_a_side_closes_its_register_once_it_is_said_of_everybody_whether_they_were_there() -> None:
    there, away = participant(1, "UK", Presence.ATTENDED), participant(2, "UK", Presence.DECLINED)
    others = participant(3, "EU", Presence.INVITED)
    Register((there, away, others), frozenset()).require_closable("UK")
    for people in ((there, participant(4, "UK", Presence.ACCEPTED)), (away,), (others,), ()):
        with pytest.raises(Refusal) as refused:
            Register(people, frozenset()).require_closable("UK")
        assert refused.value.reason == "ATTENDANCE_OPEN"
    with pytest.raises(Refusal) as refused:
        Register((there,), frozenset({"UK"})).require_closable("UK")
    assert refused.value.reason == "REGISTER_CLOSED"


def test_the_register_is_closed_when_every_side_has_closed_its_own() -> None:
    Register((), frozenset({"UK", "EU"})).require_closed(("UK", "EU"))
    for closed, missing in ((set(), "UK,EU"), ({"UK"}, "EU"), ({"US", "EU"}, "UK")):
        with pytest.raises(Refusal) as refused:
            Register((), frozenset(closed)).require_closed(("UK", "EU"))
        assert refused.value.metadata == {"parties": missing}
