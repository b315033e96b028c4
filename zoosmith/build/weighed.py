"""How large an artifact will be, by the headers of what it is made from: weights times bits, and the other files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from zoosmith.contract.output import Output

if TYPE_CHECKING:
    from zoosmith.toolkit.torch.stored import Census

BITS = {"fp32": 32.0, "fp16": 16.0, "bf16": 16.0, "int8": 8.1, "nf4": 4.3}
"""Of a weight, with scales."""
KEPT = {"torch_int8": 32, "bnb": 32}
"""Bits of embeddings and output matrices, where a format leaves these as they are."""
ADAPTERS = 0.02
"""Weights of adapters beside those that they adapt, of rank 16 on every linear layer."""


class Weighed(NamedTuple):
    """size: bytes of all files. weights, tables: numbers of elements as in `Census`, 0 where no header tells."""

    size: int
    weights: int = 0
    tables: int = 0
    rest: int = 0

    @property
    def known(self) -> bool:
        """Whether anything is known of it."""
        return self.size > 0


NOTHING = Weighed(0)


def of_census(size: int, found: Census | None) -> Weighed:
    """All files of `size` bytes, of which a census tells the weights."""
    if found is None:
        return Weighed(size)
    return Weighed(size, sum(found.weights.values()), found.tables, max(0, size - found.size))


def of_files(files: Mapping[str, Path]) -> Weighed:
    """Files by the names that they have in a checkpoint. Raises BuildError where one is cut off."""
    from zoosmith.toolkit.torch import stored

    return of_census(sum(file.stat().st_size for file in files.values()), stored.census(files))


def of_artifact(made: Output, parents: Mapping[str, Weighed]) -> Weighed:
    """What a builder makes of its parents; as large as the largest where its type or their weights are not known."""
    parent = max(parents.values(), key=lambda one: (one.weights, one.size), default=NOTHING)
    bits = bits_of(made.precision)
    if not parent.weights or bits is None:
        return parent
    if made.relation == "adapter":
        weights = round(ADAPTERS * parent.weights)
        return Weighed(parent.rest + 4 * weights, weights, 0, parent.rest)
    tables = KEPT.get(made.format, bits) * parent.tables
    size = parent.rest + round((bits * (parent.weights - parent.tables) + tables) / 8)
    return parent._replace(size=size)


def bits_of(precision: str) -> float | None:
    """Bits of a weight in a precision, or in one of llama.cpp's types; None for another."""
    from zoosmith.toolkit.gguf.types import FILE_TYPES, TENSOR_TYPES

    if precision not in FILE_TYPES or precision in BITS:
        return BITS.get(precision)
    kind = TENSOR_TYPES[FILE_TYPES[precision].base]
    mixed = 0.0 if precision in ("f32", "f16", "bf16", "q8_0") else 0.6  # output and some others get more bits
    return 8 * kind.size / kind.block + mixed
