"""PyTorch checkpoints as transformers saves them: config.json and model.safetensors."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from zoosmith.common import gate
from zoosmith.common.names import nearest
from zoosmith.contract.errors import BuildError
from zoosmith.contract.manifest import Manifest
from zoosmith.contract.session import Encoded, Session
from zoosmith.toolkit.pruning import structure
from zoosmith.toolkit.torch import devices, sessions, soundness
from zoosmith.toolkit.torch.torch_weights import multiply_adds, parameters

REQUIRES = ("torch", "transformers", "safetensors", "tokenizers", "numpy")
EXTRA = "torch"
LIBRARY = "transformers"
CAPABILITIES = ("classify", "loglikelihood", "loglikelihood_rolling", "next_logprobs", "last_logprobs", "generate")
DEVICES = ("cpu", "cuda")


def architecture(path: Path) -> tuple[Any, Any]:
    """The transformers config in `path` and the class that its `architectures` names, in its recorded sizes."""
    import transformers

    config = transformers.AutoConfig.from_pretrained(path, local_files_only=True, trust_remote_code=False)
    name = (config.architectures or [""])[0]
    found = getattr(transformers, name, None) if name in _classes() else None
    if found is None:
        raise BuildError(
            f"config.json: architectures: {name!r} is none of the model classes of transformers "
            f"{transformers.__version__}{nearest(name, _classes())}"
        )
    return config, structure.model_class(found, path)


def _classes() -> frozenset[str]:
    """Names of the classes that transformers' own Auto classes choose from: any other attribute is no model."""
    from transformers.models.auto import modeling_auto

    tables = (table for name, table in vars(modeling_auto).items() if re.fullmatch("MODEL_.*MAPPING_NAMES", name))
    each = (value for table in tables for value in table.values())
    return frozenset(name for value in each for name in ([value] if isinstance(value, str) else value))


def open(
    path: Path, manifest: Manifest, *, threads: int, device: str = "cpu", needs: Mapping[str, Path] | None = None
) -> Session:
    """Open the checkpoint in `path`, from its files alone, on `device` with `threads` threads."""
    import torch

    devices.require(device)
    torch.set_num_threads(threads)
    gate.require(path, str(path), adapters=False)
    _, model = architecture(path)
    loaded, info = model.from_pretrained(
        path, local_files_only=True, trust_remote_code=False, use_safetensors=True, dtype="auto",
        ignore_mismatched_sizes=True, output_loading_info=True,
    )  # fmt: skip
    soundness.check_whole(loaded, info, path)
    return sessions.session(loaded, path, device)


def weights(path: Path, session: Any, encoded: Encoded | None) -> dict[str, int | None]:
    """Parameters, those that are not zero, and the multiply-adds of one call; None of these without an input."""
    total, nonzero = parameters(session.model)
    counted = None if encoded is None else multiply_adds(session, encoded)
    return {"parameters": total, "nonzero": nonzero, "multiply_adds": counted}


def synchronize(device: str) -> None:
    """Wait until the GPU has done what it was given."""
    import torch

    torch.cuda.synchronize(device)


def device_memory_mb(device: str) -> dict[str, int]:
    """MiB that torch holds on the GPU now, and held at most since this was asked before."""
    import torch

    now, peak = torch.cuda.memory_allocated(device), torch.cuda.max_memory_allocated(device)
    torch.cuda.reset_peak_memory_stats(device)
    return {"now": now // 2**20, "peak": peak // 2**20}
