"""Which types the tensors of a GGUF really have, how many bits that is, and whether a type was got that was asked for.

llama.cpp gives a tensor another type in silence where its rows are no multiple of the type's block: K-quants have
blocks of 256, and models such as SmolLM2-135M (576) and Qwen2-0.5B (896) have rows that are none.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from zoosmith.contract.errors import BuildError
from zoosmith.toolkit.gguf import header
from zoosmith.toolkit.gguf.header import Tensor
from zoosmith.toolkit.gguf.types import FILE_TYPES, TENSOR_TYPES

SHARE = 0.1
"""Of the weights that were meant to get a type: more than that with another one is another artifact."""


def census(tensors: Sequence[Tensor]) -> dict[str, Any]:
    """`tensors` and `weights` by type, most weights first; `bits_per_weight`: bytes of all tensors x 8 / weights."""
    count: Counter[str] = Counter(tensor.type for tensor in tensors)
    weights: Counter[str] = Counter()
    for tensor in tensors:
        weights[tensor.type] += tensor.weights
    order = [kind for kind, _ in weights.most_common()]
    bits = 8 * sum(tensor.size for tensor in tensors) / max(1, weights.total())
    return {
        "tensors": {kind: count[kind] for kind in order},
        "weights": {kind: weights[kind] for kind in order},
        "bits_per_weight": round(bits, 3),
    }


def of(file: Path) -> dict[str, Any]:
    """`census` of a file. Raises BuildError where it is not a whole GGUF."""
    return census(header.read(file).tensors)


class Fallback(NamedTuple):
    """Weights that were meant to get a type, those of them that did not, and the types that they got, by weights."""

    meant: int
    missed: int
    got: dict[str, int]

    @property
    def share(self) -> float:
        """Of the weights that were meant to get it."""
        return self.missed / self.meant if self.meant else 0.0


def matrices(tensors: Sequence[Tensor]) -> list[Tensor]:
    """Weight matrices of the blocks, which every mix is about.

    The embedding and the output layer are left out (llama.cpp chooses wider types for them in every mix), so are
    norms, biases and the routers of experts, which it never quantises.
    """
    return [
        tensor
        for tensor in tensors
        if tensor.name.startswith("blk.") and tensor.name.endswith(".weight") and len(tensor.shape) > 1
        and "_norm." not in tensor.name and "ffn_gate_inp" not in tensor.name
    ]  # fmt: skip


def fallback(tensors: Sequence[Tensor], asked: str, tensor_types: Mapping[str, str] | None = None) -> Fallback:
    """What did not get the type that was asked for, a name of FILE_TYPES, or what the first fitting pattern asks for.

    A mix gives some matrices a wider type on purpose (Q6_K in Q4_K_M): that is no fallback. llama.cpp falls back to
    types of smaller blocks and to no other (tensor_type_fallback), so that a smaller block tells it. A type that no
    matrix at all has was not got either (MXFP4_MOE on a model without experts is Q8_0).
    """
    found = [(tensor, _wanted(tensor.name, asked, tensor_types or {})) for tensor in matrices(tensors)]
    given = {wanted for tensor, wanted in found if tensor.type == wanted}
    got: Counter[str] = Counter()
    for tensor, wanted in found:
        if TENSOR_TYPES[tensor.type].block < TENSOR_TYPES[wanted].block or wanted not in given:
            got[tensor.type] += tensor.weights
    return Fallback(sum(tensor.weights for tensor, _ in found), got.total(), dict(got.most_common()))


def _wanted(name: str, asked: str, tensor_types: Mapping[str, str]) -> str:
    chosen = (kind.upper() for pattern, kind in tensor_types.items() if re.search(pattern, name))
    return next(chosen, FILE_TYPES[asked].base)


def refuse_fallback(
    tensors: Sequence[Tensor], asked: str, *, allow: bool = False, tensor_types: Mapping[str, str] | None = None
) -> dict[str, Any] | None:
    """The fallback as a fact, or None where there is none.

    Raises BuildError where more than a tenth of the weights that were meant to get the type did not, unless `allow`.
    """
    found = fallback(tensors, asked, tensor_types)
    if found.share > SHARE and not allow:
        raise BuildError(
            f"{asked} would be its name alone: {found.share:.0%} of the weights became {', '.join(found.got)}"
            f"{_why(tensors, FILE_TYPES[asked].base)}; take a type with blocks of 32 (q8_0, q5_0, q5_1, q4_0, q4_1, "
            "iq4_nl), or set `allow_fallback: true` to keep it so"
        )
    return {"share": round(found.share, 4), "got": found.got} if found.missed else None


def _why(tensors: Sequence[Tensor], base: str) -> str:
    block = TENSOR_TYPES[base].block
    rows = sorted({tensor.shape[0] for tensor in matrices(tensors) if tensor.shape[0] % block})
    return f", for rows of {', '.join(map(str, rows))} are no multiple of {base}'s block of {block}" if rows else ""
