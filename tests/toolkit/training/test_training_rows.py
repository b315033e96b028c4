"""Which rows are learnt from: classes balanced after the splits were made, told in the manifest."""

from __future__ import annotations

from collections import Counter
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoosmith.contract.errors import BuildError
from zoosmith.toolkit.training.training_rows import TrainingRows, training_examples

LABELS = ("no", "yes", "partial")


def job(train: list[int], dev: list[int]) -> Any:
    """Examples are (row number, class); those of `dev` have negative numbers."""
    splits = {"train": list(enumerate(train)), "dev": [(-1 - i, target) for i, target in enumerate(dev)]}
    facts: dict[str, Any] = {}
    task = SimpleNamespace(
        example=lambda row: row, targets=lambda rows: np.array([target for _, target in rows]),
        spec=SimpleNamespace(labels=LABELS),
    )  # fmt: skip
    return SimpleNamespace(rows=splits.__getitem__, task=task, fact=facts.__setitem__, facts=facts)


@given(st.lists(st.integers(0, 2), min_size=1, max_size=60), st.booleans())
def test_each_class_has_as_many_and_dev_stays_as_it_is(targets: list[int], on_dev: bool) -> None:
    asked = job(targets, [0, 1])
    train, dev = training_examples(asked, TrainingRows(oversample=True, train_on_dev=on_dev))
    learnt = targets + ([0, 1] if on_dev else [])
    counts = Counter(target for _, target in train)
    assert set(counts.values()) == {max(Counter(learnt).values())}
    assert set(train) == set(training_examples(job(targets, [0, 1]), TrainingRows(train_on_dev=on_dev))[0])
    assert dev == ([] if on_dev else [(-1, 0), (-2, 1)])
    assert asked.facts["oversampled"] == {
        LABELS[target]: count - learnt.count(target) for target, count in sorted(counts.items())
    }


def test_copies_come_in_turn() -> None:
    """A row is repeated once more than another at most, so no row is learnt by heart before the others."""
    train, _ = training_examples(job([0] * 10 + [1] * 4, [0]), TrainingRows(oversample=True))
    assert Counter(row for row, target in train if target == 1) == {10: 3, 11: 3, 12: 2, 13: 2}
    assert Counter(row for row, target in train if target == 0) == dict.fromkeys(range(10), 1)


def test_only_the_rows_that_are_used_are_balanced() -> None:
    asked = job([0, 0, 1] + [1] * 50, [0])
    train, _ = training_examples(asked, TrainingRows(train_rows=3, oversample=True))
    assert len(train) == 4
    assert asked.facts == {"oversampled": {"no": 0, "yes": 1}}


def test_without_it_no_fact_is_stated() -> None:
    asked = job([0, 1, 1], [0])
    assert training_examples(asked, TrainingRows()) == ([(0, 0), (1, 1), (2, 1)], [(-1, 0)])
    assert asked.facts == {}


def test_an_empty_split_is_told() -> None:
    with pytest.raises(BuildError, match="training needs rows in `train` and in `dev`"):
        training_examples(job([0], []), TrainingRows(oversample=True))
