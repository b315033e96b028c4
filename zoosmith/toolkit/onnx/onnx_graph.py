"""ONNX graphs: what exports and quantisation leave behind, cleaned and counted."""

from __future__ import annotations

from collections import Counter
from typing import Any

QUANTIZED_OPERATORS = ("MatMulInteger", "DynamicQuantizeMatMul", "QAttention", "QLinearMatMul", "QGemm")


def strip_metadata(model: Any) -> None:
    """Remove stack traces, paths and notes from an `onnx.ModelProto` and from all its graphs and functions."""
    model.doc_string = ""
    del model.metadata_props[:]
    for owner in (model.graph, *model.functions):
        _strip(owner)


def _strip(owner: Any) -> None:
    for part in (owner, *owner.node, *getattr(owner, "initializer", ()), *_values(owner)):
        part.doc_string = ""
        if hasattr(part, "metadata_props"):
            del part.metadata_props[:]
    for node in owner.node:
        for attribute in node.attribute:
            for graph in (attribute.g, *attribute.graphs):
                if graph.node:
                    _strip(graph)


def _values(owner: Any) -> list[Any]:
    if not hasattr(owner, "initializer"):
        return []
    return [*owner.input, *owner.output, *owner.value_info]


def operators(model: Any) -> dict[str, int]:
    """How many nodes of each operator the main graph has, sorted by name."""
    return dict(sorted(Counter(node.op_type for node in model.graph.node).items()))


def quantized_nodes(model: Any) -> int:
    """Nodes that multiply in INT8."""
    return sum(count for name, count in operators(model).items() if name in QUANTIZED_OPERATORS)
