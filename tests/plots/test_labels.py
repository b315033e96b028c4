"""Placing labels: inside, apart, and near their points."""

from __future__ import annotations

import math
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from zoosmith.plots.labels import Box, Label, leader, place, spread

FRAME = Box(0, 0, 400, 240)
POINTS = st.lists(st.tuples(st.integers(10, 390), st.integers(10, 230)), min_size=1, max_size=8)


@given(POINTS)
def test_labels_are_inside_and_cover_neither_each_other_nor_what_is_taken(points: list[tuple[int, int]]) -> None:
    labels = [Label(x, y, 60, 14) for x, y in points]
    taken = [Box(x - 5, y - 5, x + 5, y + 5) for x, y in points]
    boxes = place(labels, taken, [], FRAME)
    for i, box in enumerate(boxes):
        assert box.within(FRAME)
        assert not any(box.overlaps(other) for other in [*boxes[:i], *taken])


def test_a_lone_label_is_right_beside_its_point() -> None:
    [box] = place([Label(100, 100, 60, 14)], [Box(95, 95, 105, 105)], [], FRAME)
    assert box == Box(112, 93, 172, 107)
    assert leader(Label(100, 100, 60, 14), box) is None


def test_bars_are_avoided_where_there_is_room() -> None:
    bars = [Box(110, 0, 120, 240)]
    [box] = place([Label(100, 100, 60, 14)], [], bars, FRAME)
    assert not box.overlaps(bars[0])
    bars = [Box(0, 0, 400, 240)]
    [box] = place([Label(100, 100, 60, 14)], [], bars, FRAME)
    assert box.within(FRAME)


def test_a_label_is_nearer_to_its_own_point() -> None:
    first, second = Label(100, 100, 60, 14), Label(180, 100, 60, 14)
    for box, own, other in zip(place([first, second], [], [], FRAME), (first, second), (second, first), strict=True):
        middle = ((box.left + box.right) / 2, (box.top + box.bottom) / 2)
        assert math.dist(middle, own[:2]) < math.dist(middle, other[:2])


def test_where_nothing_near_is_free_a_line_leads_to_the_label() -> None:
    label = Label(200, 120, 60, 14)
    [box] = place([label], [Box(20, 20, 400, 240)], [], FRAME)
    assert box.within(FRAME)
    assert leader(label, box) is not None


def test_where_nothing_is_free_at_all_it_is_still_written() -> None:
    assert place([Label(200, 120, 60, 14)], [FRAME], [], FRAME) == [Box(212, 113, 272, 127)]


@given(st.lists(st.floats(0, 300), min_size=1, max_size=9))
def test_spread_keeps_apart_and_inside(wanted: list[float]) -> None:
    placed = spread(wanted, 18, 0, 300)
    assert len(placed) == len(wanted)
    ordered = sorted(placed)
    assert all(b - a >= 18 - 1e-9 for a, b in pairwise(ordered))
    assert ordered[0] >= -1e-9
    assert ordered[-1] <= 300 + 1e-9


def test_what_is_apart_stays_where_it_is() -> None:
    assert spread([200.0, 10.0, 60.0], 18, 0, 300) == [200.0, 10.0, 60.0]
