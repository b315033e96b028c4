"""Where an ONNX file keeps tensors outside itself, found in its bytes: no package, no tensor is read.

Only the fields that lead to a tensor are walked, all others are skipped by their length. Sources: onnx.proto of the
ONNX specification, "External Data"; Protocol Buffers, "Encoding".
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

MAX_DEPTH = 100  # of messages within messages: protobuf reads no deeper
VARINT, FIXED64, LENGTH_DELIMITED, OPEN, CLOSE, FIXED32 = range(6)  # wire types; the deprecated groups lie open
TENSOR = "tensor"
ENTRY = "entry"
# Message -> field number -> message, for every field through which a TensorProto can be reached.
FIELDS: dict[str, dict[int, str]] = {
    "model": {7: "graph", 20: "training", 25: "function"},
    "training": {1: "graph", 2: "graph"},
    "function": {7: "node", 11: "attribute"},
    "graph": {1: "node", 5: TENSOR, 15: "sparse"},
    "node": {5: "attribute"},
    "attribute": {5: TENSOR, 6: "graph", 10: TENSOR, 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: TENSOR, 2: TENSOR},
    TENSOR: {13: ENTRY},
}
Bytes = mmap.mmap | bytes


def locations(file: Path) -> set[str]:
    """Values of `location` in the external data of the tensors in an ONNX file, as they stand there.

    Of bytes that are no protobuf message, those before the damage: no library opens such a file.
    """
    found: set[str] = set()
    if file.stat().st_size:
        with (
            file.open("rb") as opened,
            mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as data,
            suppress(ValueError),
        ):
            found.update(_walk(data, 0, len(data), "model", 0))
    return found


def _walk(data: Bytes, at: int, end: int, message: str, depth: int) -> Iterator[str]:
    if depth > MAX_DEPTH:
        raise ValueError(f"graphs nested deeper than {MAX_DEPTH}")
    known = FIELDS[message]
    for number, start, stop in _fields(data, at, end):
        inner = known.get(number)
        if inner == ENTRY:
            yield from _location(data, start, stop)
        elif inner is not None:
            yield from _walk(data, start, stop, inner, depth + 1)


def _location(data: Bytes, at: int, end: int) -> Iterator[str]:
    """The value of a StringStringEntryProto (key 1, value 2) whose key is `location`."""
    entry = {number: data[start:stop] for number, start, stop in _fields(data, at, end)}
    if entry.get(1) == b"location":
        yield entry.get(2, b"").decode("utf-8", "replace")


def _fields(data: Bytes, at: int, end: int) -> Iterator[tuple[int, int, int]]:
    """Number, start and end of each length-delimited field between two offsets."""
    while at < end:
        tag, at = _varint(data, at, end)
        kind = tag & 7
        if kind == VARINT:
            _, at = _varint(data, at, end)
        elif kind in (FIXED32, FIXED64):
            at += 4 if kind == FIXED32 else 8
        elif kind == LENGTH_DELIMITED:
            length, at = _varint(data, at, end)
            if at + length <= end:
                yield tag >> 3, at, at + length
            at += length
        elif kind not in (OPEN, CLOSE):
            raise ValueError(f"wire type {kind} at byte {at}")
    if at > end:
        raise ValueError(f"a field ends behind byte {end}")


def _varint(data: Bytes, at: int, end: int) -> tuple[int, int]:
    """A number of seven bits a byte, the lowest first, and the offset behind it."""
    value = 0
    for shift in range(0, 70, 7):
        if at >= end:
            raise ValueError(f"a number is cut off at byte {end}")
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise ValueError(f"a number of more than ten bytes ends at byte {at}")
