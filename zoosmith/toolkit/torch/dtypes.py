"""Number types of weights: which a checkpoint has, and how a model gets another."""

from __future__ import annotations

import json
from collections import Counter
from math import prod
from pathlib import Path
from typing import Any

TORCH = {"fp32": "float32", "fp16": "float16", "bf16": "bfloat16"}
STORED = {"F32": "fp32", "F16": "fp16", "BF16": "bf16"}


def stored(path: Path) -> str:
    """The type of most weights of a checkpoint: "fp32", "fp16", "bf16", or what safetensors calls it.

    Source: safetensors, Format: a header of JSON after its length in eight bytes.
    """
    sizes: Counter[str] = Counter()
    for file in sorted(path.glob("*.safetensors")):
        with file.open("rb") as opened:
            header = json.loads(opened.read(int.from_bytes(opened.read(8), "little")))
        for name, about in header.items():
            if name != "__metadata__":
                sizes[about["dtype"]] += prod(about["shape"])
    most = max(sizes, key=lambda kind: sizes[kind], default="F32")
    return STORED.get(most, most)


def cast(model: Any, kind: str) -> Any:
    """Round the weights of `model` to a type of `TORCH`, in place and one after the other; `model` again.

    Buffers stay: `Module.to` would round rotary frequencies too, which a checkpoint of that type is not read with.
    """
    import torch

    dtype = getattr(torch, TORCH[kind])
    for parameter in model.parameters():
        parameter.data = parameter.data.to(dtype)
    model.config.dtype = dtype
    return model
