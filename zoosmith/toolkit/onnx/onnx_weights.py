"""ONNX graphs: stored weights and multiply-adds."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from zoosmith.contract.session import Encoded

    Array = NDArray[np.generic]
    Shapes = dict[str, tuple[int, ...]]

# ONNX Runtime's quantiser names what belongs to NAME so: NAME_quantized, NAME_scale, NAME_zero_point.
QUANTIZED, SCALE, ZERO = "_quantized", "_scale", "_zero_point"
PRODUCTS = ("MatMul", "MatMulInteger", "DynamicQuantizeMatMul", "MatMulIntegerToFloat", "FusedMatMul")
AFFINE = ("Gemm", "FusedGemm")
CONVOLUTIONS = ("Conv", "ConvInteger", "FusedConv")
# These multiply too; a graph that has one is not counted rather than counted short.
UNCOUNTED = frozenset((
    "Attention", "QAttention", "MultiHeadAttention", "GroupQueryAttention", "DecoderMaskedMultiHeadAttention",
    "PackedAttention", "PackedMultiHeadAttention", "SparseAttention", "Einsum", "LSTM", "GRU", "RNN",
    "DynamicQuantizeLSTM", "ConvTranspose", "DeformConv", "QLinearConv", "QLinearMatMul", "QGemm", "QOrderedMatMul",
    "MatMulNBits", "MatMulBnb4", "MoE", "QMoE", "If", "Loop", "Scan",
))  # fmt: skip
# https://onnxruntime.ai/docs/api/c: onnxruntime_session_options_config_keys.h
WEIGHTS_FOLDER = "session.model_external_initializers_file_folder_path"
MULTIPLY = (*PRODUCTS, *AFFINE, *CONVOLUTIONS)


def parameters(model: Any, folder: Path | None = None) -> tuple[int, int]:
    """Weights of an `onnx.ModelProto` and those that are not zero; an integer at its zero point is a zero.

    Weights may lie in files of `folder`, and are read a tensor at a time. Scalars and integers that are no quantised
    weights are constants of the graph; scales and zero points say how weights are stored. None of them count.
    """
    stored = {one.name: one for one in model.graph.initializer}
    total = nonzero = 0
    for name, tensor in _weights(stored):
        array = _array(tensor, folder)
        zero = stored.get(name.removesuffix(QUANTIZED) + ZERO) if name.endswith(QUANTIZED) else None
        total += array.size
        nonzero += int((array != (0 if zero is None else _along(_array(zero, folder), array))).sum())
    return total, nonzero


def _weights(stored: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    from onnx.helper import tensor_dtype_to_np_dtype

    for name, tensor in stored.items():
        of_another = name.endswith((SCALE, ZERO)) and name.removesuffix(SCALE).removesuffix(ZERO) + QUANTIZED in stored
        floating = tensor_dtype_to_np_dtype(tensor.data_type).kind == "f"
        if prod(tensor.dims) > 1 and not of_another and (floating or name.endswith(QUANTIZED)):
            yield name, tensor


def _array(tensor: Any, folder: Path | None) -> Array:
    from onnx import numpy_helper

    array: Array = numpy_helper.to_array(tensor, str(folder or ""))
    return array


def _along(zero: Array, array: Array) -> Array:
    """Zero points shaped to their axis of a weight: the last one of that length, as matrix products have it."""
    if zero.size == 1:
        return zero.reshape(())
    axis = max(i for i, length in enumerate(array.shape) if length == zero.size)
    return zero.reshape([-1 if i == axis else 1 for i in range(array.ndim)])


def multiply_adds(model: Any, encoded: Encoded, folder: Path | None = None) -> int | None:
    """Multiply-adds of matrix products and convolutions in one call with `encoded`, by the shapes they then have.

    Weights may lie in files of `folder`. None for a graph with operators that are not counted here.
    """
    nodes = [node for node in model.graph.node if node.op_type in MULTIPLY]
    if model.functions or any(node.op_type in UNCOUNTED for node in model.graph.node):
        return None
    shapes = _shapes(model, {name for node in nodes for name in (*node.input[:2], node.output[0])}, encoded, folder)
    return sum(_multiplied(node, shapes) * prod(shapes[node.output[0]]) for node in nodes)


def _multiplied(node: Any, shapes: Shapes) -> int:
    """How many products are added up for one element of the output."""
    first, second = shapes[node.input[0]], shapes[node.input[1]]
    if node.op_type in CONVOLUTIONS:
        return prod(second[1:])  # input channels of a group, times the kernel
    flags = {attribute.name: attribute.i for attribute in node.attribute}
    return first[-2 if flags.get("transA") else -1]


def _shapes(model: Any, names: set[str], encoded: Encoded, folder: Path | None) -> Shapes:
    """Shapes of named values in one run of the graph as it is stored, without fusions."""
    import onnx
    import onnxruntime

    stored = {one.name: tuple(one.dims) for one in model.graph.initializer}
    made = sorted(names - stored.keys())
    watched = onnx.ModelProto()
    watched.CopyFrom(model)
    del watched.graph.output[:]
    watched.graph.output.extend(onnx.ValueInfoProto(name=name) for name in made)
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 3
    if folder is not None:  # a session that is not opened from a file looks for weights in the current folder
        options.add_session_config_entry(WEIGHTS_FOLDER, str(folder))
    session = onnxruntime.InferenceSession(watched.SerializeToString(), options, providers=["CPUExecutionProvider"])
    feed = {value.name: encoded[value.name] for value in session.get_inputs()}
    return stored | {name: found.shape for name, found in zip(made, session.run(made, feed), strict=True)}
