"""INT8 trained through its rounding: what is trained is what is stored, and rounding costs less."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.support.job import TELLING, Case, Family, Made, build, opened_logits, probe_logits, source, task_rows
from tests.support.training import accuracy, killed_and_resumed, largest_gap, spiky, weights
from tests.support.zoo import write_bert
from zoosmith.contract.errors import BuildError
from zoosmith.contract.job import Parent

QUICK = {"epochs": 1, "learning_rate": 3e-3, "batch_size": 16, "autocast": "none"}
CASE = Case(parents={"from": "finetune"}, params=QUICK)
LINEARS = 2 * 6 + 1
PER_TENSOR = {"per_channel": False}


def loss(made: Made) -> float:
    """Mean cross-entropy on the toy data's eval split."""
    import torch

    examples = [made.job.task.example(row) for row in task_rows("text-classification", "eval")]
    logits = np.concatenate([made.session.classify(made.job.task.encode([example])) for example in examples])
    return float(made.job.task.loss(torch.from_numpy(logits), torch.from_numpy(made.job.task.targets(examples))))


@pytest.fixture(scope="module")
def rounded_badly(family: Family, tmp_path_factory: pytest.TempPathFactory) -> Parent:
    """A model that one INT8 scale a tensor breaks."""
    return spiky(family, tmp_path_factory.mktemp("spiky"))


def test_rounding_costs_less_than_after_the_training(family: Family, rounded_badly: Parent, tmp_path: Path) -> None:
    plain = build("torch_int8", {"from": rounded_badly}, tmp_path / "plain", params=PER_TENSOR)
    trained = build("qat", {"from": rounded_badly}, tmp_path / "made", params=QUICK | PER_TENSOR | {"epochs": 4})
    assert accuracy(family.made("finetune")) >= 0.9
    assert accuracy(plain) <= 0.8, "a loss that there is to win back"
    assert accuracy(trained) >= 0.9
    assert loss(trained) < 0.5 * loss(plain)
    assert trained.notes["dev_accuracy_before"] <= 0.8 < max(trained.notes["training"]["dev_accuracy"])


def test_training_goes_through_the_rounding(rounded_badly: Parent, tmp_path: Path) -> None:
    """Where no weight moves, epochs measure what INT8 made of them, and not the FP32 model, which is right."""
    made = build("qat", {"from": rounded_badly}, tmp_path, params=QUICK | PER_TENSOR | {"learning_rate": 1e-12})
    assert made.notes["training"]["dev_accuracy"] == [made.notes["dev_accuracy_before"]]
    assert made.notes["dev_accuracy_before"] <= 0.8


def test_bf16_autocast_learns_too(rounded_badly: Parent, tmp_path: Path) -> None:
    params = QUICK | PER_TENSOR | {"autocast": "bf16", "epochs": 4}
    assert accuracy(build("qat", {"from": rounded_badly}, tmp_path, params=params)) >= 0.9


@pytest.mark.parametrize("per_channel", [True, False])
def test_body_is_int8_and_head_fp32_and_all_of_it_is_trained(family: Family, tmp_path: Path, per_channel: bool) -> None:
    made = family.again("qat", tmp_path / "made", params=QUICK | {"per_channel": per_channel})
    plain = weights(family.again("torch_int8", tmp_path / "plain", params={"per_channel": per_channel}))
    stored = weights(made)
    layers = [name.removesuffix(".weight_scale") for name in stored if name.endswith(".weight_scale")]
    assert len(layers) == LINEARS == made.facts["int8_layers"]
    for layer in layers:
        weight = stored[f"{layer}.weight"]
        assert weight.dtype == np.int8
        assert stored[f"{layer}.weight_scale"].shape == ((weight.shape[0],) if per_channel else (1,))
        assert (weight != plain[f"{layer}.weight"]).any(), f"{layer} has not learnt"
    assert stored["classifier.weight"].dtype == np.float32
    assert made.facts["trainable_parameters"] == made.facts["parameters"]
    assert made.facts["parameters"] == family.made("finetune").facts["parameters"]
    assert made.facts["train_examples"] == 240


@pytest.mark.parametrize("per_channel", [True, False])
def test_what_is_stored_is_what_the_best_epoch_measured(family: Family, tmp_path: Path, per_channel: bool) -> None:
    """The trained weights, rounded, and the INT8 kernels give the same, up to the order of sums."""
    import torch
    from safetensors.torch import load_file

    from zoosmith.toolkit.quantization import dynamic_int8
    from zoosmith.toolkit.torch import architecture, checkpoint
    from zoosmith.toolkit.training import training_state

    made = family.again("qat", tmp_path, params=QUICK | {"per_channel": per_channel})
    model = checkpoint.load_model(made.job, family.made("finetune").out, new_head=False).eval()
    quantized = dynamic_int8.unpack(type(model)(model.config).eval(), load_file(made.out / "model.safetensors"))
    encoded = made.encode(*TELLING)
    inputs = {name: torch.from_numpy(value) for name, value in encoded.items()}
    layers = architecture.linears(model, within="bert")
    with torch.inference_mode(), dynamic_int8.rounding(model, layers, per_channel=per_channel):
        before = model(**inputs).logits.clone()
        training_state.restore(model, made.job.scratch / "best.pt")
        trained = model(**inputs).logits
    with torch.inference_mode():
        stored = quantized(**inputs).logits
    np.testing.assert_allclose(trained, stored, atol=1e-4)
    assert np.abs(before - stored).max() > 1e-2, "another model must not pass this test"


@pytest.mark.parametrize("per_channel", [True, False])
def test_what_is_kept_in_fp32_has_the_same_int8_in_it(family: Family, tmp_path: Path, per_channel: bool) -> None:
    params = {"per_channel": per_channel}
    direct = family.again("qat", tmp_path / "direct", params=QUICK | params)
    kept = family.again("qat", tmp_path / "kept", params=QUICK | params | {"quantize": False})
    assert (kept.manifest.format, kept.manifest.precision) == ("torch", "fp32")
    assert "int8_layers" not in kept.facts
    np.testing.assert_allclose(opened_logits(kept), probe_logits(kept, TELLING), atol=1e-6)
    mine = weights(direct)
    later = weights(build("torch_int8", {"from": kept.parent}, tmp_path / "later", params=params))
    names = [name for name in mine if mine[name].dtype == np.int8]
    assert len(names) == LINEARS
    assert all((mine[name] == later[name]).mean() > 0.999 for name in names), "trainings may differ by a rounding"


EXACT = {"weights": "u8"}  # no processor's kernels saturate then


def test_what_is_kept_in_fp32_survives_the_int8_of_onnx_runtime_too(rounded_badly: Parent, tmp_path: Path) -> None:
    def int8(parent: Parent, folder: Path) -> Made:
        graph = build("onnx", {"from": parent}, folder / "onnx").parent
        return build("onnx_int8", {"from": graph}, folder / "int8", params=PER_TENSOR | EXACT)

    params = QUICK | PER_TENSOR | {"epochs": 4, "quantize": False}
    kept = build("qat", {"from": rounded_badly}, tmp_path / "kept", params=params)
    plain, trained = int8(rounded_badly, tmp_path / "plain"), int8(kept.parent, tmp_path / "trained")
    assert accuracy(plain) <= 0.8
    assert accuracy(trained) >= 0.9
    assert loss(trained) < 0.5 * loss(plain)


def test_it_opens_and_answers_as_the_model(family: Family) -> None:
    made = family.made("qat")
    np.testing.assert_allclose(opened_logits(made), probe_logits(made, TELLING), atol=1e-6)


@pytest.mark.parametrize("step", [4, 15, 22])
def test_killed_and_resumed_equals_uninterrupted(
    family: Family, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    changes = {"params": QUICK | {"epochs": 2}}
    whole = family.again("qat", tmp_path / "whole", **changes)
    resumed = killed_and_resumed(family, "qat", tmp_path, monkeypatch, step=step, steps=30, **changes)
    assert resumed.notes["training"]["loss"] == pytest.approx(whole.notes["training"]["loss"], abs=1e-5)
    assert largest_gap(whole, resumed) <= 1e-5


def test_the_parents_order_of_labels_stays(tmp_path: Path) -> None:
    base = source(write_bert(tmp_path / "base", labels=("POSITIVE", "NEGATIVE")))
    parent = build("checkpoint", {"from": base}, tmp_path / "taken").parent
    made = build("qat", {"from": parent}, tmp_path, params=QUICK)
    assert made.manifest.task is not None
    assert made.manifest.task.labels == ("positive", "negative")
    np.testing.assert_allclose(opened_logits(made), probe_logits(made, TELLING), atol=1e-6)


def test_without_rows_to_choose_by_nothing_is_measured(family: Family, tmp_path: Path) -> None:
    made = family.again("qat", tmp_path, params=QUICK | {"train_on_dev": True})
    assert made.facts["train_examples"] == 280
    assert "dev_accuracy_before" not in made.notes
    assert "dev_accuracy_before" in family.made("qat").notes


def test_an_empty_split_is_told(family: Family, tmp_path: Path) -> None:
    def none(split: str) -> Sequence[Mapping[str, Any]]:
        return []

    with pytest.raises(BuildError, match=r"training needs rows in `train` and in `dev`"):
        family.again("qat", tmp_path, data=none)


def test_a_body_without_linear_layers_is_told(family: Family, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from zoosmith.toolkit.torch import architecture

    monkeypatch.setattr(architecture, "linears", lambda model, within="": [])
    with pytest.raises(BuildError, match=r"has no torch.nn.Linear layer to quantise"):
        family.again("qat", tmp_path)
