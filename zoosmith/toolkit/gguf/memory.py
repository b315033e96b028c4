"""Peak memory of llama.cpp's converter and quantiser, predicted from shapes before anything is loaded.

Measured on Qwen2-0.5B (964 MiB) and on Llama 3.2's embedding (1,763 MiB): the converter holds its largest tensor in
several types at once. The quantiser maps its source and holds the rows that it works on (`quantize.BUFFER`).
"""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from math import prod
from pathlib import Path

from zoosmith.contract.errors import BuildError
from zoosmith.toolkit.gguf.header import Tensor
from zoosmith.toolkit.gguf.quantize import BUFFER

MIB = 2**20
CONVERTER_BASE_MB, CONVERTER_BYTES_PER_WEIGHT = 400, 6.5
QUANTISER_BASE_MB = 150


def largest_tensor(checkpoint: Path) -> tuple[str, int]:
    """Name and number of weights of the largest tensor of a checkpoint; only headers of safetensors are read.

    Raises BuildError where there are no safetensors, or a header is cut off.
    """
    sizes = {
        name: prod(shape) for file in sorted(checkpoint.glob("*.safetensors")) for name, shape in shapes(file).items()
    }
    if not sizes:
        raise BuildError("the checkpoint has no weights in safetensors")
    name = max(sizes, key=lambda one: (sizes[one], one))
    return name, sizes[name]


def shapes(file: Path) -> dict[str, list[int]]:
    """Shape by tensor name, out of a safetensors header. Raises BuildError where it is cut off."""
    try:
        with file.open("rb") as stream:
            length = struct.unpack("<Q", stream.read(8))[0]
            if length > file.stat().st_size:
                raise ValueError("the header is longer than the file")
            stated = json.loads(stream.read(length))
    except (struct.error, ValueError) as error:
        raise BuildError(f"{file.name} is no whole safetensors file: {error}; fetch it again") from error
    return {name: tensor["shape"] for name, tensor in stated.items() if name != "__metadata__"}


def converter_mb(checkpoint: Path) -> int:
    """Peak resident memory of the converter in MiB."""
    _, weights = largest_tensor(checkpoint)
    return CONVERTER_BASE_MB + round(CONVERTER_BYTES_PER_WEIGHT * weights / MIB)


def quantiser_mb(tensors: Sequence[Tensor], imatrix: bool = False) -> int:
    """Peak private memory of the quantiser in MiB: its buffer, or a row where rows are longer, and importances.

    Pages of the source that are mapped come on top where nothing else wants the memory.
    """
    longest = max((tensor.shape[0] for tensor in tensors), default=0)
    columns = sum(tensor.shape[0] for tensor in tensors) if imatrix else 0
    return QUANTISER_BASE_MB + (max(BUFFER, 10 * longest) + 8 * columns) // MIB
