"""Where the files of an artifact stand in a model repository, and the pointer that says so.

Repositories are laid out as their users' tools look for files: transformers reads `config.json` and
`model.safetensors` at the top; optimum and transformers.js read `onnx/model.onnx`, `onnx/model_quantized.onnx` ...
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Literal

from pydantic import Field

from zoosmith.common import safe
from zoosmith.common.canonical import pretty
from zoosmith.contract.errors import ZooError
from zoosmith.recipes.schema import InsidePath, Model, Sha256
from zoosmith.records.registry import Row
from zoosmith.records.schema import File

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
    """zoosmith.json of a published version: which tree it is, where its files stand, and what lies beside them.

    `beside` are the card and its plots, which are no part of the tree: a pull neither needs nor fetches them.
    """

    schema_: Literal[1] = Field(default=1, alias="schema")
    name: str
    version: int
    tree_digest: Sha256
    format: str
    precision: str
    files: tuple[Placed, ...]
    beside: tuple[File, ...] = ()

    def to_text(self) -> str:
        """The published form: same version, same bytes."""
        return pretty(self.model_dump(mode="json", by_alias=True))


def place(format: str, precision: str, path: str) -> str:
    """Path in a model repository of the file `path` of an artifact's tree."""
    if format == "onnx" and path == "model.onnx":
        return f"onnx/{ONNX_NAMES.get(precision, f'model_{precision}')}.onnx"
    if format == "onnx" and path == "model.onnx_data":  # beside the graph, under the name that the graph has for it
        return f"onnx/{path}"
    return path


def placed(format: str, precision: str, files: Iterable[File]) -> tuple[Placed, ...]:
    """All files with their places, sorted. Raises ZooError for what `zoosmith pull` would refuse."""
    found = tuple(
        Placed(path=file.path, at=place(format, precision, file.path), size=file.size, sha256=file.sha256)
        for file in sorted(files, key=lambda file: file.path)
    )
    safe.paths([*RESERVED, *(file.at for file in found)])
    for file in found:
        if safe.is_pickle(file.path):
            raise ZooError(f"{file.path} is a pickle, or may hold one: it is not published")
        if safe.is_code(file.path):
            raise ZooError(f"{file.path} is code: it is not published")
    return found


def pointer(name: str, version: int, row: Row, beside: Mapping[str, bytes]) -> Pointer:
    """What zoosmith.json says of a version; `beside` holds the card and its plots by path.

    Raises ZooError as `placed` does, and where one of these has the path of a file of the artifact.
    """
    files = placed(row.format, row.precision, row.files)
    safe.paths([*beside, *(file.at for file in files)])
    return Pointer(
        name=safe.name(name),
        version=version,
        tree_digest=row.tree_digest,
        format=row.format,
        precision=row.precision,
        files=files,
        beside=tuple(_described(path, beside[path]) for path in sorted(beside)),
    )


def _described(path: str, data: bytes) -> File:
    return File(path=path, size=len(data), sha256=hashlib.sha256(data).hexdigest())
