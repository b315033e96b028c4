"""Both ways of splitting what is oversampled: copies stand on both sides only where the split comes after them."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest

from benchmarks.oversampling import interval, split, unbalanced

ROWS = [(i, 0 if i < 70 else 1 if i < 90 else 2) for i in range(100)]


def targets(rows: Any) -> Any:
    return np.array([target for _, target in rows])


@pytest.mark.parametrize("seed", range(5))
def test_oversampled_inside_no_validation_row_is_learnt_from(seed: int) -> None:
    train, validation = split(ROWS, targets, seed, "inside")
    assert not set(train) & set(validation)
    assert len(set(validation)) == len(validation) == 20
    assert len(set(Counter(target for _, target in train).values())) == 1


@pytest.mark.parametrize("seed", range(5))
def test_oversampled_before_most_validation_rows_are_learnt_from(seed: int) -> None:
    train, validation = split(ROWS, targets, seed, "before")
    known = sum(row in set(train) for row in validation) / len(validation)
    assert len(train) + len(validation) == 3 * 70
    assert known > 0.4


def test_labels_have_their_shares() -> None:
    rows = [{"label": label, "name1": str(i)} for i in range(100) for label in ("no", "partial", "yes")]
    assert Counter(row["label"] for row in unbalanced(rows, 100)) == {"no": 70, "yes": 20, "partial": 10}


def test_the_interval_is_students() -> None:
    found = interval([0.1, 0.2, 0.3])
    assert found["mean"] == pytest.approx(0.2)
    assert found["high"] - found["mean"] == pytest.approx(4.3027 * 0.1 / 3**0.5, abs=1e-3)
