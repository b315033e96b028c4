"""Scores of classes, paired comparison, and answers that cannot be right."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zoosmith.tasks import _classification as classes


def onehot(answers: list[int], count: int) -> Any:
    return np.eye(count, dtype=np.float32)[answers]


def test_scores_are_those_of_the_answers() -> None:
    targets = np.array([0, 0, 0, 1, 1, 2])
    found = classes.score(onehot([0, 0, 1, 1, 1, 0], 3), targets, ("a", "b", "c"))
    assert found["confusion"] == [[2, 1, 0], [0, 2, 0], [1, 0, 0]]
    assert found["metrics"]["accuracy"].value == pytest.approx(4 / 6)
    f1 = (2 / 3, 4 / 5, 0.0)
    assert found["metrics"]["macro_f1"].value == pytest.approx(np.mean(f1))
    assert found["metrics"]["weighted_f1"].value == pytest.approx(np.average(f1, weights=(3, 2, 1)))
    assert found["per_class"]["b"]["precision"] == pytest.approx(2 / 3)
    assert found["labels"] == ["a", "b", "c"]
    assert set(found["metrics"]) == set(classes.METRICS)


def test_the_comparison_is_paired() -> None:
    targets = np.array([0, 0, 1, 1, 1])
    mine, theirs = onehot([0, 1, 1, 1, 0], 2), onehot([0, 0, 1, 0, 0], 2) * 3
    found = classes.compare(mine, theirs, targets)
    assert found["agreement"] == pytest.approx(3 / 5)
    assert found["discordant"] == {"lost": 1, "won": 1}
    assert found["max_abs_logit_diff"] == 3.0
    delta, p = found["delta"]["accuracy"]
    assert delta.value == 0.0
    assert p == 1.0
    assert delta.low < 0 < delta.high
    assert found["delta"]["macro_f1"][1] is None


def test_compared_with_itself_nothing_differs() -> None:
    logits = np.random.default_rng(0).normal(size=(50, 3)).astype(np.float32)
    found = classes.compare(logits, logits, np.arange(50) % 3)
    assert (found["agreement"], found["max_abs_logit_diff"]) == (1.0, 0.0)
    assert all(estimate.value == 0.0 for estimate, _ in found["delta"].values())


def test_exchanged_labels_are_suspected_and_named() -> None:
    targets = np.arange(60) % 3
    hint = classes.suspicion(onehot([(t + 1) % 3 for t in targets], 3), targets, ("a", "b", "c"))
    assert hint is not None
    assert "accuracy 0.000 is worse than guessing, and 1.000 if labels are exchanged" in hint
    assert "b is really a, c is really b, a is really c" in hint


def test_two_of_many_exchanged_are_not_suspected_while_most_answers_are_right() -> None:
    targets = np.arange(100) % 5
    answers = [{0: 1, 1: 0}.get(int(t), int(t)) for t in targets]
    assert classes.suspicion(onehot(answers, 5), targets, tuple("abcde")) is None


@settings(max_examples=40, deadline=None)
@given(st.integers(2, 4), st.integers(0, 10_000))
def test_guessing_is_seldom_suspected(count: int, seed: int) -> None:
    """Only answers that are surely worse than chance are, so that a weak model gets its figures."""
    generator = np.random.default_rng(seed)
    targets = np.arange(40) % count
    logits = generator.normal(size=(40, count)).astype(np.float32)
    accuracy = float((logits.argmax(axis=1) == targets).mean())
    if accuracy >= 1 / count - 0.1:
        assert classes.suspicion(logits, targets, tuple("abcd"[:count])) is None


def test_good_answers_are_not_suspected() -> None:
    targets = np.arange(40) % 2
    assert classes.suspicion(onehot(targets.tolist(), 2), targets, ("a", "b")) is None


def test_with_many_classes_nothing_is_permuted() -> None:
    targets = np.arange(60) % 6
    assert classes.suspicion(onehot([(t + 1) % 6 for t in targets], 6), targets, tuple("abcdef")) is None


def test_loss_is_cross_entropy_in_nats() -> None:
    import torch

    logits = torch.tensor([[2.0, 0.0, -1.0], [0.0, 1.0, 0.0]])
    targets = torch.tensor([0, 2])
    chosen = torch.log_softmax(logits, dim=1)[torch.arange(2), targets]
    assert classes.loss(logits, targets).item() == pytest.approx(-chosen.mean().item())
