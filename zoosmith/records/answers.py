"""What an artifact answered to each example of an eval, short enough to stand in a record that is kept in git.

Two artifacts can be compared example by example, long after both were measured, where both answered the same rows.
Class indices are packed at the fewest bits that tell the classes apart, the first example first, filled up with zeros
to a byte, and written as base64 (RFC 4648): 872 answers of two classes take 148 characters. Scores of documents are
float32 in little-endian order, compressed by zlib (RFC 1950) and written as base64.
"""

from __future__ import annotations

import base64
import binascii
import math
import struct
import zlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pydantic import model_validator

from zoosmith.common.canonical import digest
from zoosmith.common.names import folded
from zoosmith.recipes.schema import Model, Sha256
from zoosmith.stats.classification import joint_counts

STATES = 3  # of an example that was changed: left as it is, answer kept, answer moved; see `zoosmith.stats.invariance`


class Answers(Model):
    """True and predicted class of n examples, packed; `labels` names the classes in the order of their indices.

    `rows` is the SHA-256 of the examples themselves, texts and true label, in their order: answers with another
    fingerprint belong to other examples and cannot be paired with these.
    """

    rows: Sha256
    n: int
    labels: tuple[str, ...]
    true: str
    predicted: str

    @model_validator(mode="after")
    def _whole(self) -> Answers:
        for packed in (self.true, self.predicted):
            unpack(packed, self.n, len(self.labels))
        return self

    def names(self) -> tuple[list[str], list[str]]:
        """True and predicted labels, in small letters unless two differ by case alone."""
        names = folded(self.labels)
        packed = (self.true, self.predicted)
        true, predicted = ([names[i] for i in unpack(text, self.n, len(names))] for text in packed)
        return true, predicted


class Floats(Model):
    """n finite numbers as float32, packed."""

    n: int
    packed: str

    @model_validator(mode="after")
    def _whole(self) -> Floats:
        self.values()
        return self

    def values(self) -> list[float]:
        """The numbers, in their order."""
        return unpack_floats(self.packed, self.n)


def packed_answers(
    examples: Iterable[Sequence[str]], true: Sequence[int], predicted: Sequence[int], labels: tuple[str, ...]
) -> Answers:
    """The record of the class indices predicted for `examples`, each a sequence of texts."""
    names = folded(labels)
    rows = digest([[*texts, names[i]] for texts, i in zip(examples, true, strict=True)])
    classes = len(labels)
    return Answers(rows=rows, n=len(true), labels=labels, true=pack(true, classes), predicted=pack(predicted, classes))


def packed_details(told: Mapping[str, Any] | None, examples: Sequence[Sequence[str]]) -> dict[str, Any] | None:
    """The details of a task's scores as they are recorded; `examples` are the texts of each, in their order.

    Of kind "classes": `true` and `predicted`, class indices, become `answers`. Of kind "documents": `outcomes`, numbers
    for each document by name, are packed. Of kind "changes": the state of each example by metric is packed. Raises
    ValueError where there is not one for each example.
    """
    if told is None or told["kind"] not in ("classes", "documents", "changes"):
        return None if told is None else dict(told)
    if told["kind"] == "changes":
        states = {name: pack([state + 1 for state in column], STATES) for name, column in told["changes"].items()}
        rows = digest([list(texts) for texts in examples])
        return {"kind": "changes", "changes": states, "n": len(examples), "rows": rows}
    if told["kind"] == "documents":
        return {"kind": "documents", **_packed_documents(told["outcomes"], examples)}
    kept = {name: value for name, value in told.items() if name not in ("true", "predicted")}
    return kept | {"answers": packed_answers(examples, told["true"], told["predicted"], tuple(told["labels"]))}


def _packed_documents(outcomes: Mapping[str, Sequence[float]], documents: Sequence[Sequence[str]]) -> dict[str, Any]:
    n = len(documents)
    if other := next((name for name, values in outcomes.items() if len(values) != n), None):
        raise ValueError(f"{other!r} has {len(outcomes[other])} numbers; expected one for each of {n} documents")
    packed = {name: {"n": n, "packed": pack_floats(values)} for name, values in outcomes.items()}
    return {"outcomes": packed, "rows": digest([list(texts) for texts in documents])}


def paired(reference: Answers, artifact: Answers) -> Counter[tuple[int, int, int]] | None:
    """Examples counted by (true, the reference's answer, the artifact's), indices in the order of sorted labels.

    None where they did not answer the same rows with the same set of labels.
    """
    classes = sorted(folded(reference.labels))
    same_labels = classes == sorted(folded(artifact.labels))
    if reference.rows != artifact.rows or reference.n != artifact.n or not same_labels:
        return None
    true, before = reference.names()
    _, after = artifact.names()
    return joint_counts(true, before, after, classes)


def pack(indices: Sequence[int], classes: int) -> str:
    """Class indices below `classes` as base64. Raises ValueError for any other index."""
    if any(not 0 <= i < classes for i in indices):
        raise ValueError(f"a class index is outside 0..{classes - 1}")
    width = _width(classes)
    bits = "".join(format(i, f"0{width}b") for i in indices)
    size = _bytes(len(indices), width)
    return base64.b64encode(int(bits.ljust(size * 8, "0") or "0", 2).to_bytes(size, "big")).decode("ascii")


def unpack(text: str, n: int, classes: int) -> list[int]:
    """The n class indices in `text`. Raises ValueError where it holds another number, or an index too large."""
    width = _width(classes)
    try:
        raw = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError(f"packed answers are no base64: {error}") from None
    if len(raw) != _bytes(n, width):
        raise ValueError(f"packed answers have {len(raw)} bytes; {n} of {classes} classes take {_bytes(n, width)}")
    bits = format(int.from_bytes(raw, "big"), f"0{len(raw) * 8}b")
    indices = [int(bits[start : start + width], 2) for start in range(0, n * width, width)]
    if any(i >= classes for i in indices):
        raise ValueError(f"packed answers name a class outside 0..{classes - 1}")
    return indices


def pack_floats(values: Sequence[float]) -> str:
    """Numbers as base64 of compressed float32. Raises ValueError for one that is not finite as float32."""
    try:
        raw = struct.pack(f"<{len(values)}f", *values)
    except OverflowError:
        raise ValueError("a number is too large for float32") from None
    if not all(map(math.isfinite, values)):
        raise ValueError("a number is not finite")
    return base64.b64encode(zlib.compress(raw, 9)).decode("ascii")


def unpack_floats(text: str, n: int) -> list[float]:
    """The n numbers in `text`. Raises ValueError where it holds another number of them, or one that is not finite."""
    try:
        unpacker = zlib.decompressobj()
        raw = unpacker.decompress(base64.b64decode(text, validate=True), 4 * n + 1)  # never more than was promised
    except (binascii.Error, zlib.error) as error:
        raise ValueError(f"packed numbers are no compressed base64: {error}") from None
    if len(raw) != 4 * n or not unpacker.eof:
        raise ValueError(f"packed numbers have {len(raw)} bytes or more; {n} take {4 * n}")
    values = list(struct.unpack(f"<{n}f", raw))
    if not all(map(math.isfinite, values)):
        raise ValueError("a packed number is not finite")
    return values


def _width(classes: int) -> int:
    """Bits that tell `classes` apart; one at least."""
    return max(1, (classes - 1).bit_length())


def _bytes(n: int, width: int) -> int:
    return -(-n * width // 8)
