"""INT8 with adapters on top: what rounding lost comes back, and the weights stay INT8."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.support.job import TELLING, Case, Family, Made, build, opened_logits, probe_logits, source
from tests.support.training import accuracy, killed_and_resumed, spiky
from tests.support.zoo import write_bert
from zoosmith.contract.errors import BuildError
from zoosmith.contract.job import Parent

QUICK = {"epochs": 1, "learning_rate": 3e-3, "batch_size": 16, "autocast": "none"}
CASE = Case(parents={"from": "finetune"}, params=QUICK)
LINEARS = 2 * 6 + 1


def tensors(made: Made) -> dict[str, Any]:
    from safetensors.numpy import load_file

    return load_file(made.out / "model.safetensors")


@pytest.fixture(scope="module")
def rounded_badly(family: Family, tmp_path_factory: pytest.TempPathFactory) -> Parent:
    """A model that one INT8 scale a tensor breaks."""
    return spiky(family, tmp_path_factory.mktemp("spiky"))


def test_what_rounding_lost_comes_back(family: Family, rounded_badly: Parent, tmp_path: Path) -> None:
    params = {"per_channel": False}
    lossy = build("torch_int8", {"from": rounded_badly}, tmp_path / "lossy", params=params)
    recovered = build("int8_recover", {"from": rounded_badly}, tmp_path / "made", params=QUICK | params | {"epochs": 4})
    assert accuracy(family.made("finetune")) >= 0.9
    assert accuracy(lossy) <= 0.8, "a loss that there is to win back"
    assert accuracy(recovered) >= 0.9
    assert recovered.notes["dev_accuracy_before"] < max(recovered.notes["training"]["dev_accuracy"])


@pytest.mark.parametrize("per_channel", [True, False])
def test_weights_are_int8_and_those_of_the_plain_quantisation(
    family: Family, tmp_path: Path, per_channel: bool
) -> None:
    made = family.again("int8_recover", tmp_path / "made", params=QUICK | {"per_channel": per_channel})
    plain = tensors(family.again("torch_int8", tmp_path / "plain", params={"per_channel": per_channel}))
    stored = tensors(made)
    layers = [name.removesuffix(".weight_scale") for name in stored if name.endswith(".weight_scale")]
    assert len(layers) == LINEARS == made.facts["int8_layers"]
    for layer in layers:
        assert stored[f"{layer}.weight"].dtype == np.int8
        np.testing.assert_array_equal(stored[f"{layer}.weight"], plain[f"{layer}.weight"])
        assert stored[f"{layer}.lora_A"].shape[0] == stored[f"{layer}.lora_B"].shape[1] == 8
    assert stored["classifier.weight"].dtype == np.float32
    adapters = sum(value.size for name, value in stored.items() if ".lora_" in name)
    head = stored["classifier.weight"].size + stored["classifier.bias"].size
    assert made.facts["trainable_parameters"] == adapters + head
    assert made.manifest.needs == {}


def test_it_opens_and_answers_as_the_model(family: Family) -> None:
    made = family.made("int8_recover")
    np.testing.assert_allclose(opened_logits(made), probe_logits(made, TELLING), atol=1e-6)


def test_training_sees_what_is_served(family: Family, tmp_path: Path) -> None:
    """The simulated layers and the INT8 kernels give the same, up to the order of sums."""
    import torch

    from zoosmith.toolkit.quantization import dynamic_int8
    from zoosmith.toolkit.torch import architecture, checkpoint

    made = family.made("finetune")
    model = checkpoint.load_model(made.job, made.out, new_head=False).eval()
    layers = architecture.linears(model, within="bert")
    quantized = dynamic_int8.quantize(model, per_channel=True, only=layers)
    dynamic_int8.simulate(model, quantized, layers)
    encoded = made.encode(TELLING[0])
    inputs = {name: torch.from_numpy(value) for name, value in encoded.items()}
    with torch.inference_mode():
        np.testing.assert_allclose(model(**inputs).logits, quantized(**inputs).logits, atol=1e-4)


@pytest.mark.parametrize("step", [4, 15, 22])
def test_killed_and_resumed_equals_uninterrupted(
    family: Family, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    changes = {"params": QUICK | {"epochs": 2}}
    whole = family.again("int8_recover", tmp_path / "whole", **changes)
    resumed = killed_and_resumed(family, "int8_recover", tmp_path, monkeypatch, step=step, steps=30, **changes)
    one, other = tensors(whole), tensors(resumed)
    assert one.keys() == other.keys()
    assert all(np.allclose(one[name], other[name], atol=1e-6) for name in one)


def test_the_parents_order_of_labels_stays(tmp_path: Path) -> None:
    base = source(write_bert(tmp_path / "base", labels=("POSITIVE", "NEGATIVE")))
    parent = build("checkpoint", {"from": base}, tmp_path / "taken").parent
    made = build("int8_recover", {"from": parent}, tmp_path, params=QUICK)
    assert made.manifest.task is not None
    assert made.manifest.task.labels == ("positive", "negative")
    np.testing.assert_allclose(opened_logits(made), probe_logits(made, TELLING), atol=1e-6)


def test_an_unknown_target_is_told(family: Family, tmp_path: Path) -> None:
    with pytest.raises(BuildError, match=r"no linear layer 'pre_classifier'"):
        family.again("int8_recover", tmp_path, params=QUICK | {"target_modules": ["pre_classifier"]})


def test_a_body_without_linear_layers_is_told(family: Family, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from zoosmith.toolkit.torch import architecture

    monkeypatch.setattr(architecture, "linears", lambda model, within="": [])
    with pytest.raises(BuildError, match=r"has no torch.nn.Linear layer to quantise"):
        family.again("int8_recover", tmp_path)


def test_an_adapter_of_another_shape_does_not_open(family: Family, tmp_path: Path) -> None:
    import torch
    from safetensors.torch import load_file, save_file

    made = family.again("int8_recover", tmp_path)
    stored = load_file(made.out / "model.safetensors")
    name = next(name for name in stored if name.endswith(".lora_A"))
    stored[name] = torch.zeros(8, 7)
    save_file(stored, made.out / "model.safetensors")
    with pytest.raises(BuildError, match=f"the adapter of layer {name.removesuffix('.lora_A')} is .* of another layer"):
        made.opened()
