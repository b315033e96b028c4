"""Whether stored weights are numbers, and numbers that half precision holds: NaN and infinity spread in silence.

Sizes of floating-point numbers are ordered as their bits without the sign are (IEEE 754, 5.10), so that the largest of
a tensor is found among integers, a piece at a time, without torch and whatever the type.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from zoosmith.contract.errors import BuildError
from zoosmith.toolkit.torch.soundness import BUFFERS
from zoosmith.toolkit.torch.stored import Stored, tensors

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

PIECE = 4 << 20
"""Elements that are looked at at once."""
LARGEST_HALF = 65504.0
ROUNDS_TO_INFINITY = 65520.0
"""Half precision's largest number, and the smallest that is rounded to infinity (IEEE 754 binary16)."""


class Layout(NamedTuple):
    """Unsigned integers of a type's width, and the bits of its infinity: of more, a number is NaN."""

    words: str
    infinity: int


LAYOUTS = {
    "F64": Layout("<u8", 0x7FF0000000000000), "F32": Layout("<u4", 0x7F800000), "F16": Layout("<u2", 0x7C00),
    "BF16": Layout("<u2", 0x7F80),
}  # fmt: skip


def check(folder: Path, name: str, *, half: bool = False) -> None:
    """Raise BuildError for the first stored weight that is no finite number; with `half`, or too large for FP16.

    name: of the checkpoint. Reads every weight once, and holds a few MB of them.
    """
    for file in sorted(folder.glob("*.safetensors")):
        for tensor in tensors(file):
            if tensor.type in LAYOUTS and not tensor.name.endswith(BUFFERS):
                _check(tensor, file, name, half=half)


def _check(tensor: Stored, file: Path, name: str, *, half: bool) -> None:
    top, infinity = _largest(tensor, file), LAYOUTS[tensor.type].infinity
    where = f"{name}: {file.name}: {tensor.name} holds"
    if top >= infinity:
        what = "NaN" if top > infinity else "infinity"
        raise BuildError(
            f"{where} {what}: every answer would be no number. A training that diverged or a conversion to FP16 leaves "
            "such weights; take another checkpoint"
        )
    if half and (value := _value(top, tensor.type)) >= ROUNDS_TO_INFINITY:
        raise BuildError(
            f"{where} |w| = {value:g}, which FP16 cannot: {LARGEST_HALF:g} is its largest number, and it would become "
            "infinity; keep it in bf16 or fp32"
        )


def _largest(tensor: Stored, file: Path) -> int:
    """Bits of the largest size among a tensor's elements; 0 where it has none."""
    import numpy as np

    words = np.dtype(LAYOUTS[tensor.type].words)
    count = (tensor.end - tensor.start) // words.itemsize
    unsigned = words.type((1 << (8 * words.itemsize - 1)) - 1)
    top = 0
    for start in range(0, count, PIECE):
        piece: NDArray[np.unsignedinteger[Any]] = np.fromfile(
            file, words, min(PIECE, count - start), offset=tensor.start + start * words.itemsize
        )
        top = max(top, int((piece & unsigned).max()))
    return top


def _value(bits: int, kind: str) -> float:
    """The number that bits of a type without sign stand for."""
    import numpy as np

    if kind == "BF16":  # the upper half of an FP32
        return float(np.array([bits << 16], "<u4").view("<f4")[0])
    layout = np.dtype(LAYOUTS[kind].words)
    return float(np.array([bits], layout).view(f"<f{layout.itemsize}")[0])
