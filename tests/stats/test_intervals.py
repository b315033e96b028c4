"""Intervals against values from the literature and exact enumeration, and the laws they keep."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoosmith.stats.intervals import (
    Estimate,
    examples_needed,
    mcnemar_exact,
    normal_quantile,
    paired_proportions,
    proportion,
    ratio_from_logs,
)

COUNT = st.integers(0, 2000)
PAIRED = st.tuples(COUNT, COUNT, COUNT, COUNT).filter(any)
LEVEL = st.floats(0.5, 0.999)


def width(estimate: Estimate) -> float:
    return estimate.high - estimate.low


def wilson(successes: int, n: int, z: float) -> tuple[float, float]:
    share = successes / n
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return centre - half, centre + half


def test_proportion_by_hand() -> None:
    # z² = 3.841459: centre (90 + 1.920729) / 103.841459 = 0.885203,
    # half width z √(0.885203 · 0.114797 / 103.841459) = 0.061313.
    estimate = proportion(90, 100)
    assert (estimate.value, estimate.n) == (0.9, 100)
    assert estimate.low == pytest.approx(0.823890, abs=1e-5)
    assert estimate.high == pytest.approx(0.946516, abs=1e-5)


@given(st.integers(1, 3000), st.data(), LEVEL)
def test_proportion_contains_wilson(n: int, data: st.DataObject, level: float) -> None:
    successes = data.draw(st.integers(0, n))
    estimate = proportion(successes, n, level)
    low, high = wilson(successes, n, normal_quantile(level))
    assert 0 <= estimate.low <= max(0, low) + 1e-12
    assert 1 >= estimate.high >= min(1, high) - 1e-12
    assert estimate.low <= estimate.value <= estimate.high


@given(st.integers(1, 3000), st.data())
def test_proportion_mirrors_failures(n: int, data: st.DataObject) -> None:
    successes = data.draw(st.integers(0, n))
    right, wrong = proportion(successes, n), proportion(n - successes, n)
    assert (right.low, right.high) == pytest.approx((1 - wrong.high, 1 - wrong.low), abs=1e-12)


@given(st.integers(1, 300), st.data(), st.integers(2, 5))
def test_more_examples_narrow_a_proportion(n: int, data: st.DataObject, times: int) -> None:
    successes = data.draw(st.integers(0, n))
    assert width(proportion(successes * times, n * times)) < width(proportion(successes, n))


@pytest.mark.parametrize(("successes", "n"), [(0, 0), (3, 2), (-1, 5)])
def test_proportion_refuses_impossible_counts(successes: int, n: int) -> None:
    with pytest.raises(ValueError, match=r"at least one example|expected a count"):
        proportion(successes, n)


@pytest.mark.parametrize("level", [0.0, 1.0, 95.0])
def test_a_level_lies_between_0_and_1(level: float) -> None:
    with pytest.raises(ValueError, match=r"such as 0\.95"):
        proportion(3, 4, level)


def test_coverage_of_accuracy_is_exact_enumeration() -> None:
    n, truth = 300, 0.91
    chances = [math.comb(n, k) * truth**k * (1 - truth) ** (n - k) for k in range(n + 1)]
    hits = [e.low <= truth <= e.high for e in (proportion(k, n) for k in range(n + 1))]
    assert 0.945 < sum(p for p, hit in zip(chances, hits, strict=True) if hit) < 0.965


def test_paired_interval_without_discordance_by_hand() -> None:
    # The score test then reads n d² = z² (d - d²), so that d = z² / (n + z²): 3.841459 / 303.841459.
    estimate = paired_proportions(both=280, only_reference=0, only_artifact=0, neither=20)
    assert (estimate.low, estimate.value, estimate.high) == pytest.approx((-0.0126430, 0, 0.0126430), abs=1e-6)


def test_paired_bounds_solve_the_score_equation() -> None:
    both, losses, gains, neither = 800, 30, 12, 30
    n = both + losses + gains + neither
    estimate = paired_proportions(both, losses, gains, neither)
    for bound in (estimate.low, estimate.high):
        rate = likeliest_loss_rate(losses, gains, n, bound)
        score = (gains - losses - n * bound) / math.sqrt(n * (2 * rate + bound - bound**2))
        assert abs(score) == pytest.approx(1.959964, abs=1e-4)


def likeliest_loss_rate(losses: int, gains: int, n: int, difference: float) -> float:
    """Loss rate of greatest likelihood given the difference, by golden-section search."""

    def likelihood(rate: float) -> float:
        rest = 1 - 2 * rate - difference
        return losses * math.log(rate) + gains * math.log(rate + difference) + (n - losses - gains) * math.log(rest)

    low, high = max(0.0, -difference) + 1e-12, (1 - difference) / 2 - 1e-12
    for _ in range(100):
        left, right = high - 0.618034 * (high - low), low + 0.618034 * (high - low)
        low, high = (low, right) if likelihood(left) > likelihood(right) else (left, high)
    return (low + high) / 2


@given(PAIRED, LEVEL)
def test_paired_interval_holds_its_value_and_has_width(counts: tuple[int, int, int, int], level: float) -> None:
    estimate = paired_proportions(*counts, level=level)
    assert -1 <= estimate.low <= estimate.value <= estimate.high <= 1
    assert width(estimate) > 0
    assert estimate.n == sum(counts)


@given(PAIRED)
def test_swapping_the_sides_mirrors_the_paired_interval(counts: tuple[int, int, int, int]) -> None:
    both, losses, gains, neither = counts
    forward, backward = paired_proportions(*counts), paired_proportions(both, gains, losses, neither)
    assert forward.value == -backward.value
    assert (forward.low, forward.high) == pytest.approx((-backward.high, -backward.low), abs=1e-9)


@given(PAIRED, st.integers(2, 5))
def test_more_examples_narrow_a_paired_interval(counts: tuple[int, int, int, int], times: int) -> None:
    both, losses, gains, neither = (times * count for count in counts)
    assert width(paired_proportions(both, losses, gains, neither)) < width(paired_proportions(*counts))


@pytest.mark.parametrize("counts", [(0, 0, 0, 0), (5, -1, 0, 0)])
def test_paired_refuses_impossible_counts(counts: tuple[int, int, int, int]) -> None:
    with pytest.raises(ValueError, match="at least one example"):
        paired_proportions(*counts)


@pytest.mark.parametrize("loss_rate", [0.005, 0.01, 0.015])
def test_paired_interval_covers_few_discordant_answers(loss_rate: float) -> None:
    generator, n, draws = random.Random(1), 872, 400
    gain_rate, hits = 0.02 - loss_rate, 0
    for _ in range(draws):
        kinds = generator.choices("lgs", (loss_rate, gain_rate, 1 - loss_rate - gain_rate), k=n)
        losses, gains = kinds.count("l"), kinds.count("g")
        estimate = paired_proportions(n - losses - gains, losses, gains, 0)
        hits += estimate.low <= gain_rate - loss_rate <= estimate.high
    assert 0.91 < hits / draws < 0.99


@pytest.mark.parametrize(("first", "second", "expected"), [(0, 0, 1.0), (1, 9, 22 / 1024), (5, 5, 1.0), (0, 3, 0.25)])
def test_mcnemar_by_hand(first: int, second: int, expected: float) -> None:
    assert mcnemar_exact(first, second) == pytest.approx(expected)


@given(COUNT, COUNT)
def test_mcnemar_is_symmetric_and_a_probability(first: int, second: int) -> None:
    assert mcnemar_exact(first, second) == mcnemar_exact(second, first)
    assert 0 <= mcnemar_exact(first, second) <= 1


@given(st.integers(0, 60), st.integers(0, 60))
def test_mcnemar_sums_the_binomial_tails(first: int, second: int) -> None:
    n = first + second
    tail = sum(math.comb(n, k) for k in range(n + 1) if abs(2 * k - n) >= abs(first - second)) / 2**n
    assert mcnemar_exact(first, second) == pytest.approx(tail)


def test_mcnemar_refuses_negative_counts() -> None:
    with pytest.raises(ValueError, match="counts >= 0"):
        mcnemar_exact(-1, 4)


def test_ratio_by_hand() -> None:
    # Mean 0.2, standard deviation 0.1, t(2) = 4.302653: half width 4.302653 · 0.1 / √3.
    estimate = ratio_from_logs([0.1, 0.2, 0.3])
    half = 4.302653 * 0.1 / math.sqrt(3)
    expected = (math.exp(0.2 - half), math.exp(0.2), math.exp(0.2 + half))
    assert (estimate.low, estimate.value, estimate.high) == pytest.approx(expected)
    assert estimate.n == 3


@given(st.lists(st.floats(-3, 3), min_size=2, max_size=30))
def test_inverting_the_ratio_inverts_its_interval(logs: list[float]) -> None:
    forward, backward = ratio_from_logs(logs), ratio_from_logs([-log for log in logs])
    assert forward.low <= forward.value <= forward.high
    assert forward.low * backward.high == pytest.approx(1)
    assert forward.high * backward.low == pytest.approx(1)


@pytest.mark.parametrize("logs", [[], [0.1], [0.1, math.nan], [0.1, math.inf]])
def test_ratio_refuses_what_has_no_spread(logs: list[float]) -> None:
    with pytest.raises(ValueError, match=r"at least 2 blocks|not finite"):
        ratio_from_logs(logs)


def test_ratio_covers_lognormal_blocks() -> None:
    generator, hits, draws = random.Random(2), 0, 600
    for _ in range(draws):
        estimate = ratio_from_logs([generator.gauss(math.log(2), 0.2) for _ in range(12)])
        hits += estimate.low <= 2 <= estimate.high
    assert 0.925 < hits / draws < 0.975


@given(st.integers(0, 100), st.floats(0.005, 0.2))
def test_twice_the_examples_needed_reach_the_margin(percent: int, margin: float) -> None:
    n = examples_needed(percent / 100, margin)
    each = math.ceil(n * percent / 100)
    assert width(paired_proportions(2 * n - 2 * each, each, each, 0)) / 2 <= margin


@pytest.mark.parametrize(("discordance", "margin"), [(0.02, 0.01), (0.1, 0.005), (0.5, 0.03)])
def test_examples_needed_is_the_smallest(discordance: float, margin: float) -> None:
    def half(n: int) -> float:
        each = round(n * discordance / 2)
        return width(paired_proportions(n - 2 * each, each, each, 0)) / 2

    n = examples_needed(discordance, margin)
    assert half(n) == pytest.approx(margin, rel=0.02)
    assert half(int(0.9 * n)) > margin > half(int(1.1 * n))


def test_examples_needed_without_discordance() -> None:
    n = examples_needed(0.0, 0.01)
    assert width(paired_proportions(n, 0, 0, 0)) / 2 <= 0.01 < width(paired_proportions(n - 2, 0, 0, 0)) / 2


@pytest.mark.parametrize(("discordance", "margin"), [(-0.1, 0.01), (1.1, 0.01), (0.1, 0.0), (0.1, 1.0)])
def test_examples_needed_refuses_impossible_shares(discordance: float, margin: float) -> None:
    with pytest.raises(ValueError, match="expected a share"):
        examples_needed(discordance, margin)
