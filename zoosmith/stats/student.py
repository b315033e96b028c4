"""Quantiles of Student's t without scipy, so that a command that compares needs none."""

from __future__ import annotations

import math
from functools import lru_cache

from zoosmith.stats.intervals import normal_quantile

_LARGE = 2_000  # from here on the normal quantile is within 0.002
_BISECTIONS = 80


@lru_cache(maxsize=256)
def student_quantile(level: float, freedom: int) -> float:
    """The t with P(|T| <= t) = level for T with `freedom` degrees of freedom, to 9 digits below 2,000 of them.

    Raises ValueError for no degree of freedom, and unless 0 < level < 1.
    """
    if freedom < 1:
        raise ValueError(f"Student's t has {freedom} degrees of freedom; an interval needs at least two observations")
    near = normal_quantile(level)
    if freedom >= _LARGE:
        return near
    low, high = 0.0, math.pi / 2  # t = tan(angle) * sqrt(freedom)
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        low, high = (middle, high) if _within(middle, freedom) < level else (low, middle)
    return math.tan((low + high) / 2) * math.sqrt(freedom)


def _within(angle: float, freedom: int) -> float:
    """P(|T| <= tan(angle) sqrt(freedom)), a finite sum for whole degrees of freedom.

    Source: Abramowitz and Stegun (1964), Handbook of Mathematical Functions, 26.7.3 and 26.7.4.
    """
    cosine, sine, odd = math.cos(angle), math.sin(angle), freedom % 2
    if freedom == 1:
        return 2 * angle / math.pi
    term = cosine if odd else 1.0
    total = term
    for i in range(3 if odd else 2, freedom - 1, 2):
        term *= cosine * cosine * (i - 1) / i
        total += term
    return 2 / math.pi * (angle + sine * total) if odd else sine * total
