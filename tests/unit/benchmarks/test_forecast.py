"""Forecasts are honest on histories drawn from a seed: the interval holds, and the chance beats the claim."""

import pytest

from benchmarks.forecast import back_test


@pytest.mark.parametrize("seed", [1, 2])
def test_four_of_five_finish_within_the_interval_and_the_chance_is_worth_more_than_the_owners_word(
    seed: int,
) -> None:
    score = back_test(seed, 600)
    assert score.forecasts > 400
    assert 0.75 <= score.coverage <= 0.87
    assert score.brier < 0.9 * score.claimed
    assert score.brier < score.base_rate
