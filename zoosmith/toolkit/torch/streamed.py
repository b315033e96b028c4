"""safetensors files written a tensor at a time: the bytes that the library writes of all tensors at once.

Source: safetensors, Format: the length of a header in eight bytes, the header as JSON, filled up with spaces to a
multiple of eight, then the tensors; the library sorts those of one type by name.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Mapping, Sequence
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

METADATA = {"format": "pt"}  # as transformers writes it, and asks for


def write(file: Path, shapes: Mapping[str, Sequence[int]], read: Callable[[str], NDArray[np.float32]]) -> None:
    """Write FP32 tensors of these shapes by name; `read` is asked for each once, when it is written.

    Raises ValueError where what it gives has another shape.
    """
    import numpy as np

    with file.open("wb") as out:
        out.write(_header(shapes))
        for name in sorted(shapes):
            tensor = read(name)
            if tensor.shape != tuple(shapes[name]):
                raise ValueError(f"{name} is {tensor.shape}, not {tuple(shapes[name])}")
            out.write(np.ascontiguousarray(tensor, dtype="<f4").data)


def _header(shapes: Mapping[str, Sequence[int]]) -> bytes:
    stated: dict[str, Any] = {"__metadata__": METADATA}
    end = 0
    for name in sorted(shapes):
        start, end = end, end + 4 * prod(shapes[name])
        stated[name] = {"dtype": "F32", "shape": list(shapes[name]), "data_offsets": [start, end]}
    text = json.dumps(stated, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text
