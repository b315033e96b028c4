"""External data of ONNX files, found wherever the format allows a tensor, as the package onnx finds it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import onnx
import pytest
from google.protobuf.message import DecodeError
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper

from zoosmith.common import external, gate


def tensor(location: str | None) -> Any:
    made = TensorProto(name="t", data_type=TensorProto.FLOAT, dims=[1], raw_data=b"" if location else b"\0\0\0\0")
    if location is not None:
        made.data_location = TensorProto.EXTERNAL
        made.external_data.add(key="offset", value="0")
        made.external_data.add(key="location", value=location)
    return made


def sparse(location: str) -> Any:
    return onnx.SparseTensorProto(values=tensor(location), dims=[1])


def model(
    *, initializer: Any = None, attribute: Any = None, sparse_initializer: Any = None, function: Any = None
) -> Any:
    graph = helper.make_graph([], "g", [], [], initializer=[initializer] if initializer else [])
    if attribute is not None:
        graph.node.append(onnx.NodeProto(op_type="Constant", attribute=[attribute]))
    if sparse_initializer is not None:
        graph.sparse_initializer.append(sparse_initializer)
    made = helper.make_model(graph)
    if function is not None:
        made.functions.append(onnx.FunctionProto(name="f", node=[onnx.NodeProto(op_type="C", attribute=[function])]))
    return made


def attribute(**fields: Any) -> Any:
    return onnx.AttributeProto(name="value", **fields)


def inner(location: str) -> Any:
    return helper.make_graph([], "inner", [], [], initializer=[tensor(location)])


PLACES = {
    "initializer": lambda at: model(initializer=tensor(at)),
    "attribute": lambda at: model(attribute=attribute(t=tensor(at))),
    "attributes": lambda at: model(attribute=attribute(tensors=[tensor(None), tensor(at)])),
    "sparse attribute": lambda at: model(attribute=attribute(sparse_tensor=sparse(at))),
    "sparse attributes": lambda at: model(attribute=attribute(sparse_tensors=[sparse(at)])),
    "graph in a node": lambda at: model(attribute=attribute(g=inner(at))),
    "graphs in a node": lambda at: model(attribute=attribute(graphs=[inner(at)])),
    "sparse initializer": lambda at: model(sparse_initializer=sparse(at)),
    "function": lambda at: model(function=attribute(t=tensor(at))),
    "training": lambda at: onnx.ModelProto(training_info=[onnx.TrainingInfoProto(algorithm=inner(at))]),
}


@pytest.mark.parametrize("place", PLACES)
def test_every_place_of_a_tensor_is_seen(tmp_path: Path, place: str) -> None:
    (tmp_path / "model.onnx").write_bytes(PLACES[place]("../../etc/passwd").SerializeToString())
    assert external.locations(tmp_path / "model.onnx") == {"../../etc/passwd"}
    assert "model.onnx: external data: the path '../../etc/passwd' is refused" in gate.faults(tmp_path)[0]


def test_no_field_that_may_hold_a_tensor_is_left_out() -> None:
    """Walks the descriptors of the package onnx: every path from a model to a TensorProto is in the table."""
    names = {"ModelProto": "model", "TrainingInfoProto": "training", "FunctionProto": "function", "GraphProto": "graph"}
    names |= {
        "NodeProto": "node",
        "AttributeProto": "attribute",
        "SparseTensorProto": "sparse",
        "TensorProto": "tensor",
    }
    for proto, name in names.items():
        inner = {f.number: f.message_type.name for f in getattr(onnx, proto).DESCRIPTOR.fields if f.message_type}
        expected = {number: names[message] for number, message in inner.items() if message in names}
        found = {number: message for number, message in external.FIELDS[name].items() if message != external.ENTRY}
        assert found == expected, proto


@given(locations=st.lists(st.sampled_from([None, "w.bin", "other.data", ""]), max_size=5), raw=st.binary(max_size=20))
def test_it_finds_what_onnx_finds(
    locations: list[str | None], raw: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    from onnx.external_data_helper import uses_external_data

    made = model()
    made.graph.initializer.extend(tensor(location) for location in locations)
    made.graph.initializer.append(TensorProto(name="r", data_type=TensorProto.INT8, dims=[len(raw)], raw_data=raw))
    made.doc_string = "location"
    file = tmp_path_factory.mktemp("onnx") / "model.onnx"
    file.write_bytes(made.SerializeToString())
    theirs = {
        e.value for t in made.graph.initializer if uses_external_data(t) for e in t.external_data if e.key == "location"
    }
    assert external.locations(file) == theirs


def test_data_beside_the_graph_passes(tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(PLACES["initializer"]("model.onnx.data").SerializeToString())
    assert "'model.onnx.data' is not there" in gate.faults(tmp_path)[0]
    (tmp_path / "model.onnx.data").write_bytes(b"\0" * 4)
    assert gate.faults(tmp_path) == []


@given(data=st.binary(min_size=1, max_size=200))
def test_whatever_onnx_reads_holds_no_location_that_is_not_seen(
    data: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Also behind a group, which protobuf skips, and in front of damage."""
    file = tmp_path_factory.mktemp("bytes") / "model.onnx"
    group = b"\xbb\x06\x08\x01\xbc\x06"  # of the unknown field 103
    file.write_bytes(group + PLACES["initializer"]("../x").SerializeToString() + data)
    try:
        read = onnx.load(file, load_external_data=False).graph.initializer
    except DecodeError:
        return  # no library opens it
    assert {e.value for t in read for e in t.external_data if e.key == "location"} <= external.locations(file)


def test_a_group_hides_nothing_and_damage_is_left_to_the_library(tmp_path: Path) -> None:
    file = tmp_path / "model.onnx"
    whole = PLACES["initializer"]("../x").SerializeToString()
    file.write_bytes(b"\xbb\x06\x08\x01\xbc\x06" + whole)
    assert onnx.load(file, load_external_data=False).graph.initializer[0].external_data
    assert external.locations(file) == {"../x"}
    for damaged in (b"", b"\xff" * 30, b"\x07", whole[:3]):
        file.write_bytes(damaged)
        assert gate.faults(tmp_path) == []
