"""PyTorch checkpoints as transformers saves them: config.json and model.safetensors."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from zoosmith.contract import BuildError, Manifest
from zoosmith.lib import structure
from zoosmith.lib.forward import TorchForward

REQUIRES = ("torch", "transformers", "safetensors", "tokenizers", "numpy")
EXTRA = "torch"
LIBRARY = "transformers"
CAPABILITIES = ("logits",)


def architecture(path: Path) -> tuple[Any, Any]:
    """The transformers config in `path` and the class that its `architectures` names, in its recorded sizes."""
    import transformers

    config = transformers.AutoConfig.from_pretrained(path, local_files_only=True)
    name = (config.architectures or [""])[0]
    found = getattr(transformers, name, None)
    if found is None:
        raise BuildError(f"config.json names the architecture {name!r}, which transformers does not have")
    return config, structure.model_class(found, path)


def open(
    path: Path, manifest: Manifest, *, threads: int, device: str = "cpu", needs: Mapping[str, Path] | None = None
) -> TorchForward:
    """Open the checkpoint in `path`, from its files alone, on `device` with `threads` threads."""
    import torch

    torch.set_num_threads(threads)
    _, model = architecture(path)
    return TorchForward(model.from_pretrained(path, local_files_only=True, dtype="auto"), device)
