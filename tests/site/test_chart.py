"""Axes, fronts and labels, as numbers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoosmith.site import chart

POSITIVE = st.floats(1e-6, 1e9)


@pytest.mark.parametrize(
    ("low", "high", "texts"),
    [
        (0.914, 0.945, ["0.92", "0.93", "0.94"]),
        (0.0, 1.0, ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
        (-3.0, 4.0, ["-2", "0", "2", "4"]),
    ],
)
def test_linear_ticks_are_round_and_few(low: float, high: float, texts: list[str]) -> None:
    assert [tick.text for tick in chart.Axis(low, high).ticks()] == texts


@pytest.mark.parametrize(
    ("low", "high", "texts"),
    [
        (0.8, 7.2, ["1", "2", "3", "5", "7"]),
        (0.4, 330.0, ["1", "3", "10", "30", "100", "300"]),
        (1.0, 1e12, None),
        (10.2, 10.9, ["10.2", "10.4", "10.6", "10.8"]),
    ],
)
def test_logarithmic_ticks_suit_the_length_of_the_axis(low: float, high: float, texts: list[str] | None) -> None:
    ticks = chart.Axis(low, high, log=True).ticks()
    assert 2 <= len(ticks) <= 9
    assert texts is None or [tick.text for tick in ticks] == texts


@given(st.lists(POSITIVE, min_size=1, max_size=30), st.booleans())
def test_every_value_and_tick_is_on_its_axis(values: list[float], log: bool) -> None:
    axis = chart.axis(values, log=log)
    assert all(0 <= axis.at(value) <= 100 for value in values)
    ticks = axis.ticks()
    assert all(-0.01 <= tick.at <= 100.01 for tick in ticks)
    assert [tick.at for tick in ticks] == sorted(tick.at for tick in ticks)
    assert len(ticks) <= 15


def test_an_upright_axis_has_its_low_end_at_the_bottom() -> None:
    axis = chart.Axis(0.0, 10.0, flipped=True)
    assert (axis.at(0), axis.at(10), axis.at(4)) == (100, 0, 60)


def test_equal_values_still_make_an_axis() -> None:
    assert chart.axis([5.0, 5.0]).at(5.0) == 50
    assert chart.axis([0.0]).at(0.0) == 50
    assert chart.axis([5.0], log=True).at(5.0) == 50


@given(st.lists(st.tuples(st.floats(0, 100), st.floats(0, 100)), min_size=1, max_size=25))
def test_labels_are_inside_and_overlap_neither_points_nor_one_another(places: list[tuple[float, float]]) -> None:
    placed = chart.labels([(i, f"name-{i}") for i in range(len(places))], places, 500, 250)
    boxes = []
    for label in placed:
        x, y = places[label.point][0] * 5 + label.dx, places[label.point][1] * 2.5 + label.dy
        width = len(f"name-{label.point}") * chart.LETTER_PX
        left = x - {"start": 0, "middle": width / 2, "end": width}[label.anchor]
        boxes.append((left, y - 10, left + width, y + 2))
        assert left >= -0.01
        assert left + width <= 500.01
        assert not any(left < px * 5 < left + width and y - 10 < py * 2.5 < y + 2 for px, py in places)
    for i, a in enumerate(boxes):
        assert not any(a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3] for b in boxes[:i])


def test_a_label_that_fits_nowhere_is_left_out() -> None:
    assert chart.labels([(0, "x" * 200)], [(50, 50)], 500, 250) == []
    assert [label.anchor for label in chart.labels([(0, "name")], [(99, 50)], 500, 250)] == ["end"]
