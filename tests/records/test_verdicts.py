"""Verdicts: what an interval decides, said in words."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from zoosmith.records.schema import Difference
from zoosmith.records.verdicts import MARGIN, verdict
from zoosmith.stats.intervals import paired_proportions, paired_score

UNDECIDED = "whether it loses more than 1 point is not decidable with"


def difference(value: float, low: float, high: float) -> Difference:
    return Difference(value=value, low=low, high=high)


@pytest.mark.parametrize(
    ("change", "kind", "text"),
    [
        (difference(0.001, -0.004, 0.006), "no_loss", "no loss over 1 point shown"),
        (difference(-0.02, -0.031, -0.009), "loss", "loss of 0.9 to 3.1 points"),
        (difference(0.02, 0.009, 0.031), "gain", "gain of 0.9 to 3.1 points"),
        (
            difference(-0.005, -0.0135, 0.0035),
            "undecided",
            f"{UNDECIDED} 872 examples, needs about 2000",
        ),
    ],
)
def test_each_verdict_in_words(change: Difference, kind: str, text: str) -> None:
    assert verdict(change, 872, 13) == (kind, text)


@given(st.integers(0, 60), st.integers(0, 60), st.integers(200, 5000))
def test_exactly_what_the_interval_holds(lost: int, won: int, n: int) -> None:
    found = paired_proportions(n - lost - won, lost, won, 0)
    kind, text = verdict(difference(found.value, found.low, found.high), n, lost + won)
    assert (kind == "loss") == (found.high < 0)
    assert (kind == "gain") == (found.low > 0)
    if kind == "no_loss":
        assert found.low >= -MARGIN
    if kind == "undecided":
        assert found.low < -MARGIN
        assert int(text.rsplit(" ", 1)[1]) > n


@given(st.integers(0, 30), st.integers(0, 30), st.integers(100, 2000))
@example(lost=6, won=1, n=872)
@example(lost=9, won=0, n=1000)
def test_the_n_it_asks_for_decides_at_the_same_shares_and_half_of_it_does_not(lost: int, won: int, n: int) -> None:
    found = paired_proportions(n - lost - won, lost, won, 0)
    kind, text = verdict(difference(found.value, found.low, found.high), n, lost + won)
    if kind == "undecided":
        more = int(text.rsplit(" ", 1)[1])
        assert decides(lost * more / n, won * more / n, more)
        assert more // 2 <= n or not decides(lost * (more // 2) / n, won * (more // 2) / n, more // 2)


def decides(lost: float, won: float, n: int) -> bool:
    low, high = paired_score(lost, won, n)
    return low >= -MARGIN or high < 0


def test_a_small_loss_is_decided_by_whichever_comes_first() -> None:
    """5 of 500 lost net, 1 point: far nearer to a loss than to none over 1 point."""
    found = paired_proportions(489, 8, 3, 0)
    change = difference(found.value, found.low, found.high)
    needed = int(verdict(change, 500, 11).text.rsplit(" ", 1)[1])
    assert 800 < needed < 1000, "3.84 * 11 / 5² = 1.7 times as many, not the thousands that tell 1.0 from 1.0"


def test_an_interval_twice_as_wide_needs_four_times_as_many() -> None:
    found = paired_proportions(860, 8, 4, 0)
    wide = difference(found.value, 2 * found.low - found.value, 2 * found.high - found.value)
    narrow, wider = (
        int(verdict(each, 872, 12).text.rsplit(" ", 1)[1])
        for each in (difference(found.value, found.low, found.high), wide)
    )
    assert wider / narrow == pytest.approx(4, rel=0.06)


def test_a_handful_of_examples_decides_nothing_and_does_no_harm() -> None:
    found = paired_proportions(0, 0, 2, 0)
    assert verdict(difference(found.value, found.low, found.high), 2, 2).kind == "undecided"
