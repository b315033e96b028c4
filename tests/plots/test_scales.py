"""Axes: round numbers that tell the values apart."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoosmith.plots.scales import logarithmic, padded, round_numbers, told_apart


@pytest.mark.parametrize(
    ("low", "high", "log", "ticks"),
    [
        (0.6, 8.0, True, [1, 2, 5]),
        (0.5, 600.0, True, [1, 10, 100]),
        (2.1, 4.2, True, [3]),
        (0.912, 0.945, False, [0.92, 0.93, 0.94]),
        (0.0, 9.1, False, [0, 2, 4, 6, 8]),
    ],
)
def test_ticks_are_round(low: float, high: float, log: bool, ticks: list[float]) -> None:
    assert round_numbers(low, high, log=log) == pytest.approx(ticks)


@pytest.mark.parametrize(
    ("ticks", "aligned", "texts"),
    [
        ([1.0, 10.0, 100.0], False, ["1", "10", "100"]),
        ([0.1, 0.5, 2.0], False, ["0.1", "0.5", "2"]),
        ([0.88, 0.9, 0.925], True, ["0.880", "0.900", "0.925"]),
        ([0.0, 2.5e-06, 1e-05], True, ["0", "2.5e-06", "1e-05"]),
        ([1000.0, 1000.5], True, ["1000.0", "1000.5"]),
    ],
)
def test_numbers_are_short(ticks: list[float], aligned: bool, texts: list[str]) -> None:
    assert told_apart(ticks, aligned=aligned) == texts


@given(st.lists(st.floats(1e-9, 1e9), min_size=1, max_size=6), st.floats(0.01, 0.3), st.booleans())
def test_limits_hold_every_value_with_room(values: list[float], share: float, log: bool) -> None:
    low, high = padded(values, share, share, log=log)
    assert low < min(values)
    assert high > max(values)


@given(st.lists(st.floats(1e-6, 1e6), min_size=1, max_size=6), st.booleans())
def test_ticks_are_inside_the_limits_and_read_as_different_numbers(values: list[float], log: bool) -> None:
    low, high = padded(values, 0.1, 0.1, log=log)
    ticks = round_numbers(low, high, log=log)
    assert all(low <= tick <= high for tick in ticks)
    texts = told_apart(ticks, aligned=not log)
    assert len({*texts}) == len(ticks)
    assert all(math.isclose(float(t), tick, rel_tol=1e-6, abs_tol=1e-12) for t, tick in zip(texts, ticks, strict=True))


def test_ratios_are_shown_where_they_tell_more() -> None:
    assert logarithmic([1.0, 4.0])
    assert not logarithmic([1.0, 3.9])
    assert not logarithmic([0.0, 9.0])
