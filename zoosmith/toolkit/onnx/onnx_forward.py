"""A graph as a function from encoded input to logits: what builders of ONNX hand back and the runtime opens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from zoosmith.contract.session import Encoded

SLOWER_FUSED = ("SkipLayerNormFusion",)
"""Optimizers of ONNX Runtime that are left out: its kernel for CPUs that adds and normalises at once takes longer than
an addition and a LayerNormalization do, see benchmarks/onnx_graph.py."""


class OnnxForward:
    """An `onnxruntime.InferenceSession` over one graph with an output `logits`."""

    def __init__(self, file: Path, threads: int) -> None:
        """Open a file with `threads` threads that never spin while they wait."""
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self.session: Any = onnxruntime.InferenceSession(
            file, options, providers=["CPUExecutionProvider"], disabled_optimizers=SLOWER_FUSED
        )
        self.inputs = {value.name for value in self.session.get_inputs()}

    def classify(self, encoded: Encoded) -> NDArray[np.float32]:
        """Class logits of shape (batch, classes)."""
        feed = {name: value for name, value in encoded.items() if name in self.inputs}
        answer: NDArray[np.float32] = self.session.run(["logits"], feed)[0]
        return answer
