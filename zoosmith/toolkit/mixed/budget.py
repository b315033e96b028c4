"""How many bytes the tensors of a mix may take: in bits per weight, or beside a plain type of llama.cpp."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from pydantic import BaseModel, Field, field_validator, model_validator

from zoosmith.contract.errors import BuildError
from zoosmith.toolkit.gguf import header, placement, quantize
from zoosmith.toolkit.gguf.header import Tensor
from zoosmith.toolkit.gguf.types import NEED_IMATRIX, known

LIKE = "q4_k_m"


class Budget(BaseModel):
    """bits_per_weight: of all tensors, norms included; without it the size of the plain type `like` times `ratio`.

    like: "q4_k_m" where neither is given.
    """

    bits_per_weight: float | None = Field(default=None, gt=0)
    like: str | None = None
    ratio: float = Field(default=1.0, gt=0)

    @field_validator("like")
    @classmethod
    def _known(cls, value: str | None) -> str | None:
        if value in NEED_IMATRIX:
            raise ValueError(f"{value} is made with an importance matrix alone; give `bits_per_weight` instead")
        return None if value is None else known(value)

    @model_validator(mode="after")
    def _one(self) -> Budget:
        if self.bits_per_weight is not None and (self.like is not None or self.ratio != 1.0):
            raise ValueError("give `bits_per_weight`, or `like` with `ratio`, not both")
        return self

    @property
    def plain(self) -> str:
        """The plain type that the mix is beside."""
        return self.like or LIKE


class Plain(NamedTuple):
    """What a plain type makes of a model: type in lower case by tensor, and bytes of the file before its tensors."""

    types: dict[str, str]
    head: int


def plain(source: Path, kind: str, scratch: Path, threads: int) -> Plain:
    """Quantise once to see what llama.cpp gives each tensor; only the result is kept, in `scratch`, for another run."""
    kept = scratch / f"plain-{kind}.json"
    if not kept.is_file():
        made = scratch / f"plain-{kind}.gguf"
        quantize.quantize(source, made, kind, threads=threads)
        tensors = header.read(made).tensors
        about = {"types": placement.table(tensors), "head": min(tensor.offset for tensor in tensors)}
        made.unlink()
        partial = kept.with_suffix(".partial")
        partial.write_text(json.dumps(about), encoding="utf-8")
        partial.replace(kept)
    return Plain(**json.loads(kept.read_text(encoding="utf-8")))


def padded(size: int) -> int:
    """Bytes that a tensor takes in a file."""
    return -(-size // header.ALIGNMENT) * header.ALIGNMENT


def stored(tensors: Sequence[Tensor], types: Mapping[str, str]) -> int:
    """Bytes of tensors in a file, with these types by name; others keep theirs."""
    return sum(
        padded(placement.size(tensor, types[tensor.name]) if tensor.name in types else tensor.size)
        for tensor in tensors
    )


def allowed(budget: Budget, tensors: Sequence[Tensor], beside: Plain) -> int:
    """Bytes that all tensors may take; with `like`, so that the whole file takes `ratio` times the plain one."""
    if budget.bits_per_weight is not None:
        return int(budget.bits_per_weight * sum(tensor.weights for tensor in tensors) / 8)
    return int(budget.ratio * (beside.head + stored(tensors, beside.types))) - beside.head


class Ends(NamedTuple):
    """Bytes of all tensors in the smallest mix of the types and in the largest."""

    smallest: int
    largest: int


def check(budget: Budget, bytes_allowed: int, ends: Ends, tensors: Sequence[Tensor], beside: Plain) -> None:
    """Raise BuildError unless the budget lies between the smallest mix and the largest, and tell the range."""
    if ends.smallest <= bytes_allowed <= ends.largest:
        return
    files = [beside.head + end for end in ends]
    if budget.bits_per_weight is not None:
        low, high = (8 * end / sum(tensor.weights for tensor in tensors) for end in ends)
        asked, possible = f"bits_per_weight is {budget.bits_per_weight:g}", f"{_up(low):g} to {_down(high):g}"
    else:
        low, high = (file / (beside.head + stored(tensors, beside.types)) for file in files)
        asked = f"{budget.ratio:g} times {budget.plain} is {(bytes_allowed + beside.head) / 1e6:.2f} MB"
        possible = f"a `ratio` of {_up(low):g} to {_down(high):g}"
    small = bytes_allowed < ends.smallest
    raise BuildError(
        f"{asked}: {'less than the smallest' if small else 'more than the largest'} mix of the types; possible is "
        f"{possible} (files of {files[0] / 1e6:.2f} to {files[1] / 1e6:.2f} MB). Take a budget within, or other `types`"
    )


def _up(value: float) -> float:
    """To three decimals, so that what is told is possible."""
    return -(-value * 1000 // 1) / 1000


def _down(value: float) -> float:
    return value * 1000 // 1 / 1000
