"""Fake quantisation: weights moved to a grid of few values and kept in their own type.

For widths that no kernel at hand computes in: it shows what rounding costs in quality, and saves neither time nor
memory.
"""

from __future__ import annotations

from typing import Any

BLOCK = 64  # weights of a row that share a scale, as those of NF4 do


def rounded(weight: Any, bits: int) -> Any:
    """A matrix (rows, columns) on a symmetric grid of `bits` bits; the same shape and type.

    BLOCK weights of a row share a scale, or the whole row where it is no multiple of that. It takes their largest
    magnitude to 2^(bits - 1) - 1 steps.
    """
    exact = weight.float()
    block = BLOCK if exact.shape[1] % BLOCK == 0 else exact.shape[1]
    blocks = exact.reshape(-1, block)
    scale = blocks.abs().amax(dim=1, keepdim=True) / (2 ** (bits - 1) - 1)
    steps = (blocks / scale.where(scale > 0, 1.0)).round()
    return (steps * scale).reshape(exact.shape).to(weight.dtype)
