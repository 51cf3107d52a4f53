"""Forecasts are honest on histories drawn from a seed: the interval holds, and the chance beats the claim."""

from datetime import date

import pytest

from benchmarks.forecast.seeded import back_test
from benchmarks.forecast.tracker import compare, read_tracker


@pytest.mark.parametrize("seed", [1, 2])
def test_four_of_five_finish_within_the_interval_and_the_chance_is_worth_more_than_the_owners_word(
    seed: int,
) -> None:
    score = back_test(seed, 600)
    assert score.forecasts > 400
    assert 0.75 <= score.coverage <= 0.87
    assert score.brier < 0.9 * score.claimed
    assert score.brier < score.base_rate


def test_a_real_tracker_is_compared_as_far_as_it_says_anything() -> None:
    """Counted by hand: 30 June lies between the snapshots of 16 June and 22 July, 30 April before both."""
    found = compare(read_tracker())
    in_time = {one.milestone: one.in_time for one in found.completions}
    assert in_time == {"16-2": False, "13-2": None, "14-1": None, "18-3": None, "18-4": None}
    assert {(one.after, one.by) for one in found.completions} == {(date(2020, 6, 16), date(2020, 7, 22))}
    assert (found.population, found.done_before, found.moved, found.vanished) == (18, 7, 1, 4)
    assert (found.finished, found.forecasts) == (12, 0)
    least, greatest = found.claimed
    assert least == pytest.approx((0.81 + 4 * 0.01) / 5)
    assert greatest == pytest.approx(0.81)
    assert "none, 0 forecasts" in found.report()
