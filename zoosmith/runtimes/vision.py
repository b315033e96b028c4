"""Models of transformers that see: checkpoints in full or half precision, and bitsandbytes' INT8 and NF4."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from zoosmith.contract.manifest import Manifest
from zoosmith.runtimes.torch import DEVICES, device_memory_mb, synchronize
from zoosmith.toolkit.torch import devices
from zoosmith.toolkit.vision import model
from zoosmith.toolkit.vision.session import TorchVision

__all__ = ["CAPABILITIES", "DEVICES", "EXTRA", "LIBRARY", "REQUIRES", "device_memory_mb", "open", "synchronize"]
REQUIRES = (*model.REQUIRES, "numpy")
EXTRA = "vision"
LIBRARY = "transformers"
CAPABILITIES = ("generate_from_images",)


def open(
    path: Path, manifest: Manifest, *, threads: int, device: str = "cpu", needs: Mapping[str, Path] | None = None
) -> TorchVision:
    """Open the checkpoint in `path`, from its files alone; config.json says how it was quantised."""
    import torch

    devices.require(device)
    torch.set_num_threads(threads)
    return TorchVision(model.load(path, str(path), dtype="auto", **model.placed(path, device)), path, device)
