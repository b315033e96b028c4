"""How many opened artifacts a machine has the memory for."""

from __future__ import annotations

import math
from collections.abc import Sequence

LIBRARIES_MB = 500
GROWTH = 1.1  # of the weights: caches, activations, what an allocator keeps


def fit(sizes: Sequence[int], memory_mb: int) -> bool:
    """Whether artifacts of these bytes can be open at once in so many MiB."""
    return sum(map(needed_mb, sizes)) <= memory_mb


def needed_mb(size: int) -> int:
    """MiB that a process takes which has opened an artifact of so many bytes."""
    return LIBRARIES_MB + math.ceil(GROWTH * size / 2**20)
