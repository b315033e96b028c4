"""PyTorch with dynamic INT8 Linear layers: int8 tensors in safetensors, modules rebuilt on load."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from zoosmith.contract.manifest import Manifest
from zoosmith.contract.session import Session
from zoosmith.runtimes.torch import CAPABILITIES, EXTRA, REQUIRES, architecture, weights
from zoosmith.toolkit.quantization import dynamic_int8
from zoosmith.toolkit.torch import sessions

__all__ = ["CAPABILITIES", "EXTRA", "REQUIRES", "open", "weights"]
LIBRARY = "zoosmith"


def open(
    path: Path, manifest: Manifest, *, threads: int, device: str = "cpu", needs: Mapping[str, Path] | None = None
) -> Session:
    """Build the architecture from config.json, then put the stored layers in. The kernels exist on CPU only."""
    import torch
    from safetensors.torch import load_file

    torch.set_num_threads(threads)
    config, model = architecture(path)
    return sessions.session(dynamic_int8.unpack(model(config), load_file(path / "model.safetensors")), path, device)
