"""Pruning by magnitude: how much, which weights, that zeros stay zero, and what is said of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from builders.prune_magnitude import Params, _masks
from tests.support.job import TELLING, Case, Family, Made, build, probe_logits, source, spec
from tests.support.training import weights
from tests.support.zoo import write_bert

CASE = Case(parents={"from": "finetune"})
TRAINED = {"recovery": {"epochs": 1, "learning_rate": 1e-3, "batch_size": 16, "autocast": "none"}}


LEARNT = {"recovery": TRAINED["recovery"] | {"epochs": 4, "learning_rate": 3e-3}}


def linear(tensors: dict[str, Any]) -> dict[str, Any]:
    """Weights of Linear layers: two dimensions, and no embedding."""
    return {name: value for name, value in tensors.items() if value.ndim == 2 and "embeddings" not in name}


@settings(deadline=None)
@given(
    shapes=st.lists(st.tuples(st.integers(1, 9), st.integers(1, 9)), min_size=1, max_size=4),
    values=st.integers(1, 50),
    share=st.floats(0.01, 0.99),
    seed=st.integers(0, 99),
)
def test_of_all_weights_exactly_the_share_nearest_to_zero_goes(
    shapes: list[tuple[int, int]], values: int, share: float, seed: int
) -> None:
    """With few values there are many ties, zero among them."""
    generator = torch.Generator().manual_seed(seed)
    weights = [torch.randint(-values, values + 1, shape, generator=generator) / values for shape in shapes]
    masks = list(_masks(weights, share))
    assert [mask.shape for mask in masks] == [weight.shape for weight in weights]
    sizes, kept = torch.cat([weight.abs().flatten() for weight in weights]), torch.cat([m.flatten() for m in masks])
    assert int((~kept).sum()) == round(share * len(sizes))
    assert max(sizes[~kept].tolist(), default=-1) <= min(sizes[kept].tolist(), default=2)


@pytest.mark.parametrize("share", [0.3, 0.4, 0.5])
def test_of_each_layer_exactly_the_share_nearest_to_zero_is_gone(family: Family, tmp_path: Path, share: float) -> None:
    made, parent = family.again("prune_magnitude", tmp_path, params={"share": share}), family.made("finetune")
    mine, theirs = weights(made), weights(parent)
    assert mine.keys() == theirs.keys()
    assert len(linear(mine)) == 14
    for name, value in linear(mine).items():
        assert int((value == 0).sum()) == round(share * value.size), name
        kept, lost = np.abs(theirs[name])[value != 0], np.abs(theirs[name])[value == 0]
        assert lost.max() <= kept.min()
        assert np.array_equal(value[value != 0], theirs[name][value != 0])
    for name in mine.keys() - linear(mine).keys():
        assert np.array_equal(mine[name], theirs[name]), "nothing else is touched"


def test_over_all_layers_the_share_holds_together_only(family: Family, tmp_path: Path) -> None:
    made = family.again("prune_magnitude", tmp_path, params={"share": 0.4, "scope": "global"})
    zeros = {name: int((value == 0).sum()) for name, value in linear(weights(made)).items()}
    sizes = {name: value.size for name, value in linear(weights(made)).items()}
    assert sum(zeros.values()) == round(0.4 * sum(sizes.values()))
    assert len({round(zeros[name] / sizes[name], 2) for name in zeros}) > 1


def test_zeros_stay_zero_while_the_rest_is_trained(family: Family, tmp_path: Path) -> None:
    plain = weights(family.again("prune_magnitude", tmp_path / "plain"))
    trained = family.again("prune_magnitude", tmp_path / "trained", params=TRAINED)
    for name, value in linear(weights(trained)).items():
        assert np.array_equal(value == 0, plain[name] == 0), name
        assert not np.array_equal(value, plain[name])
    assert trained.facts["recovery_examples"] == 240
    assert trained.notes["training"]["dev_accuracy"]


def test_the_record_says_what_is_gone_and_that_nothing_is_gained(family: Family) -> None:
    made, parent = family.made("prune_magnitude"), family.made("finetune")
    tensors = weights(made)
    assert made.facts["nonzero_parameters"] == sum(int(np.count_nonzero(value)) for value in tensors.values())
    assert made.facts["parameters"] == parent.facts["parameters"]
    assert made.facts["sparsity"]["bert.encoder.layer.0.intermediate.dense"] == pytest.approx(0.3, abs=1e-3)
    assert "size and speed are those of the same model unpruned" in made.facts["remarks"][0]
    mine, theirs = ((one.out / "model.safetensors").stat().st_size for one in (made, parent))
    assert made.facts["stored_bytes"] == mine
    assert abs(mine - theirs) < 100
    assert made.facts["compressed_bytes"] < 0.9 * mine


@pytest.mark.parametrize("quantised", ["torch_int8", "onnx_int8"])
def test_int8_of_sparse_weights_keeps_the_zeros_and_says_what_they_save(
    family: Family, tmp_path: Path, quantised: str
) -> None:
    sparse = build("prune_magnitude", {"from": family.parent("finetune")}, tmp_path / "sparse", params={"share": 0.5})
    parent = build("onnx", {"from": sparse.parent}, tmp_path / "onnx") if quantised == "onnx_int8" else sparse
    made = build(quantised, {"from": parent.parent}, tmp_path / "int8")
    dense = family.made(quantised)
    assert made.facts["nonzero_parameters"] == sparse.facts["nonzero_parameters"]
    assert made.facts["remarks"] == sparse.facts["remarks"]
    assert made.facts["compressed_bytes"] < made.facts["stored_bytes"]
    assert not {"nonzero_parameters", "compressed_bytes"} & dense.facts.keys()
    zeros, before = (sum(int((value == 0).sum()) for value in int8(one)) for one in (made, dense))
    assert zeros >= sum(int((value == 0).sum()) for value in linear(weights(sparse)).values()) > 2 * before


def int8(made: Made) -> list[Any]:
    """INT8 weights of two dimensions."""
    if made.module.FORMAT == "torch_int8":
        return [value for value in weights(made).values() if value.dtype == np.int8 and value.ndim == 2]
    from onnx import TensorProto, load, numpy_helper

    stored = load(made.out / "model.onnx").graph.initializer
    return [numpy_helper.to_array(one) for one in stored if one.data_type == TensorProto.INT8 and len(one.dims) == 2]


def test_labels_keep_the_order_of_the_parent(family: Family, tmp_path: Path) -> None:
    base = source(write_bert(tmp_path / "base", labels=("POSITIVE", "NEGATIVE")))
    taken = build("checkpoint", {"from": base}, tmp_path / "taken", task=spec())
    made = build("prune_magnitude", {"from": taken.parent}, tmp_path / "pruned", params=LEARNT)
    assert made.manifest.task is not None
    assert made.manifest.task.labels == ("positive", "negative")
    answers = probe_logits(made, TELLING).argmax(axis=1)
    assert answers.tolist() == [0] * 5 + [1] * 5, "it was trained in the order that it answers in"


@pytest.mark.parametrize("share", [0.0, 1.0, -0.1])
def test_a_share_that_prunes_nothing_or_all_is_refused(share: float) -> None:
    with pytest.raises(ValidationError, match="share"):
        Params(share=share)


def test_a_misspelt_key_of_recovery_is_refused() -> None:
    with pytest.raises(ValidationError, match="epoch"):
        Params(recovery={"epoch": 1})  # type: ignore[arg-type]
