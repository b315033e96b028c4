"""Exchanged labels are told from a weak model's errors."""

from __future__ import annotations

import re
from itertools import permutations

import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from zoosmith.tasks._classification.exchanged import assignment, exchanged


@settings(max_examples=60, deadline=None)
@given(st.integers(2, 5), st.integers(0, 10_000))
def test_the_assignment_is_the_best_of_all_permutations(count: int, seed: int) -> None:
    matrix = np.random.default_rng(seed).integers(0, 9, size=(count, count)).tolist()
    best = max(sum(matrix[i][j] for i, j in enumerate(order)) for order in permutations(range(count)))
    found = assignment(matrix)
    assert sum(matrix[i][j] for i, j in enumerate(found)) == best
    if sum(matrix[i][i] for i in range(count)) == best:
        assert found == list(range(count))


@settings(max_examples=60, deadline=None)
@given(st.integers(2, 40), st.floats(0.75, 1.0), st.integers(0, 10_000))
def test_any_exchange_is_found_and_the_right_order_is_not_touched(count: int, accuracy: float, seed: int) -> None:
    """Of a model that is right so often, in whatever order its outputs are called."""
    generator = np.random.default_rng(seed)
    true = np.repeat(np.arange(count), 40)
    answers = np.where(generator.random(len(true)) < accuracy, true, generator.integers(0, count, len(true)))
    matrix, labels = np.zeros((count, count), int), [f"c{i}" for i in range(count)]
    np.add.at(matrix, (true, answers), 1)
    assert exchanged(matrix.tolist(), labels) is None
    order = generator.permutation(count)
    hint = exchanged(matrix[:, order].tolist(), labels)
    assert (hint is None) == (order.tolist() == list(range(count)))
    assert hint is None or f"labels: [{', '.join(labels[i] for i in order)}]" in hint


@pytest.mark.parametrize("count", [6, 8, 10])
@pytest.mark.parametrize("seed", range(5))
def test_an_exchange_of_many_classes_is_found_of_a_model_that_errs_on_half_of_the_rows(count: int, seed: int) -> None:
    generator = np.random.default_rng(seed)
    true = np.repeat(np.arange(count), 300 // count)
    answers = np.where(generator.random(len(true)) < 0.45, true, generator.integers(0, count, len(true)))
    matrix, labels = np.zeros((count, count), int), [f"c{i}" for i in range(count)]
    np.add.at(matrix, (true, answers), 1)
    assert exchanged(matrix.tolist(), labels) is None
    hint = exchanged(np.roll(matrix, 1, axis=1).tolist(), labels)
    assert hint is not None
    assert f"labels: [{', '.join([labels[-1], *labels[:-1]])}]" in hint


@settings(max_examples=60, deadline=None)
@given(st.integers(3, 20), st.integers(0, 10_000))
def test_confusions_that_are_no_exchange_are_the_models_own(count: int, seed: int) -> None:
    """Each class is answered as any, some more than others, and in no order better than in its own."""
    generator = np.random.default_rng(seed)
    answered = generator.dirichlet(np.full(count, 2.0))
    matrix = [generator.multinomial(30, 0.7 * answered + 0.3 * np.eye(count)[i]).tolist() for i in range(count)]
    assert exchanged(matrix, [f"c{i}" for i in range(count)]) is None


@pytest.mark.parametrize("seed", range(20))
def test_stray_answers_between_rare_classes_are_no_exchange_where_the_others_are_answered_well(seed: int) -> None:
    generator = np.random.default_rng(seed)
    weights = 0.7 ** np.arange(20)
    rows = np.maximum(2, (1000 * weights / weights.sum()).astype(int))
    right = np.where(np.arange(20) < 8, 0.85, 0.0)
    answered = [r * np.eye(20)[i] + (1 - r) * weights / weights.sum() for i, r in enumerate(right)]
    matrix = [generator.multinomial(n, p).tolist() for n, p in zip(rows, answered, strict=True)]
    assert exchanged(matrix, [f"c{i}" for i in range(20)]) is None


def test_two_rare_classes_of_eight_that_are_answered_once_under_each_others_name_are_no_exchange() -> None:
    matrix = [[90 if i == j else 10 * (j == (i + 1) % 6) for j in range(8)] for i in range(6)]
    matrix += [[2, 0, 0, 0, 0, 0, 0, 1], [0, 2, 0, 0, 0, 0, 1, 0]]
    assert exchanged(matrix, list("abcdefgh")) is None


def test_the_order_is_told_as_yaml_reads_it() -> None:
    hint = exchanged([[0, 0, 100], [99, 0, 1], [0, 100, 0]], ["no", "really", "yes"])
    assert hint is not None
    [shown] = re.findall(r"`(task: .*)`", hint)
    assert yaml.safe_load(shown) == {"task": {"labels": ["really", "yes", "no"]}}


def test_the_issue_of_three_classes_in_alphabetical_order() -> None:
    """A checkpoint of LABEL_0..2 (low, mid, high), called high, low, mid."""
    hint = exchanged([[0, 0, 100], [99, 0, 1], [0, 100, 0]], ["high", "low", "mid"])
    assert hint is not None
    assert "`task: {labels: [low, mid, high]}`" in hint


def test_a_model_that_answers_one_class_alone_is_weak_not_exchanged() -> None:
    assert exchanged([[0, 60, 0], [0, 40, 0], [0, 50, 0]], ["a", "b", "c"]) is None
    assert exchanged([[0] * 6 + [count] for count in (60, 9, 9, 9, 9, 9, 3)], list("abcdefg")) is None


def test_few_confusions_of_neighbours_are_errors_of_the_model() -> None:
    assert exchanged([[90, 10, 0], [2, 3, 0], [0, 0, 9]], ["a", "b", "c"]) is None
    assert exchanged([[9, 11], [11, 9]], ["a", "b"]) is None


def test_classes_without_examples_do_not_hide_an_exchange() -> None:
    hint = exchanged([[0, 30, 0, 0], [0, 0, 30, 0], [0, 0, 0, 30], [0, 0, 0, 0]], ["a", "b", "c", "d"])
    assert hint is not None
    assert "labels: [d, a, b, c]" in hint
