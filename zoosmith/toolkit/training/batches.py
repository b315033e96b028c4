"""Batches of similar length, in an order that depends on seed and epoch alone."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from typing import Any

from zoosmith.contract.job import Job

WINDOW = 50  # batches sorted by length together: near-equal lengths, yet shuffled


class Lengths:
    """Batches of similar length: shuffled, cut into windows, sorted inside a window."""

    def __init__(self, job: Job, examples: Sequence[Any]) -> None:
        """Tokenise all examples once, for their lengths."""
        self.seed = job.seed
        encodings = (job.task.encode(examples[i : i + 1000]) for i in range(0, len(examples), 1000))
        self.lengths = [int(n) for encoded in encodings for n in encoded["attention_mask"].sum(axis=1)]

    def batches(self, epoch: int, size: int) -> list[list[int]]:
        """Indices of each batch of an epoch; depends on seed and epoch alone."""
        generator = random.Random(f"{self.seed}/{epoch}")
        order = list(range(len(self.lengths)))
        generator.shuffle(order)
        found = [batch for window in chunks(order, size * WINDOW) for batch in self._cut(window, size)]
        generator.shuffle(found)
        return found

    def _cut(self, window: list[int], size: int) -> Iterator[list[int]]:
        return chunks(sorted(window, key=lambda i: self.lengths[i]), size)


def chunks(items: list[int], size: int) -> Iterator[list[int]]:
    """Consecutive parts of `size` items; the last may be shorter."""
    return (items[start : start + size] for start in range(0, len(items), size))
