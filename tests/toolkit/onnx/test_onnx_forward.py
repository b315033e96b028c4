"""A graph as a function: inputs that it takes, types that it gives, threads that it runs on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.support.job import Family
from zoosmith.toolkit.onnx.onnx_forward import OnnxForward

ENCODED = {
    "input_ids": np.array([[2, 5, 3], [2, 6, 3]]),
    "attention_mask": np.ones((2, 3), dtype=np.int64),
    "token_type_ids": np.zeros((2, 3), dtype=np.int64),
}


def test_onnx_gets_only_the_inputs_of_its_graph(family: Family) -> None:
    forward = OnnxForward(family.made("onnx").out / "model.onnx", threads=1)
    assert forward.inputs == {"input_ids", "attention_mask", "token_type_ids"}
    logits = forward.classify(ENCODED | {"pixel_values": np.zeros((2, 3))})
    assert logits.shape == (2, 2)
    assert logits.dtype == np.float32


def test_onnx_answers_alike_on_so_many_threads(family: Family) -> None:
    file = family.made("onnx").out / "model.onnx"
    one, two = OnnxForward(file, threads=1), OnnxForward(file, threads=2)
    np.testing.assert_allclose(one.classify(ENCODED), two.classify(ENCODED), atol=1e-6)
    options = two.session.get_session_options()
    assert (options.intra_op_num_threads, options.inter_op_num_threads) == (2, 1)
    assert options.get_session_config_entry("session.intra_op.allow_spinning") == "0"


def test_onnx_runtime_leaves_its_slower_fusion_out(
    family: Family, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What runs is what ONNX Runtime made of the graph, which it can be told to write."""
    import onnx
    import onnxruntime

    opened, seen = onnxruntime.InferenceSession, tmp_path / "optimised.onnx"

    def watched(file: Path, options: Any, **given: Any) -> Any:
        options.optimized_model_filepath = str(seen)
        return opened(file, options, **given)

    def operators() -> set[str]:
        return {node.op_type for node in onnx.load(seen).graph.node}

    file = family.made("onnx").out / "model.onnx"
    watched(file, onnxruntime.SessionOptions(), providers=["CPUExecutionProvider"])
    assert "SkipLayerNormalization" in operators()
    monkeypatch.setattr(onnxruntime, "InferenceSession", watched)
    OnnxForward(file, threads=1)
    assert "SkipLayerNormalization" not in operators() and "LayerNormalization" in operators()
