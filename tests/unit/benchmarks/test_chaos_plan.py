"""What the chaos run expects is what our readers make of its submissions."""

import random
from collections import Counter

import pytest

from benchmarks.chaos.oracle import Expected
from benchmarks.chaos.plan import KEV, MIX, NARRATIVE, Sent, Stored, plan
from services.kernel.refusals import Refusal
from services.threatfeed.domain.assessment import Assessment, Withdrawal
from services.threatfeed.domain.submission import Rejection
from tests.support.submissions import read

PLANNED = list(plan(random.Random(7), 2_000))


def rows(sent: Sent) -> tuple[set[tuple[str, str, int, str | None]], bool]:
    """What can be read of a submission, and whether a part of it cannot."""
    try:
        readings = read(sent.value, sent.content_type, agency=sent.agency)
    except Refusal:
        return set(), True
    return {
        (
            one.originator,
            one.source.object_id,
            one.source.version.ordinal,
            one.cause.value if isinstance(one, Withdrawal) else None,
        )
        for one in readings
        if not isinstance(one, Rejection)
    }, any(isinstance(one, Rejection) for one in readings)


@pytest.mark.parametrize("content_type", MIX)
def test_every_format_is_read_as_the_plan_says(content_type: str) -> None:
    planned = [sent for sent in dict.fromkeys(PLANNED) if sent.content_type == content_type]
    for sent in planned:
        told = {(one.agency, one.object_id, one.ordinal, one.notice) for one in sent.stored}
        # That a release lacks an entry is not in the document: it follows from the one before.
        said = {one for one in told if one[3] != "REMOVED"}
        assert rows(sent) == (said, sent.refused)
    assert any(one.notice for sent in planned for one in sent.stored)
    assert any(sent.refused for sent in planned)


def test_who_may_read_is_as_the_plan_says() -> None:
    planned = [sent for sent in dict.fromkeys(PLANNED) if sent.content_type == NARRATIVE and sent.stored]
    own_only = set()
    for sent in planned:
        (stored,) = sent.stored
        (reading,) = read(sent.value, sent.content_type, agency=sent.agency)
        if isinstance(reading, Assessment):
            assert bool(reading.marking and reading.marking.national) == (stored.only == "UK")
        else:
            assert stored.only is None
        own_only.add(stored.only)
    assert own_only == {None, "UK"}


def test_a_party_is_told_of_what_it_may_read_and_of_what_it_may_no_longer_read() -> None:
    shown, kept_back = Stored("ncsc", "A", 1, words="1"), Stored("ncsc", "A", 2, words="2", only="UK")
    gone = Stored("ncsc", "A", 3, notice="WITHDRAWN")
    never = Stored("ncsc", "B", 1, words="1", only="UK")
    first = Expected.of([_sent(shown), _sent(never)])
    assert (first.readable("UK"), first.readable("EU")) == (
        {shown.identity, never.identity},
        {shown.identity},
    )
    assert (first.told("UK"), first.told("EU")) == (2, 1)
    then = Expected.of([_sent(shown), _sent(kept_back), _sent(kept_back), _sent(never)])
    assert then.readable("UK") == {shown.identity, never.identity}
    assert then.readable("EU") == set()
    assert (then.told("UK"), then.told("EU")) == (3, 2)
    last = Expected.of([_sent(shown), _sent(kept_back), _sent(gone)])
    assert last.readable("UK") == last.readable("EU") == set()
    assert (last.told("UK"), last.told("EU")) == (3, 2)


def _sent(*stored: Stored) -> Sent:
    return Sent("key", b"", NARRATIVE, stored)


def test_the_mix_holds_repeats_refused_ones_and_whole_neighbours_of_refused_ones() -> None:
    counted = Counter(sent.value for sent in PLANNED)
    assert 0.15 < 1 - len(counted) / len(PLANNED) < 0.25
    assert 0.04 < sum(sent.refused and not sent.stored for sent in PLANNED) / len(PLANNED) < 0.07
    assert any(sent.refused and sent.stored for sent in PLANNED)


def test_what_is_expected_counts_no_repeat_and_no_entry_that_stands_as_it_did() -> None:
    expected = Expected.of(PLANNED)
    assert Expected.of([*PLANNED, *PLANNED]) == expected
    assert set(expected.ends) == set(expected.changes)
    releases = [sent for sent in dict.fromkeys(PLANNED) if sent.content_type == KEV]
    entries = sum(len(sent.stored) for sent in releases)
    changes = sum(count for (agency, _), count in expected.changes.items() if agency == "cisa")
    assert 0 < changes < entries
