"""Student's t against scipy's."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import stdtrit

from zoosmith.stats.student import student_quantile


@given(st.integers(1, 1999), st.floats(0.01, 0.999))
def test_equals_scipys(freedom: int, level: float) -> None:
    assert student_quantile(level, freedom) == pytest.approx(float(stdtrit(freedom, (1 + level) / 2)), rel=1e-8)


def test_many_degrees_of_freedom_are_near_the_normal() -> None:
    assert student_quantile(0.95, 10**6) == pytest.approx(float(stdtrit(10**6, 0.975)), abs=2e-3)


def test_refuses_what_has_no_spread() -> None:
    with pytest.raises(ValueError, match="at least two observations"):
        student_quantile(0.95, 0)
    with pytest.raises(ValueError, match="between 0 and 1"):
        student_quantile(1.5, 3)
