"""GGUF with types by layer and by name: each tensor has the one that was asked for, or nothing is made."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from builders import gguf_mixed
from tests.support import causal, gguf
from zoosmith.contract.errors import BuildError
from zoosmith.contract.job import Parent
from zoosmith.contract.output import Tolerance
from zoosmith.toolkit.gguf import header
from zoosmith.toolkit.gguf.probes import PROBES

ROWS = [{"text": text} for text in PROBES[:20] if text]
LAYERWISE = {"layers": {"0": "q8_0", "2-": "q6_k"}}
SELECTIVE = {"keep": ["attn_v", r"blk\.1\.ffn_down"], "keep_type": "f16"}


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny Llama of four layers."""
    return causal.tiny_llama(tmp_path_factory.mktemp("llama"), layers=4)


@pytest.fixture(scope="module")
def parent(checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Parent:
    """It as an F16 GGUF."""
    made = gguf.build("gguf", tmp_path_factory.mktemp("f16"), source=gguf.parent(checkpoint, "torch"))
    return gguf.parent(made.out, "gguf", **made.facts)


def stored(file: Path) -> dict[str, str]:
    return {one.name.removesuffix(".weight"): one.type for one in header.read(file).tensors}


def test_layers_have_their_types_and_the_tree_tells_them(parent: Parent, tmp_path: Path) -> None:
    made = gguf.build("gguf_mixed", tmp_path, params=LAYERWISE, source=parent)
    found = stored(made.file)
    assert [found[f"blk.{layer}.ffn_up"] for layer in range(4)] == ["Q8_0", "Q4_0", "Q6_K", "Q6_K"]
    assert found["token_embd"] == "Q8_0" and found["blk.0.attn_norm"] == "F32"
    assert len(made.facts["types_by_tensor"]) == 29
    assert made.facts["types_by_tensor"]["blk.1.attn_q.weight"] == "q4_0"
    assert made.facts["tensor_types"]["Q6_K"]["tensors"] == 14
    assert made.facts["token_texts"] == len(PROBES)


def test_sensitive_matrices_are_kept_whatever_else_is_said(parent: Parent, tmp_path: Path) -> None:
    params = SELECTIVE | LAYERWISE | {"tensor_types": {"attn_": "q5_0", "attn_k": "q5_1"}, "embedding": "q4_0"}
    found = stored(gguf.build("gguf_mixed", tmp_path, params=params, source=parent).file)
    assert {found[f"blk.{layer}.attn_v"] for layer in range(4)} == {"F16"}
    assert [found[f"blk.{layer}.ffn_down"] for layer in range(4)] == ["Q8_0", "F16", "Q6_K", "Q6_K"]
    assert {found[f"blk.{layer}.attn_k"] for layer in range(4)} == {"Q5_0"}, "the first pattern counts"
    assert found["token_embd"] == "Q4_0"


def test_importance_is_measured_where_asked_for(parent: Parent, checkpoint: Path, tmp_path: Path) -> None:
    torch = gguf.parent(checkpoint, "torch")
    weighed = LAYERWISE | {"imatrix": True}
    made = gguf.build("gguf_mixed", tmp_path / "a", params=weighed, rows=ROWS, source=parent, checkpoint=torch)
    plain = gguf.build("gguf_mixed", tmp_path / "b", params=LAYERWISE, source=parent)
    assert made.facts["imatrix_tokens"] > 100
    assert made.file.stat().st_size == plain.file.stat().st_size and made.file.read_bytes() != plain.file.read_bytes()
    with pytest.raises(BuildError, match="name it as `checkpoint:`"):
        gguf.build("gguf_mixed", tmp_path / "c", params=weighed, rows=ROWS, source=parent)
    with pytest.raises(BuildError, match="calibration rows, of which none has two tokens"):
        gguf.build("gguf_mixed", tmp_path / "d", params=weighed, rows=[{"text": ""}], source=parent, checkpoint=torch)


@pytest.mark.parametrize(
    ("params", "told"),
    [
        ({"layers": {"2-9": "q8_0"}}, 'layers "2-9": the model has 4 layers, 0 to 3'),
        ({"keep": ["attn_w"]}, r"keep: 'attn_w' fits no matrix of the model; near it are"),
        ({"tensor_types": {"attn_norm": "q8_0"}}, r"fits no matrix .*norms and biases are never quantised"),
        ({"layers": {"0": "iq3_xxs"}}, r"llama.cpp makes no iq3_xxs without an importance matrix"),
    ],
)
def test_what_fits_nothing_is_refused_and_nothing_left(
    parent: Parent, tmp_path: Path, params: dict[str, Any], told: str
) -> None:
    with pytest.raises(BuildError, match=told):
        gguf.build("gguf_mixed", tmp_path, params=params, source=parent)
    assert list((tmp_path / "out").iterdir()) == []


def test_rows_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    checkpoint = gguf.parent(causal.tiny_llama(tmp_path / "narrow", hidden=64), "torch")
    made = gguf.build("gguf", tmp_path / "f16", source=checkpoint)
    with pytest.raises(BuildError, match=r"rows of (64|128), which are no multiple of q4_k's block of 256; .* q4_0"):
        gguf.build("gguf_mixed", tmp_path / "m", params={"type": "q4_k"}, source=gguf.parent(made.out, "gguf"))


@pytest.mark.parametrize(
    ("params", "told"),
    [
        ({"type": "q4_k_m"}, "no type 'q4_k_m'; did you mean 'q4_k'"),
        ({"layers": {"0": "q9"}}, "no type 'q9'"),
        ({"layers": {"first": "q8_0"}}, "'first' names no layers"),
        ({"keep_type": "i8"}, "no type 'i8'"),
    ],
)
def test_a_misspelt_type_or_layer_is_told_when_the_recipe_is_read(params: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        gguf_mixed.Params(**params)


def test_what_it_claims_follows_its_fewest_bits() -> None:
    claims = [gguf_mixed.check(gguf_mixed.Params(type=kind)).mean_kl for kind in ("q8_0", "q5_0", "q4_0", "q3_k")]
    assert claims == [0.05, 0.6, 1.5, 4.0]
    assert gguf_mixed.check(gguf_mixed.Params(layers={"0": "q2_k"})) == Tolerance(0.0)


def test_parents_and_splits_are_those_that_params_need() -> None:
    weighed = gguf_mixed.Params(imatrix=True)
    assert gguf_mixed.accepts(gguf_mixed.Params()) == {"from": ("gguf",)} and gguf_mixed.data(gguf_mixed.Params()) == ()
    assert gguf_mixed.accepts(weighed)["checkpoint"] == ("torch",) and gguf_mixed.data(weighed) == ("calibration",)
