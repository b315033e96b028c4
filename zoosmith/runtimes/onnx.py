"""ONNX Runtime on CPU. Needs neither torch nor transformers."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from zoosmith.contract import Manifest
from zoosmith.lib.forward import OnnxForward

REQUIRES = ("onnxruntime", "tokenizers", "numpy")
EXTRA = "onnx"
LIBRARY = "onnx"
CAPABILITIES = ("logits",)
MODEL_FILE = "model.onnx"


def open(
    path: Path, manifest: Manifest, *, threads: int, device: str = "cpu", needs: Mapping[str, Path] | None = None
) -> OnnxForward:
    """Open `model.onnx` in `path` with `threads` threads."""
    return OnnxForward(str(path / MODEL_FILE), threads)
