"""Weights and multiply-adds of ONNX graphs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from tests.support.job import Family
from tests.toolkit.torch.test_torch_weights import encoded, expected
from zoosmith.predictor import open_artifact
from zoosmith.toolkit.onnx.onnx_weights import multiply_adds, parameters
from zoosmith.toolkit.torch import torch_weights


def graph(nodes: list[Any], stored: dict[str, np.ndarray], shape: list[int]) -> onnx.ModelProto:
    """A model from x (float32, `shape`) to y."""
    made = helper.make_graph(
        nodes, "g", [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(array, name) for name, array in stored.items()],
    )  # fmt: skip
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)


@pytest.mark.parametrize("name", ["onnx", "onnx_int8"])
def test_a_real_graph_counts_like_the_model_it_was_exported_from(family: Family, name: str) -> None:
    model = onnx.load(family.made(name).out / "model.onnx")
    theirs = open_artifact(family.made("finetune").out, project=family.root).session.model
    total, nonzero = parameters(model)
    assert total == torch_weights.parameters(theirs)[0]
    assert total * 0.9 < nonzero <= total
    for tokens in (8, 32):
        inputs = encoded(tokens) | {"token_type_ids": np.zeros((1, tokens), np.int64)}
        assert multiply_adds(model, inputs) == expected(tokens)


def test_scales_zero_points_and_constants_are_no_parameters() -> None:
    stored = {
        "w_quantized": np.array([[0, 3], [128, 1]], np.uint8),
        "w_scale": np.array([0.1, 0.2], np.float32),
        "w_zero_point": np.array([0, 128], np.uint8),
        "one_scale": np.array([0.0, 1.0, 2.0], np.float32),  # no weight of that name: a layer of its own
        "shape": np.array([1, 2], np.int64),
        "epsilon": np.array(1e-6, np.float32),
    }
    # Columns have the zero points 0 and 128: only w[0, 0] is a zero; of the layer, one of three.
    assert parameters(graph([], stored, [1])) == (4 + 3, 3 + 2)


def test_pruned_weights_show() -> None:
    assert parameters(graph([], {"w": np.eye(4, dtype=np.float32)}, [1])) == (16, 4)


def test_affine_layers_and_convolutions_are_counted() -> None:
    weights = {"w": np.ones((5, 3), np.float32)}
    gemm = graph([helper.make_node("Gemm", ["x", "w"], ["y"], transB=1)], weights, [2, 3])
    assert multiply_adds(gemm, {"x": np.ones((2, 3), np.float32)}) == 2 * 3 * 5
    turned = graph([helper.make_node("Gemm", ["x", "w"], ["y"], transA=1, transB=1)], weights, [3, 2])
    assert multiply_adds(turned, {"x": np.ones((3, 2), np.float32)}) == 2 * 3 * 5
    kernel = {"w": np.ones((8, 2, 3, 3), np.float32)}
    conv = graph([helper.make_node("Conv", ["x", "w"], ["y"], group=2)], kernel, [1, 4, 6, 6])
    assert multiply_adds(conv, {"x": np.ones((1, 4, 6, 6), np.float32)}) == 8 * 4 * 4 * 2 * 3 * 3


def test_a_graph_that_is_not_wholly_understood_is_not_counted_short() -> None:
    nodes = [helper.make_node("Einsum", ["x", "w"], ["y"], equation="ij,jk->ik")]
    assert multiply_adds(graph(nodes, {"w": np.ones((3, 5), np.float32)}, [2, 3]), {}) is None


def test_weights_beside_the_graph_count_as_those_within(tmp_path: Path) -> None:
    """As graphs over 2 GiB have them, which cannot be written as one message with their weights."""
    weights = {"w": np.eye(64, dtype=np.float32)}
    within = graph([helper.make_node("MatMul", ["x", "w"], ["y"])], weights, [3, 64])
    file = tmp_path / "model.onnx"
    onnx.save(within, file, save_as_external_data=True, location="model.onnx_data", size_threshold=0)
    beside = onnx.load(file, load_external_data=False)
    assert not beside.graph.initializer[0].raw_data
    assert parameters(beside, tmp_path) == (64 * 64, 64)
    assert multiply_adds(beside, {"x": np.ones((3, 64), np.float32)}, tmp_path) == 3 * 64 * 64
