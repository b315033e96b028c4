"""transformers checkpoints with INT8 or NF4 weights by bitsandbytes, on CPU and GPU."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from zoosmith.common import gate
from zoosmith.contract.manifest import Manifest
from zoosmith.contract.session import Session
from zoosmith.runtimes import torch as checkpoints
from zoosmith.runtimes.torch import DEVICES, device_memory_mb, synchronize
from zoosmith.toolkit.quantization import bnb
from zoosmith.toolkit.torch import devices, sessions

__all__ = ["CAPABILITIES", "DEVICES", "EXTRA", "LIBRARY", "REQUIRES", "device_memory_mb", "open", "synchronize"]
REQUIRES = (*checkpoints.REQUIRES, "accelerate", "bitsandbytes")
EXTRA = "bnb"
LIBRARY = "transformers"
CAPABILITIES = ("classify", "loglikelihood", "loglikelihood_rolling", "next_logprobs", "last_logprobs", "generate")


def open(
    path: Path, manifest: Manifest, *, threads: int, device: str = "cpu", needs: Mapping[str, Path] | None = None
) -> Session:
    """Open the checkpoint in `path` on `device` with `threads` threads; config.json says how it was quantised."""
    import torch

    devices.require(device)
    bnb.quiet()
    torch.set_num_threads(threads)
    gate.require(path, str(path), adapters=False)
    _, model = checkpoints.architecture(path)
    opened = model.from_pretrained(
        path,
        local_files_only=True,
        trust_remote_code=False,
        use_safetensors=True,
        dtype="auto",
        device_map={"": device},
    )
    return sessions.session(bnb.keep_packing(opened), path, device)
