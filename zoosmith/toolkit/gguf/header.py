"""What a GGUF file says of itself: metadata and tensors, read with the standard library alone; weights stay on disk.

Format: ggml, docs/gguf.md, version 3 (and 2, which is laid out alike), little endian.
"""

from __future__ import annotations

import struct
from math import prod
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from zoosmith.contract.errors import BuildError
from zoosmith.toolkit.gguf.types import TENSOR_TYPE_NAMES, TENSOR_TYPES

SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
STRING, ARRAY = 8, 9
ALIGNMENT = 32


class Tensor(NamedTuple):
    """shape: as GGUF has it, so that shape[0] is the length of a row. offset: in the file. size: in bytes."""

    name: str
    type: str
    shape: tuple[int, ...]
    offset: int
    size: int

    @property
    def weights(self) -> int:
        """How many there are."""
        return prod(self.shape)


class Header(NamedTuple):
    """metadata: keys as GGUF names them, such as "general.architecture"; arrays are lists."""

    metadata: dict[str, Any]
    tensors: list[Tensor]

    def hyperparameter(self, name: str, default: Any = None) -> Any:
        """A key of the architecture, such as "block_count"."""
        return self.metadata.get(f"{self.metadata.get('general.architecture')}.{name}", default)


def read(file: Path) -> Header:
    """The file's header. Raises BuildError where it is no GGUF, ends too early, or has a tensor type unknown here."""
    size = file.stat().st_size
    try:
        with file.open("rb") as stream:
            header = _header(_Reader(stream, size))
    except (struct.error, UnicodeDecodeError, KeyError, _EndError) as error:
        raise BuildError(
            f"{file.name} ends within its header, after {size:,} bytes: it is truncated; fetch it again"
        ) from error
    end = max((tensor.offset + tensor.size for tensor in header.tensors), default=0)
    if end > size:
        first = next(tensor for tensor in header.tensors if tensor.offset + tensor.size > size)
        raise BuildError(
            f"{file.name} is truncated: its tensors take {end:,} bytes, it has {size:,} (the first that is cut off is "
            f"{first.name}); fetch it again"
        )
    return header


class _EndError(Exception):
    """A length that goes beyond the end of the file."""


class _Reader:
    """Numbers and strings of a stream of `size` bytes."""

    def __init__(self, stream: BinaryIO, size: int) -> None:
        self.stream, self.size = stream, size

    def numbers(self, code: str, count: int = 1) -> tuple[Any, ...]:
        layout = f"<{count}{code}"
        return struct.unpack(layout, self.taken(struct.calcsize(layout)))

    def taken(self, count: int) -> bytes:
        if count > self.size:
            raise _EndError
        return self.stream.read(count)

    def string(self) -> str:
        raw = self.taken(self.numbers("Q")[0])
        return raw.decode("utf-8", "surrogateescape")  # pieces of byte-level vocabularies need not be whole characters

    def value(self, kind: int) -> Any:
        if kind == STRING:
            return self.string()
        if kind != ARRAY:
            return self.numbers(SCALARS[kind])[0]
        kind, count = self.numbers("I")[0], self.numbers("Q")[0]
        if count > self.size:
            raise _EndError
        if kind in SCALARS:
            return list(self.numbers(SCALARS[kind], count))
        return [self.value(kind) for _ in range(count)]


def _header(reader: _Reader) -> Header:
    if reader.stream.read(4) != b"GGUF":
        raise BuildError("this is no GGUF file: it does not start with GGUF")
    version = reader.numbers("I")[0]
    if version not in (2, 3):
        raise BuildError(f"GGUF version {version} is not known here; versions 2 and 3 are")
    tensors, pairs = reader.numbers("Q", 2)
    metadata = {}
    for _ in range(pairs):
        key = reader.string()
        metadata[key] = reader.value(reader.numbers("I")[0])
    found = [_tensor(reader) for _ in range(tensors)]
    align = metadata.get("general.alignment", ALIGNMENT)
    start = -(-reader.stream.tell() // align) * align
    return Header(metadata, [tensor._replace(offset=tensor.offset + start) for tensor in found])


def _tensor(reader: _Reader) -> Tensor:
    name = reader.string()
    shape = reader.numbers("Q", reader.numbers("I")[0])
    number, offset = reader.numbers("I")[0], reader.numbers("Q")[0]
    if number not in TENSOR_TYPE_NAMES:
        raise BuildError(f"{name} has the tensor type {number}, which llama.cpp added later or removed")
    kind = TENSOR_TYPES[TENSOR_TYPE_NAMES[number]]
    return Tensor(name, TENSOR_TYPE_NAMES[number], shape, offset, prod(shape) // kind.block * kind.size)
