"""When a recipient is owed a notice, and how a notice moves."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from services.kernel.parties import Audience
from services.kernel.refusals import InvalidValue
from services.kernel.release_terms import Rendition
from services.threatfeed.domain.withdrawal_notices import (
    NOTICE_TRANSITIONS,
    Acknowledgement,
    Handling,
    NoticeAcknowledged,
    NoticeCause,
    NoticeCommand,
    NoticeLifted,
    NoticeStale,
    NoticeState,
    ShownText,
    WithdrawalNotice,
    lost,
    restored,
)

AT = datetime(2026, 11, 25, 9, tzinfo=UTC)
FULL, LINE = Rendition.FULL, Rendition.TEAR_LINE
ANSWER = Acknowledgement(Handling.RETURNED, "Sent back.")


def shown(rendition: Rendition) -> ShownText:
    return ShownText(UUID(int=1), 1, rendition, AT)


def notice(rendition: Rendition = FULL) -> WithdrawalNotice:
    return WithdrawalNotice(
        id=UUID(int=2),
        recipient=Audience("uk-eu", "EU"),
        text=shown(rendition),
        agency="ncsc",
        originator="NCSC",
        cause=NoticeCause.WITHDRAWN,
        issued_at=AT,
    )


def test_every_move_of_a_notice_is_said() -> None:
    assert set(NOTICE_TRANSITIONS) == set(NoticeState)
    assert all(set(row) == set(NoticeCommand) for row in NOTICE_TRANSITIONS.values())


@pytest.mark.parametrize(
    ("before", "now", "withdrawn", "expected"),
    [
        (FULL, None, True, NoticeCause.WITHDRAWN),
        (FULL, None, False, NoticeCause.NOT_RELEASED),
        (LINE, None, True, NoticeCause.WITHDRAWN),
        (FULL, LINE, False, NoticeCause.NARROWED),
        (FULL, FULL, False, None),
        (LINE, FULL, False, None),
        (LINE, LINE, False, None),
    ],
)
def test_a_notice_is_due_for_what_was_lost(
    before: Rendition, now: Rendition | None, withdrawn: bool, expected: NoticeCause | None
) -> None:
    assert lost(before, now, withdrawn=withdrawn) is expected


def test_an_answer_is_given_once() -> None:
    answered = notice().acknowledge(ANSWER, "eeas-secretariat", "EEAS", AT)
    assert answered.acknowledged is not None
    assert answered.acknowledged.answer is ANSWER
    with pytest.raises(NoticeAcknowledged):
        answered.acknowledge(ANSWER, "eeas-secretariat", "EEAS", AT)
    with pytest.raises(NoticeAcknowledged):
        answered.lift()
    with pytest.raises(NoticeLifted):
        notice().lift().acknowledge(ANSWER, "eeas-secretariat", "EEAS", AT)
    with pytest.raises(NoticeStale):
        answered.require_version(1)


@pytest.mark.parametrize("words", ["", "  ", "a\x1b[2J", "x" * 5_000])
def test_an_answer_says_something_that_can_be_kept(words: str) -> None:
    with pytest.raises(InvalidValue):
        notice().acknowledge(Acknowledgement(Handling.RETURNED, words), "a", "A", AT)


def test_an_answer_is_due_after_a_working_week() -> None:
    late = AT + timedelta(days=5)
    assert not notice().overdue(late - timedelta(seconds=1))
    assert notice().overdue(late)
    assert not notice().acknowledge(ANSWER, "a", "A", AT).overdue(late)


def test_what_comes_back_in_part_is_not_back() -> None:
    assert restored(notice(FULL), FULL)
    assert not restored(notice(FULL), LINE)
    assert restored(notice(LINE), LINE)
    assert not restored(notice(FULL), None)
    assert not restored(notice().acknowledge(ANSWER, "a", "A", AT), FULL)
