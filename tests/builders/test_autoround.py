"""AutoRound: integers that are unpacked here by hand, parity with the parent, and what is refused before it starts."""

from __future__ import annotations

import importlib.util
import json
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from builders import autoround as builder
from tests.builders.test_language_contract import logprobs, opened
from tests.support import causal, gguf
from zoosmith.contract.errors import BuildError, ZooError
from zoosmith.contract.job import Parent
from zoosmith.toolkit.quantization import autoround

ROWS = [{"text": text} for text in causal.SENTENCES]
QUICK = {"group_size": 32, "iterations": 2, "pieces": 3, "tokens": 16, "step_pieces": 2}
UP = "model.layers.0.mlp.up_proj"
needs_package = pytest.mark.skipif(importlib.util.find_spec("auto_round") is None, reason="the extra `autoround`")


@pytest.fixture(scope="module")
def parent(tmp_path_factory: pytest.TempPathFactory) -> Parent:
    return gguf.parent(causal.tiny_llama(tmp_path_factory.mktemp("llama"), hidden=64), "torch", origin={"file": "x"})


@pytest.fixture(scope="module")
def made(parent: Parent, tmp_path_factory: pytest.TempPathFactory) -> Any:
    return gguf.build("autoround", tmp_path_factory.mktemp("made") / "one", params=QUICK, rows=ROWS, source=parent)


def stored(folder: Path) -> dict[str, Any]:
    from safetensors.numpy import load_file

    return load_file(folder / "model.safetensors")


def unpacked(tensors: dict[str, Any], name: str, group: int) -> Any:
    """Weights (rows, columns) of a GPTQ layer: eight 4-bit integers a word along columns, zero point 8, FP16 scales."""
    words, scales = tensors[f"{name}.qweight"].view(np.uint32), tensors[f"{name}.scales"].astype(np.float32)
    integers = np.stack([(words >> (4 * i)) & 15 for i in range(8)], axis=1).reshape(-1, words.shape[1])
    return ((integers.astype(np.float32) - 8) * np.repeat(scales, group, axis=0)).T


@needs_package
def test_weights_are_a_step_from_the_parents_at_most(made: Any, parent: Parent) -> None:
    """Roundings go up or down by less than one step; ranges are learnt too and may clip a little."""
    again, weight = unpacked(stored(made.out), UP, 32), stored(parent.path)[f"{UP}.weight"]
    steps = np.repeat(np.abs(stored(made.out)[f"{UP}.scales"].astype(np.float32)), 32, axis=0).T
    assert again.shape == weight.shape
    assert np.quantile(np.abs(again - weight) / steps, 0.99) < 1.05
    assert np.corrcoef(again.ravel(), weight.ravel())[0, 1] > 0.99


@needs_package
def test_it_opens_as_the_weights_that_its_files_hold(made: Any, parent: Parent) -> None:
    import torch

    session = opened(made, "autoround")
    values = np.random.default_rng(0).standard_normal((3, 64)).astype(np.float16)
    with torch.inference_mode():
        found = session.model.get_submodule(UP)(torch.tensor(values)).float().numpy()
    np.testing.assert_allclose(found, values.astype(np.float32) @ unpacked(stored(made.out), UP, 32).T, atol=0.05)
    theirs = opened(SimpleNamespace(out=parent.path, facts={}), "from_gguf")
    for mine, other in zip(logprobs(session), logprobs(theirs), strict=True):
        assert 1e-5 < (np.exp(other) * (other - mine)).sum(axis=1).mean() < 0.5


@needs_package
def test_embeddings_stay_and_facts_are_stated(made: Any, parent: Parent) -> None:
    table = "model.embed_tokens.weight"
    np.testing.assert_array_equal(stored(made.out)[table], stored(parent.path)[table])
    assert made.facts["calibration_tokens"] == 3 * 16 and made.facts["origin"] == {"file": "x"}
    assert made.facts["parameters"] == sum(value.size for value in stored(parent.path).values())
    assert json.loads((made.out / "config.json").read_text())["quantization_config"]["quant_method"] == "gptq"
    for name in ("tokenizer.json", "tokenizer_config.json"):
        assert (made.out / name).read_bytes() == (parent.path / name).read_bytes()


@needs_package
def test_its_own_layout_opens_too(parent: Parent, tmp_path: Path) -> None:
    made = gguf.build("autoround", tmp_path, params=QUICK | {"layout": "auto_round"}, rows=ROWS, source=parent)
    assert json.loads((made.out / "config.json").read_text())["quantization_config"]["quant_method"] == "auto-round"
    assert all(np.isfinite(rows).all() for rows in logprobs(opened(made, "autoround")))


def test_rows_that_are_no_multiple_of_a_group_are_told_before_anything_starts(tmp_path: Path) -> None:
    source = gguf.parent(causal.tiny_llama(tmp_path / "llama", hidden=192), "torch")
    with pytest.raises(
        BuildError, match=r"q_proj has rows of 192, which is no multiple of 128; all .* multiples of 64"
    ):
        gguf.build("autoround", tmp_path / "made", rows=ROWS, source=source)


def test_too_little_text_is_told(parent: Parent, tmp_path: Path) -> None:
    with pytest.raises(BuildError, match=r"tokens: a piece has 512, and all rows of `calibration` together \d\d"):
        gguf.build("autoround", tmp_path, params={"group_size": 32}, rows=ROWS, source=parent)


def test_rows_are_joined_and_cut_into_pieces_of_one_length() -> None:
    found = autoround.pieces([[1, 2, 3], [4, 5, 6, 7], [8]], 3, 9)
    assert [piece.tolist() for piece in found] == [[[1, 2, 3]], [[4, 5, 6]]]
    assert len(autoround.pieces([list(range(30))], 3, 4)) == 4


CONFIGS = [
    ({"quant_method": "awq"}, r"quant_method: 'awq' is not opened here; known: auto-round, gptq"),
    ({"quant_method": "gptqq"}, r"quant_method: 'gptqq' is not opened here; did you mean 'gptq'\?"),
    ({"quant_method": "gptq", "desc_act": True}, r"desc_act: columns in another order are not opened here"),
    (None, r"quant_method: 'none' is not opened here"),
]


@pytest.mark.parametrize(("told", "said"), CONFIGS)
def test_what_is_packed_in_another_way_is_refused(parent: Parent, tmp_path: Path, told: Any, said: str) -> None:
    folder = shutil.copytree(parent.path, tmp_path / "moved")
    config = json.loads((folder / "config.json").read_text()) | ({"quantization_config": told} if told else {})
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(ZooError, match=said):
        opened(SimpleNamespace(out=folder, facts={}), "autoround")


@pytest.mark.parametrize("wrong", [{"bits": 5}, {"group_size": 8}, {"iterations": 0}, {"layout": "awq"}])
def test_parameters_out_of_range_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match=next(iter(wrong))):
        builder.Params(**wrong)
