"""The front of quality against a cost."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from zoosmith.stats.pareto import front

POINTS = st.lists(st.tuples(st.integers(1, 9), st.integers(0, 9)), min_size=1, max_size=40)


@given(POINTS, st.booleans())
def test_the_front_is_what_no_point_beats(points: list[tuple[float, float]], lower: bool) -> None:
    def beats(a: tuple[float, float], b: tuple[float, float]) -> bool:
        better = a[1] <= b[1] if lower else a[1] >= b[1]
        return a[0] <= b[0] and better and a != b

    found = front(points, lower=lower)
    assert sorted(found) == [i for i, p in enumerate(points) if not any(beats(other, p) for other in points)]
    assert [points[i][0] for i in found] == sorted(points[i][0] for i in found)


def test_equal_points_stand_or_fall_together() -> None:
    assert front([(1, 0.5), (1, 0.5), (2, 0.4), (2, 0.4)]) == [0, 1]
    assert front([(1, 0.5), (1, 0.5), (2, 0.4)], lower=True) == [0, 1, 2]
    assert front([]) == []
