"""Intervals of what depends on its past: against binomials, independent values and chains of known correlation."""

from __future__ import annotations

import math
import random
from itertools import accumulate

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from zoosmith.stats.dependent import (
    batch_means,
    binomial_ranks,
    effective_size,
    mean_interval,
    quantile,
    quantile_interval,
)

VALUES = st.lists(st.floats(-1e6, 1e6), min_size=4, max_size=200)


def chain(n: int, memory: float, seed: int) -> list[float]:
    """A Gaussian autoregressive series of variance 1."""
    draw = random.Random(seed)
    fresh = math.sqrt(1 - memory**2)
    return list(accumulate((draw.gauss(0, 1) for _ in range(n)), lambda before, now: memory * before + fresh * now))


@given(VALUES, st.integers(2, 40))
def test_batches_are_equal_contiguous_and_end_with_the_last_value(values: list[float], batches: int) -> None:
    means = batch_means(values, batches)
    size = len(values) // len(means)
    assert 2 <= len(means) <= max(2, batches)
    assert means[-1] == pytest.approx(sum(values[-size:]) / size, abs=1e-6)


@given(st.integers(1, 3000), st.floats(0.02, 0.99), st.sampled_from([0.8, 0.95, 0.99]))
def test_ranks_are_those_of_the_binomial(n: int, share: float, level: float) -> None:
    low, high = binomial_ranks(n, share, level)
    tail = (1 - level) / 2 + 1e-9
    assert binom.cdf(low - 1, n, share) <= tail < binom.cdf(low, n, share) + 2e-9
    assert binom.sf(high - 1, n, share) <= tail < binom.sf(high - 2, n, share) + 2e-9


@pytest.mark.parametrize(("n", "known"), [(71, False), (72, True)])
def test_72_values_are_needed_for_an_upper_bound_of_the_p95(n: int, known: bool) -> None:
    assert (binomial_ranks(n, 0.95)[1] <= n) is known


@given(VALUES, st.floats(0.05, 0.95))
def test_a_quantile_lies_in_its_interval_and_is_one_of_the_values(values: list[float], share: float) -> None:
    found = quantile_interval(values, share)
    assert found.low <= found.value <= found.high
    assert found.value in values
    assert sum(value <= found.value for value in values) >= share * len(values)


@given(VALUES, st.floats(0.1, 10), st.floats(-100, 100))
@settings(max_examples=50)
def test_a_quantile_goes_with_its_unit(values: list[float], scale: float, shift: float) -> None:
    moved = quantile_interval([scale * round(value) + shift for value in values], 0.9)
    plain = quantile_interval([float(round(value)) for value in values], 0.9)
    for bound in ("value", "low", "high"):
        expected = getattr(plain, bound)
        assert getattr(moved, bound) == pytest.approx(scale * expected + shift) or math.isinf(expected)


def test_an_unanswered_query_is_an_infinite_latency() -> None:
    found = quantile_interval([1.0] * 90 + [math.inf] * 10, 0.95)
    assert (found.value, found.high) == (math.inf, math.inf)
    rare = [math.inf if i % 100 == 50 else 1.0 for i in range(1000)]
    assert quantile_interval(rare, 0.95).high == 1.0
    assert quantile_interval(sorted(rare), 0.95).high == math.inf, "all in one place they are one event, not ten"


@pytest.mark.parametrize("memory", [0.0, 0.8])
def test_effective_size_is_that_of_the_chain(memory: float) -> None:
    """n (1 - r) / (1 + r) for the mean of a chain with correlation r."""
    n = 20_000
    sizes = [effective_size(chain(n, memory, seed)) for seed in range(15)]
    assert sorted(sizes)[7] == pytest.approx(n * (1 - memory) / (1 + memory), rel=0.4)


@pytest.mark.parametrize("memory", [0.0, 0.9])
def test_intervals_cover_what_they_claim(memory: float) -> None:
    """95 % of the intervals hold mean 0 and the normal's 95th percentile, up to what 200 of them can show."""
    truths = {"mean": 0.0, "p95": 1.6448536}
    held = dict.fromkeys(truths, 0)
    for seed in range(200):
        values = chain(1500, memory, seed)
        for name, found in (("mean", mean_interval(values)), ("p95", quantile_interval(values, 0.95))):
            held[name] += found.low <= truths[name] <= found.high
    assert min(held.values()) >= 180, held


def test_independence_wrongly_assumed_would_not_cover() -> None:
    """The test above can fail: with as many batches as pairs of values a chain looks more certain than it is."""
    found = [mean_interval(chain(1500, 0.9, seed), batches=750) for seed in range(200)]
    assert sum(one.low <= 0 <= one.high for one in found) < 150


def test_too_few_values_and_shares_that_are_none_are_told() -> None:
    with pytest.raises(ValueError, match="at least 4 observations, found 3"):
        mean_interval([1.0, 2.0, 3.0])
    with pytest.raises(ValueError, match="no values"):
        quantile([], 0.5)
    with pytest.raises(ValueError, match="strictly between 0 and 1"):
        quantile_interval([1.0] * 9, 1.0)
