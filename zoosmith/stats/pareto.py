"""The Pareto front of quality against a cost: what nothing beats on both."""

from __future__ import annotations

from collections.abc import Sequence


def front(points: Sequence[tuple[float, float]], *, lower: bool = False) -> list[int]:
    """Indexes of the (cost, value) that no other beats, from the least cost on; equal points stand or fall together.

    One beats another where it costs no more and is no worse, and they are not equal. Better is higher, or lower where
    `lower`.
    """
    sign = 1 if lower else -1
    order = sorted(range(len(points)), key=lambda i: (points[i][0], sign * points[i][1]))
    found: list[int] = []
    for i in order:
        last = points[found[-1]] if found else None
        if last is None or sign * points[i][1] < sign * last[1] or points[i] == last:
            found.append(i)
    return found
