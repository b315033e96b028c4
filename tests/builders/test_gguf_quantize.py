"""Quantised GGUF files: what was asked for, or refused under that name; importance on calibration rows."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from builders import gguf_quantize
from tests.support import causal, gguf, labelled
from zoosmith.contract.errors import BuildError
from zoosmith.contract.job import Parent
from zoosmith.toolkit.gguf import header
from zoosmith.toolkit.gguf.probes import PROBES
from zoosmith.toolkit.gguf.types import FILE_TYPES

ROWS = [{"text": text} for text in PROBES if text]
WEIGHED = {"type": "q4_0", "imatrix": True}
ORIGIN = {"file": "x.gguf", "types": {"Q4_1": 210}, "bits_per_weight": 5.7}


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny Llama."""
    return causal.tiny_llama(tmp_path_factory.mktemp("llama"))


def f16(checkpoint: Path, folder: Path) -> Parent:
    made = gguf.build("gguf", folder, source=gguf.parent(checkpoint, "torch", origin=ORIGIN))
    return gguf.parent(made.out, "gguf", **made.facts)


@pytest.fixture(scope="module")
def parent(checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Parent:
    """It as an F16 GGUF."""
    return f16(checkpoint, tmp_path_factory.mktemp("f16"))


@pytest.fixture(scope="module")
def narrow(tmp_path_factory: pytest.TempPathFactory) -> Parent:
    """One with rows of 64 and 128, which no K-quant can hold."""
    return f16(causal.tiny_llama(tmp_path_factory.mktemp("narrow"), hidden=64), tmp_path_factory.mktemp("f16"))


@pytest.mark.parametrize(("kind", "bits"), [("q8_0", 8.524), ("q4_k_m", 4.95), ("q4_0", 4.686)])
def test_types_are_counted_and_facts_are_passed_on(parent: Parent, tmp_path: Path, kind: str, bits: float) -> None:
    made = gguf.build("gguf_quantize", tmp_path, params={"type": kind}, source=parent)
    assert sorted(path.name for path in made.out.iterdir()) == ["Modelfile", "model.gguf"]
    assert made.facts["bits_per_weight"] == bits
    assert made.facts["origin"] == ORIGIN
    assert made.facts["token_texts"] == len(PROBES)
    assert "fallback" not in made.facts and "imatrix_tokens" not in made.facts
    assert (made.out / "Modelfile").read_bytes() == (parent.path / "Modelfile").read_bytes()


def test_a_k_quant_that_became_another_type_is_refused_under_its_name(narrow: Parent, tmp_path: Path) -> None:
    with pytest.raises(
        BuildError, match=r"q4_k_m would be its name alone: 100% of the weights became Q5_0.*allow_fallback"
    ):
        gguf.build("gguf_quantize", tmp_path / "a", params={"type": "q4_k_m"}, source=narrow)
    params = {"type": "q4_k_m", "allow_fallback": True}
    made = gguf.build("gguf_quantize", tmp_path / "b", params=params, source=narrow)
    assert made.facts["fallback"]["share"] == 1.0
    assert set(made.facts["fallback"]["got"]) == {"Q5_0", "Q8_0"}
    made = gguf.build("gguf_quantize", tmp_path / "c", params={"type": "q4_0"}, source=narrow)
    assert "fallback" not in made.facts


def test_importance_is_measured_on_the_checkpoint(parent: Parent, checkpoint: Path, tmp_path: Path) -> None:
    torch = gguf.parent(checkpoint, "torch")
    made = gguf.build(
        "gguf_quantize",
        tmp_path / "a",
        params=WEIGHED,
        rows=ROWS,
        source=parent,
        checkpoint=torch,
    )
    assert made.facts["imatrix_matrices"] == 14
    assert made.facts["imatrix_tokens"] > 2000
    again = gguf.build(
        "gguf_quantize",
        tmp_path / "b",
        params=WEIGHED,
        rows=ROWS,
        source=parent,
        checkpoint=torch,
    )
    plain = gguf.build("gguf_quantize", tmp_path / "c", params={"type": "q4_0"}, source=parent)
    assert made.file.read_bytes() == again.file.read_bytes() != plain.file.read_bytes()
    assert made.file.stat().st_size == plain.file.stat().st_size


def test_rows_are_cut_to_the_tokens_asked_for(parent: Parent, checkpoint: Path, tmp_path: Path) -> None:
    params = {"type": "iq2_xxs", "imatrix": True, "tokens": 2, "tensor_types": {"attn_": "q8_0"}}
    long = [{"text": "the quick brown fox jumps"}] * 3
    made = gguf.build(
        "gguf_quantize", tmp_path, params=params, rows=long, source=parent, checkpoint=gguf.parent(checkpoint, "torch")
    )
    assert made.facts["imatrix_tokens"] == 6


def test_importance_of_what_answers_prompts_is_measured_on_prompts(
    parent: Parent, checkpoint: Path, tmp_path: Path
) -> None:
    task, rows = labelled.asked(checkpoint), [{"first": "Ann Lee", "second": "A. Lee", "label": "yes"}] * 3
    torch = gguf.parent(checkpoint, "torch")
    made = gguf.build(
        "gguf_quantize", tmp_path, params=WEIGHED, rows=rows, task=task, source=parent, checkpoint=torch
    )  # fmt: skip
    assert made.facts["imatrix_tokens"] == 3 * len(task.prompt_ids(task.example(rows[0])))


def test_importance_of_another_checkpoint_is_refused(parent: Parent, tmp_path: Path) -> None:
    other = gguf.parent(causal.tiny_llama(tmp_path / "c", hidden=128), "torch")
    with pytest.raises(
        BuildError, match=r"the importance matrix is of another model: .* has 128 columns there and 256 here"
    ):
        gguf.build("gguf_quantize", tmp_path / "a", params=WEIGHED, rows=ROWS, source=parent, checkpoint=other)


def test_importance_needs_a_checkpoint_and_rows(parent: Parent, checkpoint: Path, tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="name it as `checkpoint:`"):
        gguf.build("gguf_quantize", tmp_path / "a", params=WEIGHED, rows=ROWS, source=parent)
    with pytest.raises(BuildError, match="calibration rows, of which there are none"):
        gguf.build(
            "gguf_quantize", tmp_path / "b", params=WEIGHED, source=parent,
            checkpoint=gguf.parent(checkpoint, "torch"),
        )  # fmt: skip


def test_layers_are_left_out_and_tensors_get_their_types(parent: Parent, tmp_path: Path) -> None:
    params = {"type": "q4_0", "prune_layers": [1], "tensor_types": {"ffn_down": "q6_k"}}
    made = gguf.build("gguf_quantize", tmp_path, params=params, source=parent)
    assert header.read(made.file).hyperparameter("block_count") == 1
    counts = {kind: found["tensors"] for kind, found in made.facts["tensor_types"].items()}
    assert counts == {"Q4_0": 6, "Q6_K": 2, "F32": 3}


def test_an_unknown_type_gives_the_nearest() -> None:
    with pytest.raises(ValidationError, match="did you mean 'q4_k_m'"):
        gguf_quantize.Params(type="Q4_K_M")
    with pytest.raises(ValidationError, match="no type 'q9'"):
        gguf_quantize.Params(type="q4_0", tensor_types={"ffn": "q9"})


def test_parents_and_splits_are_those_that_params_need() -> None:
    plain, weighed = gguf_quantize.Params(type="q4_0"), gguf_quantize.Params(type="q4_0", imatrix=True)
    assert gguf_quantize.accepts(plain) == {"from": ("gguf",)}
    assert gguf_quantize.accepts(weighed) == {"from": ("gguf",), "checkpoint": ("torch",)}
    assert (gguf_quantize.data(plain), gguf_quantize.data(weighed)) == ((), ("calibration",))


def test_fewer_bits_claim_less_and_a_cut_model_nothing() -> None:
    kinds = ("q8_0", "q6_k", "q5_k_m", "q4_0", "q3_k_m")
    claims = [gguf_quantize.check(gguf_quantize.Params(type=kind)) for kind in kinds]
    limits = [claim.mean_kl or 0.0 for claim in claims]
    assert limits == sorted(limits) and len({0.0, *limits}) == 6
    nothing = gguf_quantize.Tolerance(agreement=0.0)
    assert gguf_quantize.check(gguf_quantize.Params(type="q2_k")) == nothing
    assert gguf_quantize.check(gguf_quantize.Params(type="q8_0", prune_layers=(1,))) == nothing
    assert all(gguf_quantize.check(gguf_quantize.Params(type=kind)) for kind in FILE_TYPES)
