"""Whether the weights of a checkpoint fit into half precision."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from zoosmith.contract.errors import BuildError

F16_MAX = 65504.0
"""The largest finite number of IEEE half precision."""


def refuse_overflow(checkpoint: Path) -> float:
    """The largest |w| of the checkpoint's matrices, which F16 has to hold; vectors stay F32 in a GGUF.

    Raises BuildError where F16 cannot hold it, or a weight is not finite.
    """
    largest = 0.0
    for name, tensor in _matrices(checkpoint):
        top = float(tensor.abs().max())
        if not top < F16_MAX:  # a NaN is not smaller either
            raise BuildError(
                f"{name} holds |w| = {top:g}, which F16 cannot ({F16_MAX:g} is its largest number): set `type: bf16` "
                "or f32"
            )
        largest = max(largest, top)
    return largest


def _matrices(checkpoint: Path) -> Iterator[tuple[str, Any]]:
    """One floating-point tensor at a time."""
    from safetensors import safe_open

    for file in sorted(checkpoint.glob("*.safetensors")):
        with safe_open(file, "pt") as stored:
            for name in stored.keys():  # noqa: SIM118 - no mapping
                tensor = stored.get_tensor(name)
                if tensor.dim() > 1 and tensor.is_floating_point() and tensor.numel():
                    yield name, tensor
