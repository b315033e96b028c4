"""Dynamic INT8 in PyTorch: what is stored, how near it stays, and that it opens as it was."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from tests.support.job import TELLING, Case, Family, build, probe_logits
from tests.support.zoo import ROOT
from zoosmith.predictor import open_artifact

CASE = Case(parents={"from": "finetune"})
LINEARS = 2 * 6 + 2  # query, key, value, two outputs and one intermediate a layer; pooler and classifier


@pytest.mark.parametrize("per_channel", [True, False])
def test_every_linear_layer_is_int8(family: Family, tmp_path: Path, per_channel: bool) -> None:
    from safetensors.numpy import load_file

    made = family.again("torch_int8", tmp_path, params={"per_channel": per_channel})
    tensors = load_file(made.out / "model.safetensors")
    layers = [name.removesuffix(".weight_scale") for name in tensors if name.endswith(".weight_scale")]
    assert len(layers) == LINEARS == made.facts["int8_layers"]
    for layer in layers:
        weight = tensors[f"{layer}.weight"]
        assert weight.dtype == np.int8
        assert tensors[f"{layer}.weight_scale"].shape == ((weight.shape[0],) if per_channel else (1,))
        assert tensors[f"{layer}.bias"].dtype == np.float32
    assert tensors["bert.embeddings.word_embeddings.weight"].dtype == np.float32


@pytest.mark.parametrize("per_channel", [True, False])
def test_it_opens_and_answers_as_the_model_and_nearly_as_its_parent(
    family: Family, tmp_path: Path, per_channel: bool
) -> None:
    made = family.again("torch_int8", tmp_path, params={"per_channel": per_channel})
    opened = open_artifact(made.out, project=ROOT)
    mine, theirs = probe_logits(made, TELLING), probe_logits(family.made("finetune"), TELLING)
    found = [opened.session.classify(opened.task.encode([opened.task.unlabelled(text)]))[0] for text in TELLING]
    np.testing.assert_allclose(found, mine, atol=1e-6)
    assert (mine.argmax(axis=1) == theirs.argmax(axis=1)).all()
    assert 0 < np.abs(mine - theirs).max() < 0.5, "INT8 rounds, so logits move, but not far"


def test_dequantised_weights_are_the_parents_within_half_a_step(family: Family) -> None:
    from safetensors.numpy import load_file

    stored = load_file(family.made("torch_int8").out / "model.safetensors")
    original = load_file(family.made("finetune").out / "model.safetensors")
    for layer in (name.removesuffix(".weight_scale") for name in stored if name.endswith(".weight_scale")):
        scale = stored[f"{layer}.weight_scale"][:, None]
        again = (stored[f"{layer}.weight"] - stored[f"{layer}.weight_zero_point"][:, None]) * scale
        assert (np.abs(again - original[f"{layer}.weight"]) <= scale * 0.501).all(), layer


def test_it_is_smaller_than_its_parent(family: Family) -> None:
    mine, theirs = ((family.made(name).out / "model.safetensors").stat().st_size for name in ("torch_int8", "finetune"))
    assert mine < 0.7 * theirs


def test_it_takes_checkpoints_too(family: Family, tmp_path: Path) -> None:
    made = build("torch_int8", {"from": family.parent("checkpoint")}, tmp_path)
    assert made.manifest.task == family.made("checkpoint").manifest.task


@pytest.mark.parametrize("wanted", [0.0, 0.6, 1.0])
def test_a_recipe_may_ask_for_another_agreement(wanted: float) -> None:
    from builders import torch_int8

    assert torch_int8.check(torch_int8.Params()).agreement == 0.85
    assert torch_int8.check(torch_int8.Params(min_agreement=wanted)).agreement == wanted
    with pytest.raises(ValidationError, match="min_agreement"):
        torch_int8.Params(min_agreement=wanted + 1.1)
