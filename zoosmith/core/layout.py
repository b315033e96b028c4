"""Where the files of an artifact stand in a model repository, and the pointer that says so.

Repositories are laid out as their users' tools look for files: transformers reads `config.json` and
`model.safetensors` at the top; optimum and transformers.js read `onnx/model.onnx`, `onnx/model_quantized.onnx` ...
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import Literal

from pydantic import Field

from zoosmith.contract import ZooError
from zoosmith.core.canonical import pretty
from zoosmith.core.recipe import InsidePath, Model, Sha256
from zoosmith.core.records import File
from zoosmith.core.registry import Row

CARD = "README.md"
POINTER = "zoosmith.json"
RESERVED = (CARD, POINTER, ".gitattributes")
ONNX_NAMES = {"fp32": "model", "int8": "model_quantized"}


class Placed(Model):
    """One file of a published version: `path` in the artifact's tree, `at` in the repository."""

    path: InsidePath
    at: InsidePath
    size: int
    sha256: Sha256


class Pointer(Model):
    """zoosmith.json of a published version: which tree it is, and where its files stand."""

    schema_: Literal[1] = Field(default=1, alias="schema")
    name: str
    version: int
    tree_digest: Sha256
    format: str
    precision: str
    files: tuple[Placed, ...]

    def to_text(self) -> str:
        """The published form: same version, same bytes."""
        return pretty(self.model_dump(mode="json", by_alias=True))


def place(format: str, precision: str, path: str) -> str:
    """Path in a model repository of the file `path` of an artifact's tree."""
    if format == "onnx" and path == "model.onnx":
        return f"onnx/{ONNX_NAMES.get(precision, f'model_{precision}')}.onnx"
    return path


def placed(format: str, precision: str, files: Iterable[File]) -> tuple[Placed, ...]:
    """All files with their places, sorted. Raises ZooError where two would be one on some file system."""
    found = tuple(
        Placed(path=file.path, at=place(format, precision, file.path), size=file.size, sha256=file.sha256)
        for file in sorted(files, key=lambda file: file.path)
    )
    taken = {_folded(name): name for name in RESERVED}
    for file in found:
        other = taken.setdefault(_folded(file.at), file.at)
        if other is not file.at:
            raise _collision(file, other)
    for file in found:
        for folder in list(PurePosixPath(file.at).parents)[:-1]:
            if (name := _folded(str(folder))) in taken:
                raise _collision(file, taken[name])
    return found


def _collision(file: Placed, other: str) -> ZooError:
    return ZooError(
        f"{file.path} would stand at {file.at!r} in a repository, which some file systems do not tell from {other!r}; "
        "the builder must give it another name"
    )


def pointer(name: str, version: int, row: Row) -> Pointer:
    """What zoosmith.json says of a version. Raises ZooError for names that collide."""
    return Pointer(
        name=name,
        version=version,
        tree_digest=row.tree_digest,
        format=row.format,
        precision=row.precision,
        files=placed(row.format, row.precision, row.files),
    )


def _folded(path: str) -> str:
    """What case-insensitive, normalising file systems make of a path (Unicode 15, section 3.13, D145)."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", path).casefold())
