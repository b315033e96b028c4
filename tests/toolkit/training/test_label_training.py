"""Training a tiny Llama on label tokens: gradients that add up, layers computed again, and a kill in the middle."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.support.label_task import Made, base, build
from tests.support.training import Killed, kill_at
from zoosmith.contract.errors import BuildError
from zoosmith.contract.job import Parent
from zoosmith.toolkit.training import train

QUICK = {"epochs": 2, "learning_rate": 1e-3, "batch_size": 16, "autocast": "none"}
ADAPTED = QUICK | {"merge": False, "target_modules": "all-linear", "dropout": 0.1}
STEPS = 2 * 96 // 16


@pytest.fixture(scope="module")
def parent(tmp_path_factory: pytest.TempPathFactory) -> Parent:
    return base(tmp_path_factory.mktemp("base"), hidden=64)


def tensors(made: Made) -> dict[str, Any]:
    from safetensors.numpy import load_file

    return {name: value for file in made.out.glob("*.safetensors") for name, value in load_file(file).items()}


def gap(one: Made, other: Made) -> float:
    mine, theirs = tensors(one), tensors(other)
    assert mine.keys() == theirs.keys()
    return max(float(np.abs(mine[name] - theirs[name]).max()) for name in mine)


@pytest.mark.parametrize(("size", "times"), [(8, 2), (5, 3)])
def test_accumulated_steps_are_those_of_one_batch_of_all_rows(
    parent: Parent, tmp_path: Path, size: int, times: int
) -> None:
    whole = build("finetune", parent, tmp_path / "whole", **QUICK | {"batch_size": size * times})
    parts = build("finetune", parent, tmp_path / "parts", **QUICK | {"batch_size": size, "accumulation": times})
    assert gap(whole, parts) < 2e-5
    assert whole.notes["training"]["loss"] == pytest.approx(parts.notes["training"]["loss"], abs=2e-4)
    other = build("finetune", parent, tmp_path / "other", **QUICK | {"batch_size": size})
    assert gap(whole, other) > 1e-4


@pytest.mark.parametrize("builder", ["finetune", "lora"])
def test_activations_computed_again_change_nothing(
    parent: Parent, tmp_path: Path, builder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from transformers.models.llama.modeling_llama import LlamaDecoderLayer, LlamaMLP

    calls = 0
    forward = LlamaMLP.forward

    def counted(self: Any, states: Any) -> Any:
        nonlocal calls
        calls += 1
        return forward(self, states)

    monkeypatch.setattr(LlamaMLP, "forward", counted)
    kept = build(builder, parent, tmp_path / "kept", **QUICK)
    plain, calls = calls, 0
    again = build(builder, parent, tmp_path / "again", **QUICK, activation_checkpointing=True)
    assert calls == plain + 2 * STEPS, "each of two layers once more a step"
    assert gap(kept, again) < 1e-6
    assert not any(m.gradient_checkpointing for m in again.session.model.modules() if isinstance(m, LlamaDecoderLayer))


def test_a_model_that_keeps_all_activations_is_told(parent: Parent, tmp_path: Path) -> None:
    from transformers import LlamaForCausalLM

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(LlamaForCausalLM, "supports_gradient_checkpointing", False)
        with pytest.raises(BuildError, match="activation_checkpointing: LlamaForCausalLM does not support"):
            build("finetune", parent, tmp_path, **QUICK, activation_checkpointing=True)


ACCUMULATED = ADAPTED | {"accumulation": 2, "batch_size": 8, "activation_checkpointing": True}


@pytest.mark.parametrize(
    ("builder", "params", "step"),
    [
        ("finetune", QUICK, 7), ("lora", ADAPTED, 2), ("lora", ADAPTED, 11), ("lora", ACCUMULATED, 7),
        ("int8_recover", QUICK | {"dropout": 0.1}, 7), ("qlora", QUICK | {"compute_dtype": "fp32"}, 7),
    ],
    ids=["finetune", "lora-early", "lora-late", "lora-accumulated", "int8_recover", "qlora"],
)  # fmt: skip
def test_killed_and_resumed_equals_uninterrupted(
    parent: Parent, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, builder: str, params: dict[str, Any], step: int
) -> None:
    whole = build(builder, parent, tmp_path / "whole", **params)
    monkeypatch.setattr(train, "SAVE_EVERY_S", 0.0)
    with pytest.raises(Killed):
        build(builder, parent, tmp_path / "killed", progress=kill_at(step), **params)
    seen: list[float] = []
    count: Any = lambda done=None, total=None, text="": seen.append(done)  # noqa: E731
    resumed = build(builder, parent, tmp_path / "killed", progress=count, **params)
    assert (seen[0], seen[-1]) == (step, STEPS), "it goes on where it was"
    assert gap(whole, resumed) <= 1e-6
    np.testing.assert_allclose(whole.again(), resumed.again(), atol=1e-5)


def test_bf16_learns_with_label_logits_in_fp32(parent: Parent, tmp_path: Path) -> None:
    exact = build("lora", parent, tmp_path / "exact", **ADAPTED | {"dropout": 0.0})
    rounded = build("lora", parent, tmp_path / "rounded", **ADAPTED | {"dropout": 0.0, "autocast": "bf16"})
    losses = [one.notes["training"]["loss"] for one in (exact, rounded)]
    assert losses[0] != losses[1]
    assert losses[0] == pytest.approx(losses[1], rel=0.05)
