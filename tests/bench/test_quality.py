"""Quality against the reference: what is reported is what the answers decide."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from zoosmith.bench.quality import versus
from zoosmith.records.schema import VsReference
from zoosmith.records.verdicts import verdict
from zoosmith.tasks import text_classification

N, WRONG = 872, 95  # as many as SST-2 has for validation; about as often wrong as a good model


def logits(answers: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return np.eye(2, dtype=np.float32)[answers] * 4 - 2


def compared(lost: int, won: int) -> VsReference:
    """`lost` answers that only the reference has right, `won` that only the artifact has right."""
    truth = np.arange(N) % 2
    theirs = np.where(np.arange(N) < WRONG, 1 - truth, truth)
    mine = theirs.copy()
    mine[WRONG : WRONG + lost] = 1 - truth[WRONG : WRONG + lost]
    mine[:won] = truth[:won]
    task = SimpleNamespace(targets=lambda _: truth, spec=SimpleNamespace(labels=("negative", "positive")))
    eval_ = SimpleNamespace(id="sst2", module=text_classification, task=task, examples=[])
    return VsReference.model_validate(versus({"sst2": eval_}, {"sst2": logits(mine)}, {"sst2": logits(theirs)}))  # type: ignore[dict-item]


def test_thirteen_correct_answers_flipped_are_a_loss() -> None:
    found = compared(lost=13, won=0)
    change = found.delta["sst2.accuracy"]
    assert (found.lost, found.won, found.agreement) == (13, 0, round(1 - 13 / N, 6))
    assert change.value == pytest.approx(-13 / N, abs=1e-6)
    assert change.p == pytest.approx(2 * 0.5**13, abs=1e-6)
    assert verdict(change, N, 13).kind == "loss"


def test_thirteen_flipped_among_as_many_that_turned_right_are_not_decidable() -> None:
    found = compared(lost=13, won=9)
    change = found.delta["sst2.accuracy"]
    assert change.p is not None
    assert change.p > 0.5
    assert verdict(change, N, 22).text.startswith(
        "whether it loses more than 1 point is not decidable with 872 examples, needs about"
    )


def test_equal_answers_are_no_loss() -> None:
    change = compared(lost=0, won=0).delta["sst2.accuracy"]
    assert (change.value, change.p) == (0.0, 1.0)
    assert verdict(change, N, 0).kind == "no_loss"
