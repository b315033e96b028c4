"""What a checkpoint's files say of themselves, before anything is loaded: sizes, types, whether they are whole.

Only headers are read. Source: safetensors, Format: the length of a header in eight bytes, the header as JSON with
shape, type and place of each tensor, then the tensors.
"""

from __future__ import annotations

import json
import struct
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from math import prod
from pathlib import Path
from typing import Any, NamedTuple

from zoosmith.contract.errors import BuildError
from zoosmith.toolkit.gguf import header as gguf_header

INDEX = "model.safetensors.index.json"
LONGEST_HEADER = 100 << 20
"""Bytes of a header that the library safetensors reads at most."""


class Stored(NamedTuple):
    """A tensor as a header describes it. start, end: its bytes in the file."""

    name: str
    type: str
    shape: tuple[int, ...]
    start: int
    end: int


def tensors(file: Path) -> list[Stored]:
    """The tensors of a safetensors file, in the order of their places.

    Raises BuildError where the file is cut off, or is none.
    """
    size = file.stat().st_size
    with file.open("rb") as stream:
        first = stream.read(8)
        length = struct.unpack("<Q", first)[0] if len(first) == 8 else LONGEST_HEADER + 1
        if length > LONGEST_HEADER and len(first) == 8:
            raise BuildError(f"{file.name} is no safetensors file: it states a header of {length:,} bytes")
        if length > size - 8:
            raise BuildError(f"{file.name} ends within its header, after {size:,} bytes: it is cut off; fetch it again")
        found = _described(stream.read(length), file.name, 8 + length)
    cut = next((tensor for tensor in found if tensor.end > size), None)
    if cut is not None:
        raise BuildError(
            f"{file.name} is cut off: its tensors take {max(one.end for one in found):,} bytes, it has {size:,} "
            f"(the first that is not whole is {cut.name}); fetch it again"
        )
    return found


def _described(raw: bytes, name: str, start: int) -> list[Stored]:
    try:
        stated = json.loads(raw)
        stated.pop("__metadata__", None)
        found = [_tensor(key, about, start) for key, about in stated.items()]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BuildError(f"{name} is no safetensors file: its header cannot be read ({error})") from error
    return sorted(found, key=lambda tensor: (tensor.start, tensor.name))


def _tensor(name: str, about: Mapping[str, Any], start: int) -> Stored:
    first, last = about["data_offsets"]
    return Stored(name, str(about["dtype"]), tuple(about["shape"]), start + int(first), start + int(last))


def check_whole(folder: Path, name: str) -> None:
    """Raise BuildError, naming file and tensor, where a file of weights in `folder` is cut off or of an unknown kind.

    Also where the index of shards names a tensor that its shard does not have. Of several GGUF files a builder chooses
    one, and looks at that itself. `name`: of the checkpoint.
    """
    held: dict[str, set[str]] = {}
    quantized = sorted(folder.glob("*.gguf"))
    for file in [*sorted(folder.glob("*.safetensors")), *(quantized if len(quantized) == 1 else [])]:
        try:
            if file.suffix == ".gguf":
                gguf_header.read(file)
            else:
                held[file.name] = {tensor.name for tensor in tensors(file)}
        except BuildError as error:
            said = str(error)
            raise BuildError(f"{name}: {said if file.name in said else f'{file.name}: {said}'}") from None
    _check_index(folder / INDEX, held, name)


def _check_index(index: Path, held: Mapping[str, set[str]], name: str) -> None:
    if not index.is_file() or "model.safetensors" in held:  # then transformers does not read the index
        return
    places = json.loads(index.read_text(encoding="utf-8")).get("weight_map", {})
    missing = sorted((file, key) for key, file in places.items() if file in held and key not in held[file])
    if missing:
        file, key = missing[0]
        raise BuildError(
            f"{name}: {INDEX} says that {file} has {key} ({len(missing)} such), and it has not: the shards are of two "
            "checkpoints, or one was replaced; fetch them all again"
        )


class Census(NamedTuple):
    """Weights by the type that safetensors and GGUF name, such as "BF16" or "Q4_0".

    tables: how many of them are embeddings or an output matrix, which many techniques leave as they are. size: bytes.
    """

    weights: Mapping[str, int]
    tables: int
    size: int


def census(files: Mapping[str, Path]) -> Census:
    """Of files by the names that they have in a checkpoint; only safetensors and GGUF count. Raises BuildError."""
    weights: Counter[str] = Counter()
    tables = size = 0
    for name, file in files.items():
        for tensor, kind, shape, stored in _counted(name, file):
            weights[kind] += prod(shape)
            tables += prod(shape) if is_table(tensor, shape) else 0
            size += stored
    return Census(weights, tables, size)


def _counted(name: str, file: Path) -> Iterator[tuple[str, str, tuple[int, ...], int]]:
    """Name, type, shape and bytes of each tensor."""
    if name.endswith(".safetensors"):
        yield from ((one.name, one.type, one.shape, one.end - one.start) for one in tensors(file))
    elif name.endswith(".gguf"):
        yield from ((one.name, one.type, one.shape, one.size) for one in gguf_header.read(file).tensors)


def is_table(tensor: str, shape: Sequence[int]) -> bool:
    """Whether a tensor is a matrix of embeddings or of output, by how transformers and llama.cpp name them."""
    return len(shape) == 2 and (tensor == "output.weight" or any(part in tensor for part in ("emb", "lm_head", "wte")))
