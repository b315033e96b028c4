"""Fine-tuning: it learns, resumes after a kill, depends on its seed alone, and says what is wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.support.job import TELLING, Case, Family, build, probe_logits, spec, task_rows
from tests.support.training import accuracy, killed_and_resumed, largest_gap, weights
from zoosmith.contract.errors import BuildError

QUICK = {"epochs": 4, "learning_rate": 3e-3, "batch_size": 16, "autocast": "none"}
CASE = Case(parents={"from": "body"}, params=QUICK)


def few(split: str) -> Sequence[Mapping[str, Any]]:
    return task_rows("text-classification", split)[:40]


def test_it_learns_the_toy_task(family: Family) -> None:
    made = family.made("finetune")
    assert accuracy(made) >= 0.9
    assert accuracy(family.made("checkpoint")) < 0.8, "an untrained head must not pass this test"
    assert made.facts["train_examples"] == 240
    assert made.facts["trainable_parameters"] == made.facts["parameters"] > 20_000
    assert max(made.notes["training"]["dev_accuracy"]) >= 0.9
    assert made.notes["training"]["loss"][-1] < 0.3 < 0.6 < made.notes["training"]["loss"][0]
    assert 0 < made.notes["training"]["minutes"] < 5
    assert 100 < made.notes["training"]["peak_memory_mb"] < 20_000


def test_bf16_autocast_learns_too(family: Family, tmp_path: Path) -> None:
    made = family.again("finetune", tmp_path, params=QUICK | {"autocast": "bf16"})
    assert accuracy(made) >= 0.9
    assert {str(value.dtype) for value in weights(made).values()} == {"float32"}


def test_same_seed_same_weights_and_another_seed_others(family: Family, tmp_path: Path) -> None:
    first = family.made("finetune")
    assert largest_gap(first, family.again("finetune", tmp_path / "same")) <= 1e-6
    assert largest_gap(first, family.again("finetune", tmp_path / "other", seed=43)) > 1e-3


@pytest.mark.parametrize("step", [4, 15, 47])
def test_killed_and_resumed_equals_uninterrupted(
    family: Family, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    """15 steps an epoch; the state is saved after every step here, so that step 4 resumes inside epoch 1."""
    whole = family.made("finetune")
    resumed = killed_and_resumed(family, "finetune", tmp_path, monkeypatch, step=step, steps=60)
    assert resumed.notes["training"]["loss"] == pytest.approx(whole.notes["training"]["loss"], abs=1e-5)
    assert resumed.notes["training"]["dev_accuracy"] == whole.notes["training"]["dev_accuracy"]
    assert largest_gap(whole, resumed) <= 1e-5
    np.testing.assert_allclose(probe_logits(resumed, TELLING), probe_logits(whole, TELLING), atol=1e-5)


def test_a_finished_training_is_not_done_again(family: Family, tmp_path: Path) -> None:
    family.again("finetune", tmp_path)
    steps: list[Any] = []
    family.again("finetune", tmp_path, progress=lambda *seen, **_: steps.append(seen))
    assert steps == []


def test_early_stopping_keeps_the_best_epoch(family: Family, tmp_path: Path) -> None:
    made = family.again("finetune", tmp_path, params=QUICK | {"epochs": 12, "patience": 2})
    curve, best = made.notes["training"]["dev_accuracy"], made.notes["training"]["best_epoch"]
    assert len(curve) == best + 2 < 12
    assert curve[best - 1] == max(curve)
    assert best == curve.index(max(curve)) + 1, "of equal epochs the first is kept"
    dev = [made.job.task.example(row) for row in task_rows("text-classification", "dev")]
    answers = np.concatenate([made.session.classify(made.job.task.encode([example])) for example in dev]).argmax(axis=1)
    assert float((answers == made.job.task.targets(dev)).mean()) == max(curve)


def test_train_rows_takes_rows_from_the_front(family: Family, tmp_path: Path) -> None:
    cut = family.again("finetune", tmp_path / "cut", params=QUICK | {"train_rows": 40})
    assert cut.facts["train_examples"] == 40
    assert largest_gap(cut, family.again("finetune", tmp_path / "few", data=few_train)) <= 1e-6


def test_once_settled_it_learns_from_dev_too_and_chooses_nothing(family: Family, tmp_path: Path) -> None:
    both = [*task_rows("text-classification", "train"), *task_rows("text-classification", "dev")]
    params = QUICK | {"epochs": 2}
    uptodate_safe = family.again("finetune", tmp_path / "uptodate_safe", params=params | {"train_on_dev": True})
    assert uptodate_safe.facts["train_examples"] == len(both)
    assert uptodate_safe.notes["training"]["dev_accuracy"] == []
    assert uptodate_safe.notes["training"]["best_epoch"] == 2
    known = {"train": both, "dev": task_rows("text-classification", "dev")[:1]}
    again = params | {"train_on_dev": False, "epochs": 1}
    one = family.again("finetune", tmp_path / "one", params=again, data=known.__getitem__)
    same = family.again("finetune", tmp_path / "same", params=again | {"train_on_dev": True})
    assert largest_gap(one, same) <= 1e-6, "the same rows in the same order"


def few_train(split: str) -> Sequence[Mapping[str, Any]]:
    return few(split) if split == "train" else task_rows("text-classification", split)


def test_the_head_has_a_learning_rate_of_its_own(family: Family, tmp_path: Path) -> None:
    params = QUICK | {"learning_rate": 1e-12, "head_learning_rate": 1e-2, "epochs": 1, "weight_decay": 0.0}
    made = family.again("finetune", tmp_path, params=params)
    from safetensors.numpy import load_file

    before, after = load_file(family.parent("body").path / "model.safetensors"), weights(made)
    moved = {name: float(np.abs(after[f"bert.{name}"] - before[name]).max()) for name in before}
    assert max(moved.values()) < 1e-6
    assert np.abs(after["classifier.bias"]).max() > 1e-4, "it starts at zero"


def test_a_base_with_other_classes_gets_a_new_head(family: Family, tmp_path: Path) -> None:
    labels = ("negative", "neutral", "positive")
    made = build(
        "finetune", {"from": family.parent("headed")}, tmp_path, task=spec(labels=labels), params=QUICK, data=few
    )
    assert probe_logits(made).shape[1] == 3
    assert made.manifest.task is not None
    assert made.manifest.task.labels == labels


def test_a_loss_that_is_not_finite_is_told(family: Family, tmp_path: Path) -> None:
    with pytest.raises(BuildError, match=r"the loss became (nan|inf); lower learning_rate, or set autocast: none"):
        family.again("finetune", tmp_path, params=QUICK | {"learning_rate": 1e30, "max_grad_norm": 1e30})


def test_fp16_on_a_cpu_is_refused(family: Family, tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="autocast: fp16 is for GPUs, and this is a CPU; use bf16, or none"):
        family.again("finetune", tmp_path, params=QUICK | {"autocast": "fp16"})


@pytest.mark.parametrize("empty", ["train", "dev"])
def test_an_empty_split_is_told(family: Family, tmp_path: Path, empty: str) -> None:
    with pytest.raises(BuildError, match="training needs rows in `train` and in `dev`"):
        family.again("finetune", tmp_path, data=lambda split: [] if split == empty else few(split))


def test_a_label_outside_the_set_is_told_with_its_row(family: Family, tmp_path: Path) -> None:
    with pytest.raises(BuildError, match=r"a good film.*label 'positiv' is outside the set.*positive"):
        family.again("finetune", tmp_path, data=lambda _: [{"text": "a good film", "label": "positiv"}])


def test_a_row_without_a_label_is_told(family: Family, tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="an example has no label"):
        family.again("finetune", tmp_path, data=lambda _: [{"text": "a good film"}])
