"""What two assessments share is the same from either side, and said exactly."""

from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from services.threatfeed.domain.correlation import (
    WEIGHTS,
    Facts,
    Ground,
    Reason,
    facts_of,
    overlap,
    weight_of,
)
from tests.support.submissions import accepted, narrative

STATED = [ground for ground in Ground if ground is not Ground.SECTOR_AND_PERIOD]
DAY = date(2026, 3, 1)

reasons = st.builds(Reason, st.sampled_from(STATED), st.sampled_from("abcd"))
days = st.integers(0, 40).map(lambda number: DAY + timedelta(days=number))


@st.composite
def facts(draw: st.DrawFn, identity: int) -> Facts:
    start, end = sorted((draw(days), draw(days)))
    return Facts(
        assessment_id=UUID(int=identity),
        stated=draw(st.frozensets(reasons)),
        sectors=draw(st.frozensets(st.sampled_from(["energy", "health", "space"]))),
        start=start,
        end=end,
    )


@given(facts(1), facts(2))
def test_an_overlap_is_the_same_from_either_side(one: Facts, other: Facts) -> None:
    assert overlap(one, other) == overlap(other, one)
    assert overlap(one, one) == ()


@given(facts(1), facts(2))
def test_every_reason_is_stated_by_both_and_every_shared_fact_is_a_reason(one: Facts, other: Facts) -> None:
    found = overlap(one, other)
    assert len(set(found)) == len(found)
    assert weight_of(found) == sum(WEIGHTS[reason.ground] for reason in found)
    sectors = {reason.value for reason in found if reason.ground is Ground.SECTOR_AND_PERIOD}
    apart = one.end < other.start or other.end < one.start
    assert sectors == (set() if apart else one.sectors & other.sectors)
    assert {reason for reason in found if reason.ground in STATED} == one.stated & other.stated


@given(facts(1), facts(2), st.data())
def test_without_a_shared_fact_exactly_its_reason_is_gone(
    one: Facts, other: Facts, data: st.DataObject
) -> None:
    found = overlap(one, other)
    if not found:
        return
    taken = data.draw(st.sampled_from(found))
    without = replace(one, stated=one.stated - {taken}, sectors=one.sectors - {taken.value})
    if taken.ground is not Ground.SECTOR_AND_PERIOD:
        without = replace(without, sectors=one.sectors)
    left = overlap(without, other)
    assert set(left) == set(found) - {taken}
    assert weight_of(left) == weight_of(found) - taken.weight


def test_an_assessment_that_states_no_period_speaks_of_the_month_before() -> None:
    found = facts_of(accepted(narrative()), whole=True)
    assert (found.start, found.end) == (date(2026, 2, 2), date(2026, 3, 4))


def test_a_tear_line_has_no_source_of_its_own() -> None:
    content = accepted(narrative())
    assert Reason(Ground.SOURCE, content.source.object_id) in facts_of(content, whole=True).stated
    assert not {one for one in facts_of(content, whole=False).stated if one.ground is Ground.SOURCE}
