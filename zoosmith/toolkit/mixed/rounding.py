"""What llama.cpp stores of a matrix in each type, and how it rounds what the matrix is multiplied with.

Weights are rounded by ggml's own function, row by row, as its quantiser does; inputs by the rule of ggml's kernels on
CPU. Source: `quantize_row_q8_0`, `quantize_row_q8_K` and `vec_dot_type` in ggml-cpu.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from zoosmith.toolkit.gguf import library
from zoosmith.toolkit.gguf.types import TENSOR_TYPES

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

HELD = 1 << 22
"""Weights that are rounded at once: numpy's decoders hold several copies."""
SUPER_BLOCK, BLOCK = 256, 32
LEVELS = 127
EXACT = ("f32", "f16", "bf16")


def rounded(
    weight: NDArray[np.float32], kind: str, importance: NDArray[np.float32] | None = None
) -> NDArray[np.float32]:
    """A matrix (rows, columns) as it is read from a file that stores it in `kind`, a tensor type in lower case.

    importance: (columns,), as the quantiser takes it. Columns must be a multiple of the type's block.
    """
    import numpy as np

    return np.concatenate([decoded(stored(part, kind, importance), kind, part.shape) for part in parts(weight)])


def parts(weight: NDArray[np.float32]) -> Iterator[NDArray[np.float32]]:
    """Its rows, as many at a time as numpy may hold several copies of."""
    step = max(1, HELD // weight.shape[1])
    yield from (weight[at : at + step] for at in range(0, len(weight), step))


def stored(weight: NDArray[np.float32], kind: str, importance: NDArray[np.float32] | None) -> NDArray[np.uint8]:
    """The bytes of a matrix (rows, columns) in `kind`, (rows, bytes)."""
    import numpy as np

    rows, columns = weight.shape
    about = TENSOR_TYPES[kind.upper()]
    source = np.ascontiguousarray(weight, dtype=np.float32)
    target = np.empty((rows, columns // about.block * about.size), dtype=np.uint8)
    weighed = None if importance is None else np.ascontiguousarray(importance, dtype=np.float32)
    _quantise()(
        about.number, source.ctypes.data, target.ctypes.data, 0, rows, columns,
        None if weighed is None else weighed.ctypes.data,
    )  # fmt: skip
    return target


def _quantise() -> Any:
    """`ggml_quantize_chunk` of the pinned library."""
    library.load()
    from llama_cpp._ggml import libggml

    function = libggml.ggml_quantize_chunk
    function.restype = ctypes.c_size_t
    pointer, count = ctypes.c_void_p, ctypes.c_int64
    function.argtypes = [ctypes.c_int, pointer, pointer, count, count, count, pointer]
    return function


def decoded(data: NDArray[np.uint8], kind: str, shape: tuple[int, ...]) -> NDArray[np.float32]:
    """The matrix of `shape` that bytes (rows, bytes) hold."""
    import gguf
    import numpy as np

    number = gguf.GGMLQuantizationType(TENSOR_TYPES[kind.upper()].number)
    return np.asarray(gguf.quants.dequantize(data, number), dtype=np.float32).reshape(shape)


def rounded_inputs(inputs: Any, kind: str) -> Any:
    """What a kernel multiplies a matrix of `kind` with, in place of `inputs` (..., columns), a torch tensor in FP32.

    Types with blocks of 256 meet one scale for 256 inputs, others one in FP16 for 32; F16 and BF16 meet their own type.
    """
    import torch

    if kind in EXACT:
        return inputs if kind == "f32" else inputs.to(getattr(torch, {"f16": "half"}.get(kind, "bfloat16"))).float()
    wide = TENSOR_TYPES[kind.upper()].block == SUPER_BLOCK
    blocks = inputs.reshape(*inputs.shape[:-1], -1, SUPER_BLOCK if wide else BLOCK)
    scale = blocks.abs().amax(dim=-1, keepdim=True) / LEVELS
    whole = torch.where(scale > 0, blocks / scale.clamp(min=torch.finfo(torch.float32).tiny), 0.0).round()
    return (whole * (scale if wide else scale.half().float())).reshape(inputs.shape)
