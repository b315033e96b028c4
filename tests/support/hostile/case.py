"""What lies in a hostile registry: an artifact whose row and pointer are right, until something is spoilt."""

from __future__ import annotations

import contextlib
import hashlib
import json
from dataclasses import dataclass
from typing import Any

from tests.support.hostile.values import LASTING
from tests.support.published import Fault, pointer, row_of
from zoosmith.common.canonical import digest

NAME = "toy-a"


@dataclass
class Case:
    """What lies in the registry's folder, and what its server does wrong. `raw` replaces a file's bytes.

    index: the registry is one of many files, and names a leaf, an entry or a row by this value.
    """

    registry: Any
    pointer: Any
    content: dict[str, bytes]
    raw: dict[str, bytes]
    faults: list[Fault]
    wanted: str
    committed: bool = False
    planted: str = ""
    seen: str = ""
    index: tuple[str, Any] | None = None

    @property
    def timeout_s(self) -> float:
        """Short where answers last until they are given up."""
        return 0.05 if any(fault.kind in LASTING for fault in self.faults) else 2.0


def honest_row(content: dict[str, bytes]) -> dict[str, Any]:
    """A row that agrees with its own digest, whatever its paths are."""
    row = row_of(NAME, {"manifest.json": content["manifest.json"]}).model_dump(mode="json")
    row["files"] = [
        {"path": path, "size": len(data), "sha256": hashlib.sha256(data).hexdigest()} for path, data in content.items()
    ]
    return redigested(row | {"locations": [f"{NAME}/v1/"]})


def redigested(row: dict[str, Any]) -> dict[str, Any]:
    with contextlib.suppress(Exception):
        row["tree_digest"] = digest([[file["path"], file["size"], file["sha256"]] for file in row["files"]])
    return row


def honest_pointer(content: dict[str, bytes], row: dict[str, Any]) -> dict[str, Any]:
    told = pointer(NAME, 1, row_of(NAME, {"manifest.json": b""}), lambda path: path)
    files = [file | {"at": f"f{i}"} for i, file in enumerate(row["files"])]
    return told | {"tree_digest": row["tree_digest"], "files": files}


def row_in(case: Case) -> dict[str, Any]:
    found: dict[str, Any] = case.registry["artifacts"][NAME]["versions"]["1"]
    return found


def dumped(value: Any, *, committed: bool = False) -> bytes:
    """JSON that may hold what no decent JSON does; in the committed form, or on one line."""
    if committed:
        with contextlib.suppress(TypeError):  # keys that cannot be sorted
            return (json.dumps(value, indent=2, sort_keys=True) + "\n").encode("utf-8", "surrogatepass")
    return json.dumps(value).encode("utf-8", "surrogatepass")
