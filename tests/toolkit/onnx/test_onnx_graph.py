"""Cleaning and counting of ONNX graphs, those inside nodes and functions too."""

from __future__ import annotations

from typing import Any

from zoosmith.toolkit.onnx import onnx_graph

SECRET = "/home/builder/project/model.py"


def noted(part: Any) -> Any:
    """The part with a note and a stack trace on it."""
    part.doc_string = SECRET
    part.metadata_props.add(key="pkg.torch.onnx.stack_trace", value=SECRET)
    return part


def model() -> Any:
    """An If over two Relu branches, an initializer, a function: each with notes."""
    from onnx import TensorProto, helper

    def value(name: str) -> Any:
        return noted(helper.make_tensor_value_info(name, TensorProto.FLOAT, [2]))

    def branch(name: str) -> Any:
        return noted(helper.make_graph([noted(helper.make_node("Relu", ["x"], [name]))], name, [], [value(name)]))

    choose = helper.make_node("If", ["flag"], ["y"], then_branch=branch("a"), else_branch=branch("b"))
    nodes = [noted(choose), noted(helper.make_node("Add", ["y", "w"], ["z"]))]
    flag = helper.make_tensor_value_info("flag", TensorProto.BOOL, [])
    weight = helper.make_tensor("w", TensorProto.FLOAT, [2], [1.0, 2.0])
    graph = noted(helper.make_graph(nodes, "g", [value("x"), flag], [value("z")], [noted(weight)]))
    graph.value_info.append(value("y"))
    opset = helper.make_opsetid("", 20)
    function = helper.make_function(
        "own", "Twice", ["x"], ["y"], [noted(helper.make_node("Neg", ["x"], ["y"]))], [opset]
    )
    return noted(helper.make_model(graph, opset_imports=[opset], functions=[noted(function)], ir_version=10))


def test_nothing_of_the_building_machine_is_left_anywhere() -> None:
    from onnx import checker

    graph = model()
    assert graph.SerializeToString().count(SECRET.encode()) > 20
    onnx_graph.strip_metadata(graph)
    assert SECRET.encode() not in graph.SerializeToString()
    checker.check_model(graph)


def test_stripping_changes_no_answer() -> None:
    import numpy as np
    import onnxruntime

    plain, stripped = model(), model()
    onnx_graph.strip_metadata(stripped)
    given = {"x": np.array([-1.0, 3.0], dtype=np.float32), "flag": np.array(True)}
    answers = [
        onnxruntime.InferenceSession(one.SerializeToString(), providers=["CPUExecutionProvider"]).run(None, given)[0]
        for one in (plain, stripped)
    ]
    assert answers[0].tolist() == answers[1].tolist() == [1.0, 5.0]


def test_operators_are_counted_and_sorted() -> None:
    assert list(onnx_graph.operators(model()).items()) == [("Add", 1), ("If", 1)]


def test_int8_products_are_counted() -> None:
    from onnx import helper

    nodes = [helper.make_node(name, [], []) for name in ("MatMulInteger", "MatMul", "MatMulInteger", "QGemm")]
    graph = helper.make_model(helper.make_graph(nodes, "g", [], []))
    assert onnx_graph.quantized_nodes(graph) == 3
