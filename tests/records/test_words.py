"""Numbers as text: digits by unit."""

from __future__ import annotations

import pytest

from zoosmith.records import words
from zoosmith.records.scores import Difference, Metric


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.93170, "share", "0.9317"),
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
