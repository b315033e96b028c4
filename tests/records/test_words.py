"""Numbers as text: digits by unit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoosmith.records import words
from zoosmith.records.scores import Bounded, Difference, Metric


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.93170, "share", "0.9317"),
        (-0.00004, "share", "0.0000"),
        (4.6e-6, "nats", "4.6e-06"),
        (0.00512, "nats", "0.00512"),
        (41.9531, "", "41.95"),
        (12345.678, "", "12346"),
        (1.3512, "bits/byte", "1.351"),
    ],
)
def test_a_share_has_four_decimals_and_anything_else_four_digits(value: float, unit: str, text: str) -> None:
    assert words.number(value, unit) == text
    assert words.signed(value, unit) == f"+{text}"


def test_intervals_are_told_where_they_are() -> None:
    assert words.with_interval(Metric(value=0.9, low=0.88, high=0.92, n=9)) == "0.9000 (0.8800 to 0.9200)"
    assert words.with_interval(Metric(value=1.2, n=9, unit="nats")) == "1.2"
    assert words.change(Difference(value=-0.3, low=-0.4, high=-0.2), "nats") == "-0.3 (-0.4 to -0.2)"


@pytest.mark.parametrize(
    ("unit", "text"),
    [("share", "1.2 to 1.5 points"), ("nats", "0.012 to 0.015 nats"), ("", "0.012 to 0.015")],
)
def test_amounts_are_told_in_points_or_in_the_unit(unit: str, text: str) -> None:
    assert words.amount(0.012, 0.015, unit) == text


def test_one_point_is_no_plural() -> None:
    assert [words.exactly(value, "share") for value in (0.01, 0.0125, 0.02)] == ["1 point", "1.25 points", "2 points"]
    assert words.exactly(0.01, "nats") == "0.01 nats"


@given(st.floats(0, 1), st.integers(0, 2))
def test_percents_of_0_and_100_are_none_and_all(share: float, digits: int) -> None:
    text = float(words.percent(share, digits))
    assert (text == 0) <= (share < 1e-6) and (text == 100) <= (share > 1 - 1e-6)
    assert text == pytest.approx(100 * share, abs=0.51 / 10**digits)


@pytest.mark.parametrize(
    ("share", "digits", "text"),
    [
        (0.9996, 1, "99.96"),
        (1.0, 1, "100.0"),
        (0.004, 0, "0.4"),
        (0.0, 0, "0"),
        (0.31, 0, "31"),
        (0.99998, 2, "99.998"),
    ],
)
def test_percents(share: float, digits: int, text: str) -> None:
    assert words.percent(share, digits) == text


@given(st.floats(0.1, 10), st.floats(0, 1))
def test_a_speed_is_a_number_exactly_where_its_interval_excludes_1(value: float, half: float) -> None:
    speed = Bounded(value=value, low=value / (1 + half), high=value * (1 + half), n=8)
    told = words.times_as_fast(speed, "that of toy-fp32")
    assert told.startswith("not told apart from that of toy-fp32 (") == (speed.low <= 1 <= speed.high)
    assert f"{speed.low:.2f} to {speed.high:.2f})" in told and f"{value:.2f} times" in told


@given(st.floats(1e-5, 0.5), st.floats(0, 0.5))
def test_a_bound_above_0_never_reads_as_0(least: float, more: float) -> None:
    first, _, second = words.amount(least, least + more, "share").removesuffix(" points").partition(" to ")
    assert 0 < float(first) <= float(second)
    assert float(first) == pytest.approx(100 * least, abs=0.0501)
