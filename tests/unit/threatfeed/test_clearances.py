"""A request for clearance is open until it is answered, taken back, or its meeting is over."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from services.kernel.parties import Reader, Role
from services.kernel.refusals import InvalidValue
from services.threatfeed.domain.clearances import (
    CLEARANCE_TRANSITIONS,
    LONGEST_TEAR_LINE,
    REMINDERS,
    AnswerNeededInvalid,
    ClearanceClosed,
    ClearanceCommand,
    ClearanceStale,
    ClearanceState,
    Closing,
    ForMeeting,
    MeetingOver,
    MeetingTimesInvalid,
    TearLineOffer,
    answer_needed_by,
    checked_needed_by,
    next_reminder,
)
from services.threatfeed.events import NoticeKind, clearance_notices
from services.threatfeed.store.clearances import Known
from services.threatfeed.usecases.read_clearances import known_to, open_series
from tests.support.release import shipped_policy
from tests.support.threatfeed_examples import RECEIVED, a_clearance

ENDS: Mapping[ClearanceCommand, ClearanceState] = {
    ClearanceCommand.GRANT: ClearanceState.GRANTED,
    ClearanceCommand.REFUSE: ClearanceState.REFUSED,
    ClearanceCommand.OFFER_TEAR_LINE: ClearanceState.TEAR_LINE_OFFERED,
    ClearanceCommand.WITHDRAW: ClearanceState.WITHDRAWN,
    ClearanceCommand.EXPIRE: ClearanceState.EXPIRED,
}
LATER = RECEIVED + timedelta(days=1)
STARTS = RECEIVED + timedelta(days=60)


def closing(at: datetime = LATER) -> Closing:
    return Closing("officer", at, "Words.")


def test_the_table_answers_every_command_in_every_state() -> None:
    assert set(CLEARANCE_TRANSITIONS) == set(ClearanceState)
    for commands in CLEARANCE_TRANSITIONS.values():
        assert set(commands) == set(ClearanceCommand)


@pytest.mark.parametrize("command", ClearanceCommand)
def test_an_open_request_is_closed_by_each_command_and_then_by_none(command: ClearanceCommand) -> None:
    closed = a_clearance().close(command, closing())
    assert (closed.state, closed.aggregate_version, closed.next_reminder_at) == (ENDS[command], 2, None)
    for again in ClearanceCommand:
        with pytest.raises(ClearanceClosed):
            closed.close(again, closing())


def test_when_its_meeting_is_over_a_request_only_lapses() -> None:
    over = STARTS + timedelta(hours=8)
    open_until_then = a_clearance()
    assert open_until_then.seen_at(over - timedelta(seconds=1)).state is ClearanceState.OPEN
    assert open_until_then.seen_at(over).state is ClearanceState.EXPIRED
    assert not open_until_then.is_overdue(over)
    for command in set(ClearanceCommand) - {ClearanceCommand.EXPIRE}:
        with pytest.raises(MeetingOver):
            open_until_then.close(command, closing(over))
    assert open_until_then.close(ClearanceCommand.EXPIRE, Closing("", over, "")).aggregate_version == 2


def test_a_request_outside_meetings_does_not_lapse() -> None:
    assert a_clearance(meeting=None).seen_at(RECEIVED + timedelta(days=3_000)).state is ClearanceState.OPEN


def test_who_closes_has_read_what_stands() -> None:
    a_clearance().require_version(1)
    with pytest.raises(ClearanceStale):
        a_clearance().require_version(2)


@pytest.mark.parametrize(
    ("asked_at", "needed_by"),
    [
        (STARTS - timedelta(days=60), STARTS - timedelta(days=7)),
        (STARTS - timedelta(days=7), STARTS),
        (STARTS - timedelta(days=1), STARTS),
        (STARTS, STARTS + timedelta(hours=8)),
        (STARTS + timedelta(hours=7), STARTS + timedelta(hours=8)),
    ],
)
def test_an_answer_is_needed_by_the_next_of_dispatch_start_and_end(
    asked_at: datetime, needed_by: datetime
) -> None:
    meeting = ForMeeting(UUID(int=1), STARTS, STARTS + timedelta(hours=8))
    assert answer_needed_by(meeting, 7, asked_at) == needed_by


def test_outside_meetings_the_asker_says_by_when_and_it_lies_ahead() -> None:
    assert checked_needed_by(LATER, RECEIVED) == LATER
    for wrong in (RECEIVED, RECEIVED - timedelta(days=1), RECEIVED + timedelta(days=3_661)):
        with pytest.raises(AnswerNeededInvalid):
            checked_needed_by(wrong, RECEIVED)


def test_a_meeting_has_times_that_can_be() -> None:
    meeting = ForMeeting(UUID(int=1), STARTS, STARTS + timedelta(days=2))
    meeting.check(RECEIVED)
    for ends_at in (STARTS, STARTS - timedelta(days=1), STARTS + timedelta(days=3)):
        with pytest.raises(MeetingTimesInvalid):
            replace(meeting, ends_at=ends_at).check(RECEIVED)
    with pytest.raises(MeetingTimesInvalid):
        meeting.check(RECEIVED - timedelta(days=3_661))
    with pytest.raises(MeetingOver):
        meeting.check(STARTS + timedelta(days=2))


def test_reminders_come_nearer_and_end() -> None:
    at, seen = RECEIVED, []
    needed_by = RECEIVED + timedelta(days=30)
    while (due := next_reminder(needed_by, at)) is not None:
        seen.append(needed_by - due)
        at = due
    assert seen == list(REMINDERS)
    assert next_reminder(needed_by, needed_by - timedelta(days=1)) == needed_by


def test_a_reminder_is_numbered_by_how_near_the_time_is() -> None:
    clearance = a_clearance()
    needed_by = clearance.request.needed_by
    assert [clearance.reminder_at(needed_by - lead) for lead in REMINDERS] == [0, 1, 2]
    with pytest.raises(InvalidValue):
        clearance.reminder_at(needed_by - timedelta(days=8))


def test_the_same_reminder_is_the_same_event_and_another_is_not() -> None:
    clearance, policy = a_clearance(), shipped_policy()
    needed_by = clearance.request.needed_by
    times = (needed_by - timedelta(days=7), needed_by - timedelta(days=6), needed_by - timedelta(days=2))
    ids = [clearance_notices(clearance, NoticeKind.REMINDER, policy, at)[0].event.id for at in times]
    assert ids[0] == ids[1] != ids[2]


@pytest.mark.parametrize("words", ["", " \n ", "x" * 4_001, "a\x1b[2Jb"])
def test_words_that_are_none_or_meant_for_a_terminal_are_refused(words: str) -> None:
    with pytest.raises(InvalidValue):
        a_clearance(reason=words)
    with pytest.raises(InvalidValue):
        Closing("officer", LATER, words)


def test_a_tear_line_is_no_longer_than_one_is() -> None:
    TearLineOffer("x" * LONGEST_TEAR_LINE, "TLP:GREEN")
    for words in ("x" * (LONGEST_TEAR_LINE + 1), " ", "a\x00b"):
        with pytest.raises(InvalidValue):
            TearLineOffer(words, "TLP:GREEN")


OFFICER = Reader("ncsc-release-officer", "UK", "NCSC", frozenset({Role.RELEASE_OFFICER}))
SECRETARIAT = Reader("fcdo-secretariat", "UK", "FCDO", frozenset({Role.SECRETARIAT}))


def test_each_knows_of_the_requests_that_concern_them() -> None:
    policy = shipped_policy()
    assert known_to(policy, OFFICER) == Known("NCSC", ("uk-eu", "uk-us-cmr"), None, ())
    assert known_to(policy, SECRETARIAT) == Known(None, (), "UK", ("uk-eu",))
    for stranger in (
        replace(OFFICER, party="EU"),
        replace(OFFICER, organisation="DSIT"),
        replace(SECRETARIAT, organisation="NSA"),
        replace(OFFICER, roles=frozenset({Role.OWNER, Role.AGENCY})),
    ):
        assert known_to(policy, stranger) == Known(None, (), None, ())


def test_a_series_kept_to_a_list_is_known_to_those_on_it() -> None:
    policy = shipped_policy()
    kept = replace(policy.series["uk-eu"], need_to_know=frozenset({OFFICER.subject}))
    policy = replace(policy, series={**policy.series, "uk-eu": kept})
    assert open_series(policy, OFFICER) == ("uk-eu", "uk-us-cmr")
    assert open_series(policy, replace(OFFICER, subject="another")) == ("uk-us-cmr",)
