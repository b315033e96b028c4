"""Dynamic INT8 for ONNX Runtime: which nodes, which weights, for which processors."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.support.job import TELLING, Case, Family, Made, probe_logits
from zoosmith.contract.errors import BuildError
from zoosmith.contract.job import Parent

CASE = Case(parents={"from": "onnx"})


def int8_weights(made: Made) -> dict[str, Any]:
    from onnx import TensorProto, load, numpy_helper

    stored = load(made.out / "model.onnx").graph.initializer
    return {one.name: numpy_helper.to_array(one) for one in stored if one.data_type == TensorProto.INT8 and one.dims}


def test_products_are_int8_and_counted(family: Family) -> None:
    made = family.made("onnx_int8")
    products = 2 * 6 + 2
    assert made.facts["int8_nodes"] >= products - 1
    assert made.facts["operators"]["MatMulInteger"] == made.facts["int8_nodes"]
    assert max(np.abs(weight.astype(int)).max() for weight in int8_weights(made).values()) > 64


def test_for_avx2_weights_have_seven_bits(family: Family, tmp_path: Path) -> None:
    made = family.again("onnx_int8", tmp_path, params={"target": "avx2"})
    weights = {name: weight for name, weight in int8_weights(made).items() if weight.size > 1}
    assert len(weights) >= made.facts["int8_nodes"]
    assert max(np.abs(weight.astype(int)).max() for weight in weights.values()) == 64
    assert made.manifest.target == "avx2"
    assert family.made("onnx_int8").manifest.target == "vnni"


@pytest.mark.parametrize("target", ["vnni", "avx2"])
def test_unsigned_weights_keep_eight_bits_on_every_processor(family: Family, tmp_path: Path, target: str) -> None:
    from onnx import TensorProto, load, numpy_helper

    made = family.again("onnx_int8", tmp_path, params={"weights": "u8", "target": target})
    stored = load(made.out / "model.onnx").graph.initializer
    weights = [numpy_helper.to_array(one) for one in stored if one.data_type == TensorProto.UINT8 and one.dims]
    assert max(int(weight.max()) for weight in weights) > 200
    assert int8_weights(made) == {}
    assert made.facts["int8_nodes"] == family.made("onnx_int8").facts["int8_nodes"]


@pytest.mark.parametrize("per_channel", [True, False])
def test_scales_are_per_channel_or_per_tensor(family: Family, tmp_path: Path, per_channel: bool) -> None:
    from onnx import load, numpy_helper

    made = family.again("onnx_int8", tmp_path, params={"per_channel": per_channel})
    stored = {one.name: numpy_helper.to_array(one) for one in load(made.out / "model.onnx").graph.initializer}
    scales = [value.size for name, value in stored.items() if name.endswith("_scale") and value.dtype == np.float32]
    assert (max(scales) > 1) == per_channel


@pytest.mark.parametrize("params", [{}, {"per_channel": False}, {"target": "avx2"}, {"weights": "u8"}])
def test_answers_stay_near_the_parents(family: Family, tmp_path: Path, params: dict[str, Any]) -> None:
    made = family.again("onnx_int8", tmp_path, params=params)
    mine, theirs = probe_logits(made, TELLING), probe_logits(family.made("onnx"), TELLING)
    assert (mine.argmax(axis=1) == theirs.argmax(axis=1)).all()
    assert 0 < np.abs(mine - theirs).max() < 0.5


def test_it_is_smaller_than_its_parent(family: Family) -> None:
    mine, theirs = ((family.made(name).out / "model.onnx").stat().st_size for name in ("onnx_int8", "onnx"))
    assert mine < theirs


def test_a_graph_without_products_is_refused(family: Family, tmp_path: Path) -> None:
    from onnx import TensorProto, helper, save

    value = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 2])
    logits = helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", 2])
    graph = helper.make_graph([helper.make_node("Relu", ["x"], ["logits"])], "g", [value], [logits])
    save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10), tmp_path / "model.onnx")
    parent = Parent(tmp_path, family.made("onnx").manifest, "0" * 64)
    from tests.support.job import build

    with pytest.raises(BuildError, match="no matrix product to quantise"):
        build("onnx_int8", {"from": parent}, tmp_path / "aside")
