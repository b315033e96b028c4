"""What a student's loss is made of."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from zoosmith.toolkit.training import distillation
from zoosmith.toolkit.training.distillation import Lessons

rows = st.lists(st.lists(st.floats(-8, 8, width=32), min_size=3, max_size=3), min_size=1, max_size=5)


def soft(mine: Any, theirs: Any, **lessons: Any) -> float:
    import torch

    return float(distillation.soft_loss(torch.tensor(mine), torch.tensor(theirs), Lessons(**lessons)))


def by_hand(mine: Any, theirs: Any, heat: float) -> float:
    """Mean over rows of sum p log(p / q), in float64, times the squared temperature."""

    def log_softmax(logits: Any) -> Any:
        scaled = np.array(logits, dtype=np.float64) / heat
        return scaled - np.log(np.exp(scaled).sum(axis=1, keepdims=True))

    q, p = log_softmax(mine), log_softmax(theirs)
    return float((np.exp(p) * (p - q)).sum(axis=1).mean() * heat**2)


@settings(deadline=None)
@given(rows, st.floats(0.5, 8))
def test_divergence_is_that_of_the_formula_and_zero_for_equal_answers(theirs: list[list[float]], heat: float) -> None:
    mine = [row[::-1] for row in theirs]
    assert soft(mine, theirs, temperature=heat) == pytest.approx(by_hand(mine, theirs, heat), rel=1e-3, abs=1e-4)
    assert soft(theirs, theirs, temperature=heat) == pytest.approx(0, abs=1e-5)


def test_squared_error_is_over_all_logits_and_knows_no_temperature() -> None:
    assert soft([[1.0, 2.0]], [[3.0, 2.0]], soft="mse", temperature=7.0) == 2.0


def test_padding_has_no_part_in_hidden_states() -> None:
    import torch

    mine, theirs = torch.zeros(2, 3, 4), torch.ones(2, 3, 4)
    theirs[1, 2] = 100.0
    mask = torch.tensor([[1, 1, 1], [1, 1, 0]])
    assert float(distillation.hidden_loss(mine, theirs, mask)) == 1.0
    mask[1, 2] = 1
    assert float(distillation.hidden_loss(mine, theirs, mask)) > 1000


@given(st.integers(1, 24), st.integers(1, 24))
def test_layers_are_compared_from_the_first_to_the_last(student: int, teacher: int) -> None:
    pairs = distillation.layer_pairs(student, teacher)
    assert pairs[0] == (0, 0)
    assert pairs[-1] == (student, teacher)
    assert [i for i, _ in pairs] == list(range(student + 1))
    assert [j for _, j in pairs] == sorted(j for _, j in pairs)


def test_half_as_many_layers_are_compared_with_every_second() -> None:
    assert distillation.layer_pairs(3, 6) == [(0, 0), (1, 2), (2, 4), (3, 6)]


@pytest.mark.parametrize("wrong", [{"alpha": 1.1}, {"temperature": 0}, {"hidden_weight": -1}, {"soft": "cosine"}])
def test_impossible_lessons_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Lessons(**wrong)
