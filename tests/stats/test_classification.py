"""Metrics against hand-computed values and against definitions counted example by example."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoosmith.stats.classification import (
    ClassScores,
    accuracy,
    average_f1,
    confusion,
    joint_counts,
    macro_f1,
    per_class,
    weighted_f1,
)

# Rows: 40 of class a (30 right), 50 of b (45 right), 10 of c (none right).
MATRIX = [[30, 10, 0], [5, 45, 0], [5, 5, 0]]
LABELS = st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from("abcd")), min_size=1, max_size=60)


def f1_by_counting(true: Sequence[str], predicted: Sequence[str], name: str) -> Fraction:
    """Harmonic mean of precision and recall, zero where either is undefined."""
    hits = sum(t == p == name for t, p in zip(true, predicted, strict=True))
    if hits == 0:
        return Fraction(0)
    precision, recall = Fraction(hits, list(predicted).count(name)), Fraction(hits, list(true).count(name))
    return 2 * precision * recall / (precision + recall)


def test_metrics_by_hand() -> None:
    # F1: a 60 / (40 + 40), b 90 / (50 + 60), c 0.
    assert accuracy(MATRIX) == 0.75
    assert macro_f1(MATRIX) == pytest.approx((0.75 + 9 / 11 + 0) / 3)
    assert weighted_f1(MATRIX) == pytest.approx(0.4 * 0.75 + 0.5 * 9 / 11)
    assert average_f1(MATRIX, 1) == pytest.approx(9 / 11)


def test_per_class_by_hand() -> None:
    assert per_class(MATRIX) == [
        ClassScores(0.75, 0.75, 0.75, 40),
        ClassScores(0.75, 0.9, 90 / 110, 50),
        ClassScores(0.0, 0.0, 0.0, 10),
    ]


def test_confusion_has_true_rows_and_predicted_columns() -> None:
    assert confusion(["a", "a", "b"], ["a", "b", "b"], ["a", "b", "c"]) == [[1, 1, 0], [0, 1, 0], [0, 0, 0]]


def test_joint_counts_index_the_classes() -> None:
    assert joint_counts("aab", "abb", "aaa", "ab") == {(0, 0, 0): 1, (0, 1, 0): 1, (1, 1, 0): 1}


@given(LABELS)
def test_metrics_follow_their_definitions(pairs: list[tuple[str, str]]) -> None:
    true, predicted = [t for t, _ in pairs], [p for _, p in pairs]
    matrix = confusion(true, predicted, "abcd")
    scores = {name: f1_by_counting(true, predicted, name) for name in sorted({*true, *predicted})}
    assert accuracy(matrix) == pytest.approx(sum(t == p for t, p in pairs) / len(pairs))
    assert macro_f1(matrix) == pytest.approx(float(sum(scores.values()) / len(scores)))
    assert weighted_f1(matrix) == pytest.approx(float(sum(scores[t] for t in true) / len(true)))


@given(LABELS)
def test_per_class_counts_every_example_once(pairs: list[tuple[str, str]]) -> None:
    scores = per_class(confusion([t for t, _ in pairs], [p for _, p in pairs], "abcd"))
    assert sum(score.support for score in scores) == len(pairs)
    assert all(min(s.precision, s.recall) <= s.f1 + 1e-12 for s in scores)
    assert all(s.f1 <= max(s.precision, s.recall) + 1e-12 for s in scores)


@given(LABELS)
def test_swapping_true_and_predicted_swaps_precision_and_recall(pairs: list[tuple[str, str]]) -> None:
    matrix = confusion([t for t, _ in pairs], [p for _, p in pairs], "abcd")
    forward, backward = per_class(matrix), per_class(list(zip(*matrix, strict=True)))
    assert [(s.precision, s.recall, s.f1) for s in forward] == [(s.recall, s.precision, s.f1) for s in backward]


def test_macro_leaves_out_only_classes_that_never_occur() -> None:
    never = [[8, 2, 0], [2, 8, 0], [0, 0, 0]]
    predicted_once = [[8, 1, 1], [2, 8, 0], [0, 0, 0]]
    assert macro_f1(never) == pytest.approx(0.8)
    assert macro_f1(predicted_once) == pytest.approx((16 / 20 + 16 / 19 + 0) / 3)


@pytest.mark.parametrize("matrix", [[], [[0, 0], [0, 0]]])
def test_a_matrix_without_examples_is_refused(matrix: list[list[int]]) -> None:
    for metric in (accuracy, macro_f1, weighted_f1):
        with pytest.raises(ValueError, match="holds no examples"):
            metric(matrix)


def test_a_class_that_never_occurs_has_no_f1() -> None:
    with pytest.raises(ValueError, match=r"class 2; expected one of \[0, 1\]"):
        average_f1([[8, 2, 0], [2, 8, 0], [0, 0, 0]], 2)


def test_labels_must_match_the_classes_and_each_other() -> None:
    with pytest.raises(ValueError, match="'x' are not among the 2 classes"):
        confusion(["a", "b"], ["a", "x"], ["a", "b"])
    with pytest.raises(ValueError, match=r"lengths \[2, 1\]"):
        confusion(["a", "b"], ["a"], ["a", "b"])
    with pytest.raises(ValueError, match=r"lengths \[2, 2, 1\]"):
        joint_counts("ab", "ab", "a", "ab")
