"""ONNX Runtime on CPU. Needs neither torch nor transformers."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from zoosmith.contract.manifest import Manifest
from zoosmith.contract.session import Encoded
from zoosmith.toolkit.onnx.onnx_forward import OnnxForward
from zoosmith.toolkit.onnx.onnx_weights import multiply_adds, parameters

REQUIRES = ("onnxruntime", "tokenizers", "numpy")
EXTRA = "onnx"
LIBRARY = "onnx"
CAPABILITIES = ("classify",)
MODEL_FILE = "model.onnx"


def open(
    path: Path, manifest: Manifest, *, threads: int, device: str = "cpu", needs: Mapping[str, Path] | None = None
) -> OnnxForward:
    """Open `model.onnx` in `path` with `threads` threads."""
    return OnnxForward(path / MODEL_FILE, threads)


def weights(path: Path, session: OnnxForward, encoded: Encoded) -> dict[str, int | None]:
    """Parameters, those that are not zero, and the multiply-adds of one call. Needs the package `onnx`."""
    import onnx

    model = onnx.load(path / MODEL_FILE, load_external_data=False)
    total, nonzero = parameters(model, path)
    return {"parameters": total, "nonzero": nonzero, "multiply_adds": multiply_adds(model, encoded, path)}
