"""Ratios over documents: what they are, what does not change them, and how often their intervals hold the truth."""

from __future__ import annotations

import math
import random
from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoosmith.stats.documents import Documents, deltas, exponential, paired_ratio, ratio_of_sums, scores
from zoosmith.stats.intervals import Estimate
from zoosmith.stats.student import student_quantile

PAIRS = st.lists(st.tuples(st.floats(0, 500), st.integers(1, 200)), min_size=2, max_size=40)


def columns(pairs: list[tuple[float, int]]) -> tuple[list[float], list[float]]:
    return [float(y) for y, _ in pairs], [float(x) for _, x in pairs]


@given(PAIRS)
def test_the_ratio_is_that_of_the_sums_and_lies_in_its_interval(pairs: list[tuple[float, int]]) -> None:
    ys, xs = columns(pairs)
    found = ratio_of_sums(ys, xs)
    assert found.value == pytest.approx(sum(ys) / sum(xs))
    assert found.low <= found.value <= found.high
    assert found.n == len(pairs)


@given(PAIRS, st.floats(0.1, 10))
def test_units_scale_it_and_the_order_does_not_matter(pairs: list[tuple[float, int]], factor: float) -> None:
    ys, xs = columns(pairs)
    one, scaled = ratio_of_sums(ys, xs), ratio_of_sums([factor * y for y in ys], xs)
    back = ratio_of_sums(ys[::-1], xs[::-1])
    for name in ("value", "low", "high"):
        assert getattr(scaled, name) == pytest.approx(factor * getattr(one, name), rel=1e-6, abs=1e-9)
        assert getattr(back, name) == pytest.approx(getattr(one, name), rel=1e-9, abs=1e-9)


def test_documents_of_equal_length_give_the_interval_of_a_mean() -> None:
    """Each residual is divided by 1 - 1/n, which a mean's Student interval is not."""
    ys = [3.0, 4.0, 5.5, 2.0, 3.5]
    found, n = ratio_of_sums(ys, [1.0] * 5), 5
    error = math.sqrt(sum((y - fmean(ys)) ** 2 for y in ys) / (n - 1) / n)
    assert found.high - found.value == pytest.approx(student_quantile(0.95, 4) * error * n / (n - 1))


@given(PAIRS)
def test_a_side_paired_with_itself_differs_by_nothing_and_for_sure(pairs: list[tuple[float, int]]) -> None:
    ys, xs = columns(pairs)
    assert paired_ratio(ys, ys, xs) == Estimate(0.0, 0.0, 0.0, len(pairs))


@given(PAIRS, st.floats(-2, 2))
def test_so_much_more_on_every_token_is_the_difference_for_sure(pairs: list[tuple[float, int]], more: float) -> None:
    ys, xs = columns(pairs)
    found = paired_ratio([y + more * x for y, x in zip(ys, xs, strict=True)], ys, xs)
    for end in (found.value, found.low, found.high):
        assert end == pytest.approx(more, abs=1e-6)


def document(generator: random.Random, likelihood: float = 3.5) -> tuple[float, float]:
    """Nats and tokens: long ones are a few times as long as others, and a document's tokens share its subject."""
    tokens = max(5, round(generator.lognormvariate(4.5, 0.9)))
    return generator.gauss(likelihood, 0.5) * tokens + generator.gauss(0, 2.5) * math.sqrt(tokens), float(tokens)


@pytest.mark.parametrize(("n", "least"), [(10, 0.91), (40, 0.93), (100, 0.93)])
def test_95_percent_hold_the_truth(n: int, least: float) -> None:
    """By simulation; the truth of this population is 3.5. Without the division by 1 - leverage 10 give 89 %."""
    generator, tries = random.Random(1), 800
    hits = 0
    for _ in range(tries):
        found = ratio_of_sums(*map(list, zip(*(document(generator) for _ in range(n)), strict=True)))
        hits += found.low <= 3.5 <= found.high
    assert least <= hits / tries <= 0.98


def test_pairing_tells_what_the_intervals_of_both_do_not() -> None:
    generator = random.Random(2)
    documents = [document(generator) for _ in range(50)]
    theirs = Documents([y for y, _ in documents], [x for _, x in documents], [4 * x for _, x in documents])
    mine = theirs._replace(nats=[y + 0.02 * x + generator.gauss(0, 0.5) for y, x in documents])
    one, other, apart = scores(mine), scores(theirs), deltas(mine, theirs)
    assert one["nats_per_token"].low < other["nats_per_token"].high, "alone they overlap"
    assert apart["nats_per_token"].low > 0, "paired they do not"
    assert apart["perplexity"].value == pytest.approx(one["perplexity"].value - other["perplexity"].value)
    assert apart["bits_per_byte"].value == pytest.approx(one["bits_per_byte"].value - other["bits_per_byte"].value)
    for name in apart:
        assert apart[name].value == pytest.approx(one[name].value - other[name].value)
        assert 0 < apart[name].low < apart[name].value < apart[name].high


def test_the_difference_of_perplexities_is_linear_in_small_changes() -> None:
    """d exp(x) = exp(x) dx: its interval is that of the nats times the perplexity."""
    generator = random.Random(3)
    documents = [document(generator) for _ in range(80)]
    theirs = Documents([y for y, _ in documents], [x for _, x in documents], [4 * x for _, x in documents])
    mine = theirs._replace(nats=[y + generator.gauss(0, 0.01) * x for y, x in documents])
    found, ppl = deltas(mine, theirs), scores(theirs)["perplexity"].value
    width = found["perplexity"].high - found["perplexity"].low
    assert width == pytest.approx(ppl * (found["nats_per_token"].high - found["nats_per_token"].low), rel=0.02)


def test_perplexity_and_bits_are_the_same_nats_in_other_units() -> None:
    found = scores(Documents([30.0, 50.0, 20.0], [10, 15, 8], [40, 61, 30]))
    assert found["perplexity"] == exponential(found["nats_per_token"])
    assert found["perplexity"].value == pytest.approx(math.exp(100 / 33))
    assert found["bits_per_byte"].value == pytest.approx(100 / math.log(2) / 131)


def test_other_tokens_leave_what_is_counted_by_bytes() -> None:
    one = Documents([30.0, 50.0], [10, 15], [40, 61])
    assert set(deltas(one, one._replace(tokens=[9, 15]))) == {"bits_per_byte"}
    with pytest.raises(ValueError, match="not the same bytes"):
        deltas(one, one._replace(bytes=[40, 60]))


@pytest.mark.parametrize(
    ("ys", "xs", "message"),
    [
        ([1.0], [2.0], "two documents or more"),
        ([1.0, 2.0], [1.0], "two documents or more"),
        ([1.0, 2.0], [0.0, 0.0], "must be above 0"),
        ([1.0, 2.0], [-1.0, 3.0], "must be above 0"),
    ],
)
def test_what_has_no_interval_is_refused(ys: list[float], xs: list[float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ratio_of_sums(ys, xs)
