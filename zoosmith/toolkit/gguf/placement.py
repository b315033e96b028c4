"""Which type each tensor of a GGUF shall get: by layer, by name, and checked against the file before anything is made.

llama.cpp takes patterns, applies them where they match, and falls back to another type in silence where rows do not
fit. Here every tensor gets its type by its whole name, so that what is asked for is what is stored, or one error.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches

from zoosmith.contract.errors import BuildError
from zoosmith.toolkit.gguf import census
from zoosmith.toolkit.gguf.header import Tensor
from zoosmith.toolkit.gguf.types import FILE_TYPES, NEED_IMATRIX, TENSOR_TYPES

OUTER = ("token_embd.weight", "output.weight")
"""Matrices outside the blocks: the embedding, and the output layer where it is a matrix of its own."""
UNQUANTISED = ("F32", "F16", "BF16")
BAND = re.compile(r"^(\d+)(-(\d*))?$")
LAYER = re.compile(r"^blk\.(\d+)\.(.+)\.weight$")


def choosable() -> tuple[str, ...]:
    """Names of the tensor types that the quantiser can give a matrix, in lower case."""
    return tuple(dict.fromkeys(kind.base.lower() for kind in FILE_TYPES.values()))


def matrices(tensors: Sequence[Tensor]) -> list[Tensor]:
    """Every matrix whose type can be chosen: those of the blocks, the embedding and the output layer."""
    return [*(tensor for tensor in tensors if tensor.name in OUTER), *census.matrices(tensors)]


def band(text: str) -> tuple[int, int | None]:
    """First and last layer of "5", "0-2" or "24-", whose last is None. Raises ValueError for anything else."""
    found = BAND.match(text)
    last = None if found is None else int(found[3]) if found[3] else None if found[2] else int(found[1])
    if found is None or (last is not None and last < int(found[1])):
        raise ValueError(f'{text!r} names no layers; write "5", "0-2", or "24-" for 24 and all after it')
    return int(found[1]), last


def by_layer(bands: Mapping[str, str], count: int) -> dict[int, str]:
    """Type by layer. Raises BuildError for layers that the model lacks, or that two bands name."""
    found: dict[int, str] = {}
    for text, kind in bands.items():
        first, last = band(text)
        last = count - 1 if last is None else last
        if not first <= last < count:
            raise BuildError(f'layers "{text}": the model has {count} layers, 0 to {count - 1}')
        if double := sorted(set(found) & set(range(first, last + 1))):
            raise BuildError(f'layers "{text}": another entry names layer {double[0]} too; name each layer once')
        found |= dict.fromkeys(range(first, last + 1), kind)
    return found


def matching(pattern: str, names: Sequence[str], key: str) -> list[str]:
    """The names that a regular expression is found in. Raises BuildError where it is none or fits nothing."""
    try:
        found = [name for name in names if re.search(pattern, name)]
    except re.error as error:
        raise BuildError(f"{key}: {pattern!r} is no regular expression: {error}") from error
    if not found:
        near = get_close_matches(pattern.replace("\\", ""), names, n=3, cutoff=0.0)
        raise BuildError(
            f"{key}: {pattern!r} fits no matrix of the model; near it are {', '.join(near)}"
            f" (norms and biases are never quantised)"
        )
    return found


def fits(tensor: Tensor, kind: str) -> bool:
    """Whether the rows of a tensor are a multiple of a type's block; `kind` in lower case."""
    return not tensor.shape[0] % TENSOR_TYPES[kind.upper()].block


def bits(kind: str) -> float:
    """Bits of a weight with its share of the scales; `kind` in lower case."""
    stored = TENSOR_TYPES[kind.upper()]
    return 8 * stored.size / stored.block


def size(tensor: Tensor, kind: str) -> int:
    """Bytes of a tensor in a type that it fits; `kind` in lower case."""
    stored = TENSOR_TYPES[kind.upper()]
    return tensor.weights // stored.block * stored.size


def check(tensors: Iterable[Tensor], types: Mapping[str, str], *, imatrix: bool) -> None:
    """Raise BuildError for the first tensor whose rows its type does not divide, or that lacks an importance matrix.

    types: type in lower case by tensor name.
    """
    for tensor in tensors:
        kind = types.get(tensor.name)
        if kind is not None and not fits(tensor, kind):
            raise BuildError(
                f"{tensor.name} has rows of {tensor.shape[0]}, which are no multiple of {kind}'s block of "
                f"{TENSOR_TYPES[kind.upper()].block}; of the types that fit, near it in bits are {_near(tensor, kind)}"
            )
        if kind in NEED_IMATRIX and not imatrix:
            raise BuildError(f"{tensor.name}: llama.cpp makes no {kind} without an importance matrix; set `imatrix`")


def _near(tensor: Tensor, kind: str) -> str:
    """The three types nearest in bits that the rows of a tensor fit."""
    fitting = [name for name in choosable() if fits(tensor, name)]
    return ", ".join(sorted(fitting, key=lambda name: abs(bits(name) - bits(kind)))[:3])


def patterns(types: Mapping[str, str]) -> dict[str, str]:
    """What the quantiser takes: each tensor's whole name as a regular expression, with its type."""
    return {f"^{re.escape(name)}$": kind for name, kind in types.items()}


def file_type(types: Iterable[str]) -> str:
    """The file type to name a mix by: of the quantised type that most tensors have, Q8_0 where none is quantised.

    llama.cpp applies types by tensor in files of a quantised type alone.
    """
    names = [kind.upper() for kind in types]
    quantised = [name for name in names if name not in UNQUANTISED]
    most = max(quantised, key=quantised.count, default="Q8_0")
    fitting = [name for name, kind in FILE_TYPES.items() if kind.base == most and name not in NEED_IMATRIX]
    return fitting[0] if fitting else "q8_0"


def confirm(matrices: Iterable[Tensor], types: Mapping[str, str]) -> None:
    """Raise BuildError where a matrix of a finished file has another type than it should, by name."""
    wrong = [tensor for tensor in matrices if tensor.type.lower() != types.get(tensor.name, tensor.type.lower())]
    if wrong:
        raise BuildError(
            f"llama.cpp gave {len(wrong)} tensors another type, such as {wrong[0].name}: {wrong[0].type}, not "
            f"{types[wrong[0].name]}; report it with the model's architecture"
        )


def table(tensors: Iterable[Tensor]) -> dict[str, str]:
    """Type in lower case by name, of the matrices that a file holds: what its card tells."""
    return {tensor.name: tensor.type.lower() for tensor in tensors}
