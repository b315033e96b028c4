"""Widths by depth: what each layer became, by hand, and that files that disagree are refused."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tests.builders.test_language_contract import logprobs, opened
from tests.support import causal, gguf
from zoosmith.contract.errors import BuildError, ZooError
from zoosmith.contract.job import Parent

WIDTHS = {"early": 1, "late": 1, "compute_dtype": "fp32"}
EARLY, MIDDLE, LATE = (f"model.layers.{layer}.mlp.up_proj" for layer in (0, 1, 3))


@pytest.fixture(scope="module")
def parent(tmp_path_factory: pytest.TempPathFactory) -> Parent:
    return gguf.parent(causal.tiny_llama(tmp_path_factory.mktemp("llama"), hidden=64, layers=4), "torch")


@pytest.fixture(scope="module")
def made(parent: Parent, tmp_path_factory: pytest.TempPathFactory) -> Any:
    return gguf.build("layerwise", tmp_path_factory.mktemp("made") / "one", params=WIDTHS, source=parent)


def stored(folder: Path, name: str = "model.safetensors") -> dict[str, Any]:
    from safetensors.numpy import load_file

    return load_file(folder / name)


def test_each_layer_has_the_width_of_its_depth(made: Any, parent: Parent) -> None:
    rest, int8 = stored(made.out), stored(made.out, "int8.safetensors")
    assert made.facts["linear_layers"] == {"int8": 7, "nf4": 14, "six": 7}
    assert int8[f"{EARLY}.weight"].dtype == np.int8 and len(int8) == 2 * 7
    assert rest[f"{MIDDLE}.weight"].dtype == np.uint8
    assert rest[f"{LATE}.weight"].dtype == np.float32
    assert not [name for name in rest if name.startswith("model.layers.0.") and "norm" not in name]
    np.testing.assert_array_equal(rest["model.embed_tokens.weight"], stored(parent.path)["model.embed_tokens.weight"])
    assert made.facts["parameters"] == sum(value.size for value in stored(parent.path).values())


def test_int8_rows_and_6_bit_blocks_are_what_a_few_lines_give(made: Any, parent: Parent) -> None:
    whole, int8 = stored(parent.path), stored(made.out, "int8.safetensors")
    weight = whole[f"{EARLY}.weight"]
    largest = np.abs(weight.astype(np.float16)).max(axis=1).astype(np.float32)
    np.testing.assert_allclose(int8[f"{EARLY}.scale"], largest, rtol=1e-6)
    again = int8[f"{EARLY}.weight"] * (largest[:, None] / 127)
    np.testing.assert_array_less(np.abs(again - weight).max(axis=1), largest / 127 * 0.57)  # FP16 on the way
    late = whole[f"{LATE}.weight"].reshape(-1, 64)
    scale = np.abs(late).max(axis=1, keepdims=True) / 31
    wanted = (np.round(late / scale) * scale).reshape(-1, 64)
    np.testing.assert_allclose(stored(made.out)[f"{LATE}.weight"].reshape(-1, 64), wanted, rtol=1e-5, atol=1e-7)


def test_it_says_what_is_applied_and_what_6_bits_are(made: Any) -> None:
    told = json.loads((made.out / "techniques.json").read_text())
    assert told["int8"]["threshold"] == 6.0 and EARLY in told["int8"]["layers"] and len(told["int8"]["layers"]) == 7
    (remark,) = made.facts["remarks"]
    assert "6 bits of the last 1 layers are fake" in remark and "in float32" in remark


def test_it_answers_nearly_as_its_parent_and_not_the_same(made: Any, parent: Parent) -> None:
    theirs = opened(SimpleNamespace(out=parent.path, facts={}), "from_gguf")
    for mine, other in zip(logprobs(opened(made, "layerwise")), logprobs(theirs), strict=True):
        kl = (np.exp(other) * (other - mine)).sum(axis=1)
        assert 1e-5 < kl.mean() < 0.5


def test_no_layer_late_says_nothing_of_6_bits(parent: Parent, tmp_path: Path) -> None:
    made = gguf.build("layerwise", tmp_path, params=WIDTHS | {"late": 0}, source=parent)
    assert made.facts["remarks"] == []
    assert made.facts["linear_layers"] == {"int8": 7, "nf4": 21, "six": 0}


def test_half_precision_stays_half(tmp_path: Path) -> None:
    half = gguf.parent(causal.tiny_llama(tmp_path / "half", hidden=64, layers=4, dtype="bfloat16"), "torch")
    made = gguf.build("layerwise", tmp_path / "made", params=WIDTHS, source=half)
    assert str(opened(made, "layerwise").model.dtype) == "torch.bfloat16"
    assert "in bfloat16" in made.facts["remarks"][0]
    for mine, theirs in zip(logprobs(opened(made, "layerwise")), logprobs(made.session), strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-5)


def test_more_layers_than_there_are_is_told(parent: Parent, tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="early: 3 and late: 3 leave none of 4 layers in the middle"):
        gguf.build("layerwise", tmp_path, source=parent)


@pytest.mark.parametrize("value", [float("nan"), 1e5])
def test_weights_that_fp16_does_not_hold_are_told(parent: Parent, tmp_path: Path, value: float) -> None:
    from safetensors.numpy import save_file

    folder = shutil.copytree(parent.path, tmp_path / "odd")
    tensors = stored(folder)
    tensors[f"{EARLY}.weight"][3, 5] = value
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(BuildError, match=r"model\.layers\.0\.mlp\.up_proj\.weight has NaN or values beyond FP16"):
        gguf.build("layerwise", tmp_path / "made", params=WIDTHS, source=gguf.parent(folder, "torch"))


def test_a_model_of_another_kind_is_told(tmp_path: Path) -> None:
    folder = causal.tiny_llama(tmp_path / "llama", hidden=64, layers=4)
    (folder / "config.json").write_text((folder / "config.json").read_text().replace('"llama"', '"lama"'))
    with pytest.raises(BuildError, match=r"config\.json"):
        gguf.build("layerwise", tmp_path / "made", params=WIDTHS, source=gguf.parent(folder, "torch"))


def changed(made: Any, folder: Path, change: Any) -> Any:
    moved = shutil.copytree(made.out, folder / "moved")
    told = json.loads((moved / "techniques.json").read_text())
    change(moved, told)
    (moved / "techniques.json").write_text(json.dumps(told))
    return SimpleNamespace(out=moved, facts={})


FAULTS = {
    "a name that the model does not have": (
        lambda folder, told: told["int8"]["layers"].append("model.layers.0.mlp.upproj"),
        r"int8\.layers: the model of config\.json has no linear layer 'model\.layers\.0\.mlp\.upproj'",
    ),
    "a layer whose weights are not there": (
        lambda folder, told: told["int8"]["layers"].append(MIDDLE),
        r"int8\.safetensors and int8\.layers of techniques\.json differ in model\.layers\.1\.mlp\.up_proj: pull it",
    ),
    "no file": (lambda folder, told: (folder / "int8.safetensors").unlink(), r"has no int8\.safetensors"),
    "trimming under another format": (lambda folder, told: told.update(trim={}), r"trim: its format is 'trimmed'"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_files_that_disagree_are_refused(made: Any, tmp_path: Path, fault: str) -> None:
    change, said = FAULTS[fault]
    with pytest.raises(ZooError, match=said):
        opened(changed(made, tmp_path, change), "layerwise")
