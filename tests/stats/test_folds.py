"""The mean over folds: against figures worked out by hand and against scipy."""

from __future__ import annotations

import math

import pytest
from scipy.stats import t

from zoosmith.stats.folds import mean_over_folds


def test_mean_deviation_and_interval_of_five_folds() -> None:
    found = mean_over_folds([0.85, 0.86, 0.87, 0.84, 0.88])
    assert (found.value, found.n) == (pytest.approx(0.86), 5)
    assert found.sd == pytest.approx(math.sqrt(0.001 / 4))  # squares 1, 0, 1, 4, 4 of a hundredth, over n - 1
    half = 2.776445105 * math.sqrt(0.001 / 4) / math.sqrt(5)
    assert (found.low, found.high) == (pytest.approx(0.86 - half), pytest.approx(0.86 + half))


@pytest.mark.parametrize("n", [2, 3, 10])
def test_the_interval_is_scipys(n: int) -> None:
    values = [0.5 + 0.01 * i * i for i in range(n)]
    found = mean_over_folds(values)
    low, high = t.interval(0.95, n - 1, loc=found.value, scale=found.sd / math.sqrt(n))
    assert (found.low, found.high) == (pytest.approx(low), pytest.approx(high))


def test_equal_figures_have_no_spread() -> None:
    found = mean_over_folds([0.9, 0.9, 0.9])
    assert (found.sd, found.low, found.high) == (0.0, pytest.approx(0.9), pytest.approx(0.9))


@pytest.mark.parametrize(("values", "said"), [([0.9], "at least 2"), ([0.9, math.nan], "not finite")])
def test_what_has_no_spread_is_refused(values: list[float], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        mean_over_folds(values)
