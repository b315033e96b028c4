"""GPTQ checkpoints, and those of auto-round's own layout, on a CPU by the package auto-round.

Weights alone are integers. They are expanded to FP16 (or BF16, where the checkpoint is that) for each product.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping
from pathlib import Path

from zoosmith.common import gate
from zoosmith.common.names import nearest
from zoosmith.contract.errors import ZooError
from zoosmith.contract.manifest import Manifest
from zoosmith.contract.session import Session
from zoosmith.runtimes import torch as checkpoints
from zoosmith.toolkit.causal import parents
from zoosmith.toolkit.torch import devices, sessions

REQUIRES = (*checkpoints.REQUIRES, "accelerate", "auto-round")
EXTRA = "autoround"
LIBRARY = "transformers"
CAPABILITIES = ("loglikelihood", "loglikelihood_rolling", "next_logprobs", "last_logprobs", "generate")
METHODS = ("auto-round", "gptq")


def open(
    path: Path, manifest: Manifest, *, threads: int, device: str = "cpu", needs: Mapping[str, Path] | None = None
) -> Session:
    """Open the checkpoint in `path` with `threads` threads; config.json says how it is packed. Raises ZooError."""
    import torch
    import transformers

    devices.require(device)
    torch.set_num_threads(threads)
    gate.require(path, str(path), adapters=False)
    _check(path)
    _, model = checkpoints.architecture(path)
    with warnings.catch_warnings(action="ignore", category=UserWarning):  # that it follows config.json all the same
        opened = model.from_pretrained(
            path, local_files_only=True, trust_remote_code=False, use_safetensors=True, dtype="auto",
            device_map={"": device}, quantization_config=transformers.AutoRoundConfig(backend="torch"),
        )  # fmt: skip
    return sessions.session(opened, path, device)


def _check(path: Path) -> None:
    """Raise ZooError unless config.json is of a causal language model that is packed in a way known here."""
    config = json.loads((path / "config.json").read_text(encoding="utf-8"))
    parents.refuse_others(str((config.get("architectures") or ["none"])[0]), str(path))
    told = config.get("quantization_config") or {}
    method = str(told.get("quant_method", "none"))
    if method not in METHODS:
        known = nearest(method, METHODS)
        raise ZooError(f"config.json: quantization_config.quant_method: {method!r} is not opened here{known}")
    if told.get("desc_act"):
        raise ZooError("config.json: quantization_config.desc_act: columns in another order are not opened here")
