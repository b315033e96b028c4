"""Quality against the reference: what is reported is what the answers decide."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from zoosmith.bench.quality import Eval
from zoosmith.contract.manifest import TaskSpec
from zoosmith.records.scores import Metric, Versus, rounded
from zoosmith.records.verdicts import verdict
from zoosmith.tasks._classification.encoding import BoundTask, Example
from zoosmith.tasks.text_classification import scoring

N, WRONG = 872, 95  # as many as SST-2 has for validation; about as often wrong as a good model
TASK = BoundTask(TaskSpec(kind="text-classification", inputs=("text",), labels=("negative", "positive")), Path())


def logits(answers: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return np.eye(2, dtype=np.float32)[answers] * 4 - 2


def made(truth: Any) -> Eval:
    """An eval whose rows are these true classes."""
    eval_ = Eval.__new__(Eval)
    eval_.id, eval_.kind, eval_.about = (
        "sst2",
        "text-classification",
        {"kind": "text-classification", "data": "sst2", "split": "eval"},
    )
    eval_.scoring, eval_.task, eval_.total = scoring, TASK, len(truth)
    eval_.examples = [Example((f"text {i}",), int(label)) for i, label in enumerate(truth)]
    return eval_


def compared(lost: int, won: int) -> tuple[Versus, Metric]:
    """`lost` answers that only the reference has right, `won` that only the artifact has right; and the accuracy."""
    truth = np.arange(N) % 2
    theirs = np.where(np.arange(N) < WRONG, 1 - truth, truth)
    mine = theirs.copy()
    mine[WRONG : WRONG + lost] = 1 - truth[WRONG : WRONG + lost]
    mine[:won] = truth[:won]
    eval_ = made(truth)
    found = eval_.compare({"logits": logits(mine)}, {"logits": logits(theirs)}, TASK)
    return found, eval_.score({"logits": logits(mine)}).metrics["accuracy"]


def test_thirteen_correct_answers_flipped_are_a_loss() -> None:
    found, accuracy = compared(lost=13, won=0)
    change = found.delta["accuracy"]
    assert (found.lost, found.won, found.divergence["agreement"].value) == (13, 0, round(1 - 13 / N, 6))
    assert change.value == pytest.approx(-13 / N, abs=1e-6)
    assert change.p == pytest.approx(2 * 0.5**13, abs=1e-6)
    assert verdict(change, accuracy, N, 13).kind == "loss"


def test_thirteen_flipped_among_as_many_that_turned_right_are_not_decidable() -> None:
    found, accuracy = compared(lost=13, won=9)
    change = found.delta["accuracy"]
    assert change.p is not None
    assert change.p > 0.5
    assert verdict(change, accuracy, N, 22).text.startswith(
        "whether it loses more than 1 point is not decidable with 872 examples, needs about"
    )


def test_equal_answers_are_no_loss() -> None:
    found, accuracy = compared(lost=0, won=0)
    change = found.delta["accuracy"]
    assert (change.value, change.p) == (0.0, 1.0)
    assert verdict(change, accuracy, N, 0).kind == "no_loss"


def test_scores_carry_the_answers_that_pair_them_later() -> None:
    truth = np.arange(10) % 2
    found = made(truth).score({"logits": logits(truth)})
    assert found.metrics["accuracy"].value == 1.0
    assert found.classes is not None
    assert found.classes.answers is not None
    assert found.classes.answers.names()[1] == ["negative", "positive"] * 5


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [(0.12345678, "share", 0.123457), (4.6123456e-6, "nats", 4.61235e-6), (0.0, "nats", 0.0)],
)
def test_a_small_divergence_is_not_rounded_away(value: float, unit: str, expected: float) -> None:
    assert rounded(value, unit) == expected
