"""Verdicts: what an interval decides, said in words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoosmith.core.intervals import paired_proportions
from zoosmith.core.records import Difference
from zoosmith.core.verdicts import verdict


def difference(value: float, low: float, high: float) -> Difference:
    return Difference(value=value, low=low, high=high)


@pytest.mark.parametrize(
    ("change", "kind", "text"),
    [
        (difference(0.001, -0.004, 0.006), "no_loss", "no loss over 1 point shown"),
        (difference(-0.02, -0.031, -0.009), "loss", "loss of 0.9 to 3.1 points"),
        (difference(0.02, 0.009, 0.031), "gain", "gain of 0.9 to 3.1 points"),
        (difference(-0.005, -0.0135, 0.0035), "undecided", "not decidable with 872 examples, needs about 2600"),
    ],
)
def test_each_verdict_in_words(change: Difference, kind: str, text: str) -> None:
    assert verdict(change, 872, 13) == (kind, text)


def test_the_margin_is_named() -> None:
    change = difference(-0.005, -0.0135, 0.0035)
    assert verdict(change, 872, 13, margin=0.015).text == "no loss over 1.5 points shown"


@given(st.integers(0, 60), st.integers(0, 60), st.integers(200, 5000), st.sampled_from([0.005, 0.01, 0.02]))
def test_exactly_what_the_interval_holds(lost: int, won: int, n: int, margin: float) -> None:
    found = paired_proportions(n - lost - won, lost, won, 0)
    kind, text = verdict(difference(found.value, found.low, found.high), n, lost + won, margin)
    assert (kind == "loss") == (found.high < 0)
    assert (kind == "gain") == (found.low > 0)
    if kind == "no_loss":
        assert found.low >= -margin
    if kind == "undecided":
        assert found.low < -margin
        assert int(text.rsplit(" ", 1)[1]) > n


@given(st.integers(1, 20), st.integers(300, 2000))
def test_the_n_it_asks_for_decides_at_the_same_shares(lost: int, n: int) -> None:
    found = paired_proportions(n - 2 * lost, lost, lost, 0)
    kind, text = verdict(difference(found.value, found.low, found.high), n, 2 * lost)
    if kind == "undecided":
        more = int(text.rsplit(" ", 1)[1])
        each = lost * more // n
        again = paired_proportions(more - 2 * each, each, each, 0)
        assert again.low >= -0.0105


def test_a_handful_of_examples_decides_nothing_and_does_no_harm() -> None:
    found = paired_proportions(0, 0, 2, 0)
    assert verdict(difference(found.value, found.low, found.high), 2, 2).kind == "undecided"
