"""Batches, learning rates and weight decay of training; the loop itself is tested through `finetune`."""

from __future__ import annotations

import itertools
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from zoosmith.contract.errors import BuildError
from zoosmith.toolkit.training import optimizer, train
from zoosmith.toolkit.training.batches import WINDOW
from zoosmith.toolkit.training.batches import Lengths as Batches
from zoosmith.toolkit.training.train import Hyperparameters


class Lengths:
    """A job whose examples are their own lengths in tokens."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.task = self

    def encode(self, examples: list[int]) -> dict[str, Any]:
        mask = np.arange(max(examples))[None, :] < np.array(examples)[:, None]
        return {"input_ids": mask * 7, "attention_mask": mask.astype(np.int64)}


def batches(lengths: list[int], size: int, epoch: int = 0, seed: int = 42) -> list[list[int]]:
    return Batches(Lengths(seed), lengths).batches(epoch, size)  # type: ignore[arg-type]


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(1, 64), min_size=1, max_size=300), st.integers(1, 40), st.integers(0, 5))
def test_an_epoch_takes_every_example_once(lengths: list[int], size: int, epoch: int) -> None:
    found = batches(lengths, size, epoch)
    assert sorted(i for batch in found for i in batch) == list(range(len(lengths)))
    assert all(1 <= len(batch) <= size for batch in found)
    assert len(found) == -(-len(lengths) // size) or len(lengths) > size * WINDOW


def test_batches_depend_on_seed_and_epoch_alone() -> None:
    lengths = [3 + i % 17 for i in range(200)]
    assert batches(lengths, 8, 1) == batches(lengths, 8, 1)
    assert batches(lengths, 8, 1) != batches(lengths, 8, 2)
    assert batches(lengths, 8, 1, seed=1) != batches(lengths, 8, 1, seed=2)


def test_a_batch_holds_similar_lengths_and_batches_are_shuffled() -> None:
    lengths = [int(n) for n in np.random.default_rng(0).integers(3, 64, size=640)]
    found = batches(lengths, 16)
    padded = sum(len(batch) * max(lengths[i] for i in batch) for batch in found)
    assert padded < 1.1 * sum(lengths), "less than a tenth is padding; without sorting it is nearly a half"
    means = [float(np.mean([lengths[i] for i in batch])) for batch in found]
    assert means != sorted(means)


def test_the_rate_rises_to_its_peak_and_falls_to_nearly_nothing() -> None:
    rates = [optimizer._linear(step, 100, 0.1) for step in range(100)]
    assert rates[:10] == pytest.approx([0.1 * i for i in range(1, 11)])
    assert max(rates) == 1.0
    assert all(later < earlier for earlier, later in itertools.pairwise(rates[10:]))
    assert rates[-1] == pytest.approx(1 / 90)
    assert optimizer._linear(0, 1, 0.0) == 1.0


def test_biases_and_norms_do_not_decay_and_the_head_has_its_rate() -> None:
    import torch

    model = torch.nn.ModuleDict({"body": torch.nn.Linear(4, 4), "head": torch.nn.Linear(4, 2)})
    model.base_model_prefix = "body"  # type: ignore[assignment]
    hyper = Hyperparameters(learning_rate=1e-3, head_learning_rate=1e-2, weight_decay=0.1)
    groups = optimizer._optimizer(model, hyper).param_groups
    assert {(group["lr"], group["weight_decay"], group["params"][0].ndim) for group in groups} == {
        (1e-3, 0.1, 2),
        (1e-3, 0.0, 1),
        (1e-2, 0.1, 2),
        (1e-2, 0.0, 1),
    }


def test_frozen_weights_stay_out_of_the_optimizer() -> None:
    import torch

    model = torch.nn.ModuleDict({"body": torch.nn.Linear(4, 4), "head": torch.nn.Linear(4, 2)})
    model.base_model_prefix = "body"  # type: ignore[assignment]
    model["body"].requires_grad_(False)
    groups = optimizer._optimizer(model, Hyperparameters()).param_groups
    assert sum(p.numel() for group in groups for p in group["params"]) == 4 * 2 + 2


@given(st.lists(st.floats(0, 10), min_size=1, max_size=400))
def test_the_recorded_curve_is_short_and_keeps_the_mean(losses: list[float]) -> None:
    thin = train._thin(losses)
    assert 1 <= len(thin) <= 50
    if len(losses) % -(-len(losses) // 50) == 0:
        assert np.mean(thin) == pytest.approx(np.mean(losses), abs=1e-3)


@pytest.mark.parametrize(
    "wrong", [{"epochs": 0}, {"learning_rate": 0}, {"batch_size": 0}, {"warmup": 1.0}, {"autocast": "fp8"}]
)
def test_impossible_hyperparameters_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Hyperparameters(**wrong)


def test_accuracy_counts_right_answers_in_batches() -> None:
    import torch

    class Model(torch.nn.Module):
        def forward(self, input_ids: Any) -> Any:
            return SimpleNamespace(logits=torch.nn.functional.one_hot(input_ids[:, 0], 3).float())

    task = SimpleNamespace(
        encode=lambda batch: {"input_ids": np.array([[answer] for answer, _ in batch])},
        targets=lambda batch: np.array([target for _, target in batch]),
    )
    examples = [(0, 0), (1, 1), (2, 0), (1, 2), (2, 2)]
    job: Any = SimpleNamespace(task=task, device="cpu")
    assert train.evaluate(job, Model(), examples, batch_size=2) == 3 / 5


@pytest.mark.parametrize("ampere", [True, False])
def test_bf16_is_refused_on_gpus_that_emulate_it(monkeypatch: pytest.MonkeyPatch, ampere: bool) -> None:
    import torch

    def supported(including_emulation: bool = True) -> bool:
        return ampere or including_emulation

    monkeypatch.setattr(torch.cuda, "is_bf16_supported", supported)
    train.check_autocast("cpu", "bf16")
    train.check_autocast("cuda", "fp16")
    if ampere:
        train.check_autocast("cuda", "bf16")
    else:
        with pytest.raises(BuildError, match="bf16 is for GPUs from Ampere on, and this one is older; use fp16"):
            train.check_autocast("cuda", "bf16")
