"""Static INT8 of ONNX graphs: ranges of activations are calibrated once, then any choice of products is quantised.

Source: ONNX Runtime, "Quantize ONNX models" (static quantisation, QDQ format; calibration by MinMax, percentile,
entropy). Activations become U8, weights S8.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, Field

from zoosmith.contract.errors import BuildError
from zoosmith.contract.session import Encoded
from zoosmith.toolkit.onnx import onnx_file

METHODS = {"minmax": "MinMax", "percentile": "Percentile", "entropy": "Entropy"}
PRODUCTS = ("MatMul", "Gemm")


class Quantisation(BaseModel):
    """method: how an activation's range is found in what was seen: all of it, a `percentile`, or least entropy lost.

    per_channel: one scale per output channel. embeddings: their tables become INT8 too, which shrinks the file.
    target: instruction set that the file is made for; without VNNI products of 8 bits saturate, so weights get 7.
    """

    method: Literal["minmax", "percentile", "entropy"] = "minmax"
    percentile: float = Field(default=99.99, gt=50, le=100)
    per_channel: bool = True
    embeddings: bool = True
    target: Literal["vnni", "avx2"] = "vnni"


def products(model: Any) -> list[str]:
    """Names of the matrix products with stored weights, in the graph's order. Raises BuildError for none."""
    stored = {tensor.name for tensor in model.graph.initializer}
    found = [node.name for node in model.graph.node if node.op_type in PRODUCTS and stored & {*node.input[:2]}]
    if not found:
        raise BuildError("the graph has no matrix product with weights to quantise; use a builder that fits it")
    return found


def tables(model: Any) -> list[str]:
    """Names of the nodes that look rows up in a stored table: embeddings."""
    stored = {tensor.name for tensor in model.graph.initializer}
    return [node.name for node in model.graph.node if node.op_type == "Gather" and node.input[0] in stored]


class Quantizer:
    """A graph with the ranges of its activations, to be quantised in this or that choice of nodes."""

    def __init__(self, file: Path, chosen: Quantisation) -> None:
        """The graph in `file`, which knows no shapes of its export; others are written beside it."""
        import onnx
        from onnxruntime.quantization import CalibrationMethod

        self.file, self.chosen = file, chosen
        self.ranges, self.out = (file.with_name(name) for name in ("ranges.json", "quantised.onnx"))
        self.method = CalibrationMethod[METHODS[chosen.method]]
        graph = onnx.load(file, load_external_data=False)
        self.products = products(graph)
        self.tables = tables(graph) if chosen.embeddings else []

    def calibrate(self, rows: Sequence[Encoded], progress: Callable[..., None]) -> None:
        """Find the range of each activation on `rows`, each of batch size 1."""
        from onnxruntime.quantization import create_calibrator
        from onnxruntime.quantization.calibrate import save_tensors_data

        calibrator = create_calibrator(
            self.file, PRODUCTS, str(onnx_file.fresh(self.file.with_name("augmented.onnx"))),
            self.method, use_external_data_format=True,
            extra_options={"percentile": self.chosen.percentile, "symmetric": False},
            providers=["CPUExecutionProvider"],
        )  # fmt: skip
        inputs = {value.name for value in calibrator.infer_session.get_inputs()}
        for done, row in enumerate(rows):  # one at a time: histograms take rows of one length only
            progress(done, len(rows), "calibrating")
            calibrator.collect_data(_Reader({name: value for name, value in row.items() if name in inputs}))
        save_tensors_data(calibrator.compute_data(), self.ranges)

    def quantised(self, nodes: Sequence[str]) -> Path:
        """A file with the graph in which these products, and the tables, are INT8; each call writes it anew."""
        from onnxruntime.quantization import QuantFormat, QuantType, quantize_static

        quantize_static(
            self.file, onnx_file.fresh(self.out), None, quant_format=QuantFormat.QDQ, weight_type=QuantType.QInt8,
            per_channel=self.chosen.per_channel, reduce_range=self.chosen.target == "avx2",
            activation_type=QuantType.QUInt8, nodes_to_quantize=[*nodes, *self.tables], calibrate_method=self.method,
            calibration_cache_path=self.ranges, use_external_data_format=True,
        )  # fmt: skip
        return self.out


class _Reader:
    """One row for a calibrator (`onnxruntime.quantization.CalibrationDataReader` asks for no more)."""

    def __init__(self, row: Encoded) -> None:
        self.rows = [row]

    def get_next(self) -> Encoded | None:
        return self.rows.pop() if self.rows else None
