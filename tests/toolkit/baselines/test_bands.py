"""Cuts between bands: as good as any, on rows small enough to try all."""

from __future__ import annotations

from itertools import combinations_with_replacement

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoosmith.toolkit.baselines.bands import Bands, fitted

ROWS = st.lists(st.tuples(st.sampled_from([0.0, 0.2, 0.5, 0.7, 1.0]), st.integers(0, 2)), min_size=1, max_size=14)


def mean_recall(bands: Bands, rows: list[tuple[float, int]]) -> float:
    found = {target: [bands.answer(s) == target for s, t in rows if t == target] for target in {t for _, t in rows}}
    return sum(sum(right) / len(right) for right in found.values()) / len(found)


@given(ROWS)
def test_no_other_cuts_have_a_higher_mean_recall(rows: list[tuple[float, int]]) -> None:
    bands = fitted(*map(list, zip(*rows, strict=True)))
    everywhere = [-1.0, 0.1, 0.35, 0.6, 0.85, 2.0]
    others = combinations_with_replacement(everywhere, len(bands.order) - 1)
    best = max(mean_recall(Bands(bands.order, cuts), rows) for cuts in others)
    assert mean_recall(bands, rows) == pytest.approx(best)


def test_a_clean_cut_lies_between_the_classes() -> None:
    bands = fitted([0.1, 0.2, 0.8, 0.9], [1, 1, 0, 0])
    assert bands == Bands((1, 0), (0.5,))
    assert [bands.answer(x) for x in (0.0, 0.49, 0.5, 1.0)] == [1, 1, 0, 0]


def test_classes_that_are_not_there_are_never_answered() -> None:
    bands = fitted([0.5, 0.5], [2, 2])
    assert {bands.answer(x) for x in (0.0, 1.0)} == {2}


def test_no_rows_are_told() -> None:
    with pytest.raises(ValueError, match="fitted to rows, and there are none"):
        fitted([], [])
