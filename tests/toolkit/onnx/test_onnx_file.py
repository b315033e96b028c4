"""ONNX files whose weights are moved out and in again: nothing is lost, and what libraries read is the same."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from zoosmith.common import gate
from zoosmith.contract.errors import BuildError
from zoosmith.contract.manifest import Manifest
from zoosmith.runtimes import onnx as runtime
from zoosmith.sources import pick
from zoosmith.toolkit.onnx import onnx_file
from zoosmith.toolkit.onnx.onnx_weights import parameters

EDGES = (0, 1, 30, 31, 32, 126, 127, 128, 4095, 4096, 524_288)  # where a length takes a byte more


def graph(*arrays: Any) -> Any:
    """x plus the sums of all arrays, one of them a constant inside a node."""
    constant = helper.make_node("Constant", [], ["c"], value=numpy_helper.from_array(np.full(2000, 0.5, np.float32)))
    nodes = [
        constant,
        helper.make_node("ReduceSum", ["c"], ["s"], keepdims=0),
        helper.make_node("Add", ["x", "s"], ["y0"]),
    ]
    for i in range(len(arrays)):
        nodes.append(helper.make_node("ReduceSum", [f"w{i}"], [f"s{i}"], keepdims=0))
        nodes.append(helper.make_node("Add", [f"y{i}", f"s{i}"], [f"y{i + 1}"]))
    stored = [numpy_helper.from_array(array, f"w{i}") for i, array in enumerate(arrays)]
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1]) for name in ("x", f"y{len(arrays)}")]
    made = helper.make_graph(nodes, "sums", ends[:1], ends[1:], stored)
    made.value_info.append(helper.make_tensor_value_info("s", TensorProto.FLOAT, [7]))  # wrong, as exports leave it
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", 20)], ir_version=10, doc_string="kept")


def answer(file: Path) -> float:
    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    return float(session.run(None, {"x": np.ones(1, np.float32)})[0][0])


@settings(deadline=None, max_examples=30)
@given(sizes=st.lists(st.sampled_from(EDGES) | st.integers(0, 5000), max_size=5))
def test_apart_and_joined_again_it_is_the_same_graph(sizes: list[int]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        arrays = [np.arange(size, dtype=np.float32) % 7 for size in sizes]
        given_ = graph(*arrays)
        onnx.save(given_, folder / "given.onnx")
        file = onnx_file.apart(folder / "given.onnx", folder)
        onnx_file.join(onnx.load(file, load_external_data=False), folder, folder / "joined.onnx")
        del given_.graph.value_info[:]
        assert onnx.load(folder / "joined.onnx") == given_
        assert answer(folder / "joined.onnx") == 1001 + sum(float(array.sum()) for array in arrays)


def test_weights_lie_beside_a_graph_that_is_apart(tmp_path: Path) -> None:
    onnx.save(graph(np.ones(10_000, np.float32)), tmp_path / "given.onnx")
    (tmp_path / "aside").mkdir()
    file = onnx_file.apart(tmp_path / "given.onnx", tmp_path / "aside")
    assert file.stat().st_size < 20_000 < 40_000 <= file.with_name("apart.onnx.data").stat().st_size
    assert answer(file) == 11_001
    assert onnx.load(file).graph.value_info == []


def test_what_a_killed_build_left_is_not_taken_for_weights(tmp_path: Path) -> None:
    onnx.save(graph(np.ones(1000, np.float32)), tmp_path / "given.onnx")
    (tmp_path / "apart.onnx.data").write_bytes(b"left" * 1000)
    assert onnx_file.apart(tmp_path / "given.onnx", tmp_path).with_name("apart.onnx.data").stat().st_size == 4000


def test_tensors_inside_nodes_are_taken_in_too(tmp_path: Path) -> None:
    """ONNX Runtime's quantisers put them beside the graph as well."""
    model, file = graph(np.ones(1000, np.float32)), tmp_path / "apart.onnx"
    onnx.save(model, file, save_as_external_data=True, location="apart.onnx.data", convert_attribute=True)
    (tmp_path / "out").mkdir()
    onnx_file.join(onnx.load(file, load_external_data=False), tmp_path, tmp_path / "out" / "model.onnx")
    assert answer(tmp_path / "out" / "model.onnx") == 2001


def test_weights_that_a_protobuf_message_cannot_hold_lie_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In pages of their own, small ones inside, and so with lists of numbers; moved apart again, nothing is read."""
    listed = helper.make_tensor("w3", TensorProto.FLOAT, [500], [2.0] * 500)
    given_ = graph(*(np.full(size, 3, np.float32) for size in (1000, 7, 5000, 500)))
    given_.graph.initializer[3].CopyFrom(listed)
    monkeypatch.setattr(onnx_file, "LARGEST", 20_000)
    written = onnx_file.join(given_, tmp_path, tmp_path / "model.onnx")
    assert [file.name for file in written] == ["model.onnx", "model.onnx_data"]
    stored = onnx.load(tmp_path / "model.onnx", load_external_data=False).graph.initializer
    places = [{entry.key: entry.value for entry in tensor.external_data} for tensor in stored]
    assert [(place.get("offset"), place.get("length")) for place in places] == [
        ("0", "4000"), (None, None), ("4096", "20000"), ("24576", "2000")
    ]  # fmt: skip
    assert written[1].stat().st_size == 24_576 + 2000
    assert answer(tmp_path / "model.onnx") == 1001 + 3 * 6007 + 1000
    (tmp_path / "aside").mkdir()
    file = onnx_file.apart(tmp_path / "model.onnx", tmp_path / "aside")
    assert answer(file) == 1001 + 3 * 6007 + 1000
    assert onnx.load(file).graph.value_info == []


def test_a_graph_beyond_2_gib_without_its_weights_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnx_file, "LARGEST", 2000)
    with pytest.raises(BuildError, match=r"without its weights, and an ONNX file ends at 2 GiB: keep the model in ano"):
        onnx_file.join(graph(np.ones(1000, np.float32)), tmp_path, tmp_path / "model.onnx")
    assert list(tmp_path.iterdir()) == []


def test_weights_beside_a_graph_are_opened_counted_and_taken_as_a_base(tmp_path: Path) -> None:
    made = graph(np.ones(10_000, np.float32))
    made.graph.node[-1].output[0] = made.graph.output[0].name = "logits"
    onnx_file.save_apart(made, tmp_path / "model.onnx")
    assert (tmp_path / "model.onnx").stat().st_size < 10_000 < sum(one.stat().st_size for one in tmp_path.iterdir())
    gate.require(tmp_path, "toy")
    assert set(pick.needed(tmp_path)) == {"model.onnx", "model.onnx.data"}
    encoded = {"x": np.ones(1, np.float32)}
    session = runtime.open(tmp_path, Manifest(format="onnx", precision="fp32"), threads=1)
    assert session.classify(encoded).tolist() == [11_001]
    assert parameters(onnx.load(tmp_path / "model.onnx"))[0] >= 10_000


@pytest.mark.parametrize("content", [b"no graph", b""])
def test_a_file_without_a_graph_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "model.onnx").write_bytes(content)
    with pytest.raises(BuildError, match=r"model\.onnx is no ONNX graph or not all of one.*build its artifact anew"):
        onnx_file.apart(tmp_path / "model.onnx", tmp_path)
