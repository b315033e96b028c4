"""Causal language models of transformers with techniques applied at run time, as techniques.json of the tree says.

The weights are a checkpoint, quantised by bitsandbytes or not, or one whose INT8 layers lie in a file of their own.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from zoosmith.common import gate
from zoosmith.contract.errors import ZooError
from zoosmith.contract.manifest import Manifest
from zoosmith.contract.session import Session
from zoosmith.runtimes import bnb as quantised
from zoosmith.runtimes import torch as checkpoints
from zoosmith.runtimes.bnb import DEVICES, EXTRA, REQUIRES, device_memory_mb, synchronize
from zoosmith.toolkit.causal import parents, techniques
from zoosmith.toolkit.quantization import activations, bnb, mixed
from zoosmith.toolkit.torch import devices, sessions

__all__ = [
    "CAPABILITIES", "DEVICES", "EXTRA", "LIBRARY", "REQUIRES", "device_memory_mb", "model", "open", "synchronize",
]  # fmt: skip
LIBRARY = "transformers"
CAPABILITIES = ("loglikelihood", "loglikelihood_rolling", "next_logprobs", "last_logprobs", "generate")


def open(
    path: Path, manifest: Manifest, *, threads: int, device: str = "cpu", needs: Mapping[str, Path] | None = None
) -> Session:
    """Open the checkpoint in `path` on `device` with `threads` threads, and apply what its techniques.json says.

    Raises ZooError for techniques that are not known here, and for trimmed prompts, whose format is another.
    """
    told = techniques.read(path)
    if told.trim is not None:
        raise ZooError(f"{techniques.FILE}: trim: its format is 'trimmed', but the manifest says {manifest.format!r}")
    return sessions.session(model(path, manifest, told, threads, device), path, device)


def model(path: Path, manifest: Manifest, told: techniques.Techniques, threads: int, device: str) -> Any:
    """The model in `path` with all that is applied within it."""
    gate.require(path, str(path), adapters=False)
    kind, _ = _kind(path)
    parents.refuse_others(kind, str(path))
    opened = _mixed(path, told.int8, threads, device) if told.int8 else _plain(path, manifest, threads, device)
    if told.activations is not None:
        activations.attach(opened, told.activations)
    return opened


def _kind(path: Path) -> tuple[str, bool]:
    """The class that config.json names, and whether bitsandbytes quantised its weights."""
    config = json.loads((path / "config.json").read_text(encoding="utf-8"))
    return str((config.get("architectures") or ["none"])[0]), "quantization_config" in config


def _plain(path: Path, manifest: Manifest, threads: int, device: str) -> Any:
    runtime = quantised if _kind(path)[1] else checkpoints
    session: Any = runtime.open(path, manifest, threads=threads, device=device)
    return session.model


def _mixed(path: Path, told: techniques.Int8Layers, threads: int, device: str) -> Any:
    """A checkpoint with NF4 layers, and INT8 layers out of their file."""
    import torch

    devices.require(device)
    bnb.quiet()
    torch.set_num_threads(threads)
    _, kind = checkpoints.architecture(path)
    opened = mixed.model_class(kind, told).from_pretrained(
        path, local_files_only=True, trust_remote_code=False, use_safetensors=True, dtype="auto",
        device_map={"": device},
    )  # fmt: skip
    mixed.fill(opened, path, told, device)
    return bnb.keep_packing(opened)
