"""Scores of classes, paired comparison, and answers that cannot be right."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zoosmith.contract.errors import BuildError
from zoosmith.contract.manifest import TaskSpec
from zoosmith.tasks._classification import scoring as classes
from zoosmith.tasks._classification.encoding import BoundTask, Example, loss


def onehot(answers: list[int], count: int) -> Any:
    return np.eye(count, dtype=np.float32)[answers]


def bound(labels: tuple[str, ...]) -> BoundTask:
    return BoundTask(TaskSpec(kind="text-classification", inputs=("text",), labels=labels), Path())


def examples(targets: Any) -> list[Example]:
    return [Example(("a",), int(target)) for target in targets]


def score(logits: Any, targets: Any, labels: tuple[str, ...]) -> Any:
    return classes.score({"logits": logits}, examples(targets), bound(labels))


def compare(mine: Any, theirs: Any, targets: Any, others: str = "") -> Any:
    labels = tuple("abcdef"[: mine.shape[1]])
    reference = bound(tuple(others) or labels)
    return classes.compare({"logits": mine}, {"logits": theirs}, examples(targets), bound(labels), reference)


def suspicion(logits: Any, targets: Any, labels: tuple[str, ...]) -> str | None:
    return classes.suspicion({"logits": logits}, examples(targets), bound(labels))


def test_scores_are_those_of_the_answers() -> None:
    targets = np.array([0, 0, 0, 1, 1, 2])
    found = score(onehot([0, 0, 1, 1, 1, 0], 3), targets, ("a", "b", "c"))
    assert found["details"]["confusion"] == [[2, 1, 0], [0, 2, 0], [1, 0, 0]]
    assert found["metrics"]["accuracy"].value == pytest.approx(4 / 6)
    f1 = (2 / 3, 4 / 5, 0.0)
    assert found["metrics"]["macro_f1"].value == pytest.approx(np.mean(f1))
    assert found["metrics"]["weighted_f1"].value == pytest.approx(np.average(f1, weights=(3, 2, 1)))
    assert found["details"]["per_class"]["b"]["precision"] == pytest.approx(2 / 3)
    assert found["details"]["labels"] == ["a", "b", "c"]
    assert set(found["metrics"]) < set(classes.METRICS)
    assert found["details"]["predicted"] == [0, 0, 1, 1, 1, 0]


def test_the_comparison_is_paired() -> None:
    targets = np.array([0, 0, 1, 1, 1])
    mine, theirs = onehot([0, 1, 1, 1, 0], 2), onehot([0, 0, 1, 0, 0], 2) * 3
    found = compare(mine, theirs, targets)
    assert found["divergence"]["agreement"] == pytest.approx(3 / 5)
    assert (found["lost"], found["won"]) == (1, 1)
    assert found["divergence"]["max_abs_logit_diff"] == 3.0
    delta, p = found["delta"]["accuracy"]
    assert delta.value == 0.0
    assert p == 1.0
    assert delta.low < 0 < delta.high
    assert found["delta"]["macro_f1"][1] is None


def test_compared_with_itself_nothing_differs() -> None:
    logits = np.random.default_rng(0).normal(size=(50, 3)).astype(np.float32)
    found = compare(logits, logits, np.arange(50) % 3)
    assert found["divergence"] == {"agreement": 1.0, "max_abs_logit_diff": 0.0}
    assert all(estimate.value == 0.0 for estimate, _ in found["delta"].values())


def test_exchanged_labels_are_suspected_and_named() -> None:
    targets = np.arange(60) % 3
    hint = suspicion(onehot([(t + 1) % 3 for t in targets], 3), targets, ("a", "b", "c"))
    assert hint is not None
    assert "accuracy 0.000 is worse than guessing, and 1.000 if labels are exchanged" in hint
    assert "b is really a, c is really b, a is really c" in hint


def test_two_of_many_exchanged_are_suspected_though_most_answers_are_right() -> None:
    targets = np.arange(100) % 5
    answers = [{0: 1, 1: 0}.get(int(t), int(t)) for t in targets]
    hint = suspicion(onehot(answers, 5), targets, tuple("abcde"))
    assert hint is not None
    assert "accuracy 0.600 is 1.000 if labels are exchanged (b is really a, a is really b)" in hint
    assert "`task: {labels: [b, a, c, d, e]}`" in hint


@settings(max_examples=40, deadline=None)
@given(st.integers(2, 4), st.integers(0, 10_000))
def test_guessing_is_seldom_suspected(count: int, seed: int) -> None:
    """Only answers that are surely worse than chance are, so that a weak model gets its figures."""
    generator = np.random.default_rng(seed)
    targets = np.arange(40) % count
    logits = generator.normal(size=(40, count)).astype(np.float32)
    accuracy = float((logits.argmax(axis=1) == targets).mean())
    if accuracy >= 1 / count - 0.1:
        assert suspicion(logits, targets, tuple("abcd"[:count])) is None


def test_good_answers_are_not_suspected() -> None:
    targets = np.arange(40) % 2
    assert suspicion(onehot(targets.tolist(), 2), targets, ("a", "b")) is None


def test_with_many_classes_the_order_that_fits_is_found() -> None:
    targets = np.arange(900) % 150
    labels = tuple(f"c{i:03}" for i in range(150))
    hint = suspicion(onehot([(t * 7) % 150 for t in targets], 150), targets, labels)
    assert hint is not None
    order = [labels.index(name) for name in hint.partition("[")[2].partition("]")[0].split(", ")]
    assert [order[(t * 7) % 150] for t in range(150)] == list(range(150))


def test_loss_is_cross_entropy_in_nats() -> None:
    import torch

    logits = torch.tensor([[2.0, 0.0, -1.0], [0.0, 1.0, 0.0]])
    targets = torch.tensor([0, 2])
    chosen = torch.log_softmax(logits, dim=1)[torch.arange(2), targets]
    assert loss(logits, targets).item() == pytest.approx(-chosen.mean().item())


def test_labels_in_another_order_are_compared_by_name() -> None:
    logits = np.random.default_rng(0).normal(size=(20, 3)).astype(np.float32)
    found = compare(logits, logits[:, [2, 0, 1]], np.arange(20) % 3, others="CAB")
    assert found["divergence"] == {"agreement": 1.0, "max_abs_logit_diff": 0.0}
    with pytest.raises(BuildError, match=r"the labels are \['a', 'b', 'c'\], those that they are compared with"):
        compare(logits, logits, np.arange(20) % 3, others="abd")


def test_answers_that_are_not_finite_are_suspected() -> None:
    logits = onehot([0, 1, 0, 1], 2)
    logits[2, 0] = np.nan
    assert suspicion(logits, [0, 1, 0, 1], ("a", "b")) == "NaN or infinite logits for 1 of 4 examples"


def test_labels_that_differ_by_case_alone_are_two_classes() -> None:
    task = bound(("us", "US", "Other"))
    assert [task.example({"text": "a", "label": label}).target for label in ("us", "US", "Other", "other")] == [
        0,
        1,
        2,
        2,
    ]
    with pytest.raises(BuildError, match="label 'Us' is outside the set"):
        task.example({"text": "a", "label": "Us"})
    assert classes.columns(("US", "other", "us"), task.spec.labels) == [2, 0, 1]
