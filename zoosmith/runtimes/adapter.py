"""LoRA adapters that stay beside the base that they were trained on: `needs["from"]` is its folder.

quantization.json, where there is one, says how the base is quantised while it is read.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from zoosmith.contract.errors import ZooError
from zoosmith.contract.manifest import Manifest
from zoosmith.contract.session import Session
from zoosmith.runtimes import torch as checkpoints
from zoosmith.runtimes.torch import CAPABILITIES, DEVICES, device_memory_mb, synchronize
from zoosmith.toolkit.adapters import adapters
from zoosmith.toolkit.quantization import bnb
from zoosmith.toolkit.torch import checkpoint, devices, sessions

__all__ = ["CAPABILITIES", "DEVICES", "EXTRA", "LIBRARY", "REQUIRES", "device_memory_mb", "open", "synchronize"]
REQUIRES = (*checkpoints.REQUIRES, "peft", "accelerate", "bitsandbytes")
EXTRA = "bnb"
LIBRARY = "peft"


def open(
    path: Path, manifest: Manifest, *, threads: int, device: str = "cpu", needs: Mapping[str, Path] | None = None
) -> Session:
    """Open the base, quantised where the adapter was trained so, and put the adapter in. Raises ZooError."""
    import torch

    devices.require(device)
    torch.set_num_threads(threads)
    if not needs or "from" not in needs:
        raise ZooError(f"this adapter needs its base, the tree {manifest.needs.get('from', '')[:12]}...; pull it too")
    config, model = checkpoints.architecture(path)
    base, info = model.from_pretrained(
        needs["from"], config=config, local_files_only=True, trust_remote_code=False, use_safetensors=True,
        dtype=torch.float32, ignore_mismatched_sizes=True, output_loading_info=True, **_quantisation(path, device),
    )  # fmt: skip
    return sessions.session(bnb.keep_packing(adapters.load(base, path, checkpoint.drawn(info))), path, device)


def _quantisation(path: Path, device: str) -> dict[str, Any]:
    file = path / bnb.QUANTISATION
    return bnb.configured(json.loads(file.read_text(encoding="utf-8")), device) if file.is_file() else {}
