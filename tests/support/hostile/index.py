"""A registry of many files whose objects are right but for a name."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from tests.support.hostile.case import dumped
from zoosmith.publish import objects


def misname(root: Path, name: str, where: str, named: Any) -> None:
    """Name the leaf, the entry or the latest row of an artifact by `named`; all above it are made anew."""
    told = json.loads((root / "registry.json").read_bytes())
    first, second = objects.keys(name)
    leaves = _read(root, told["index"][first])
    leaf = _read(root, leaves[second])
    entry = _read(root, leaf[name]["entry"])
    entry["versions"][max(entry["versions"])] = named
    leaf[name]["entry"] = {"row": _written(root, entry), "entry": named}.get(where, leaf[name]["entry"])
    leaves[second] = named if where == "leaf" else _written(root, leaf)
    told["index"][first] = _written(root, leaves)
    (root / "registry.json").write_text(json.dumps(told))


def _read(root: Path, digest: str) -> dict[str, Any]:
    return objects.parsed((root / objects.path_of(digest)).read_bytes(), digest)


def _written(root: Path, value: Any) -> str:
    data = dumped(value)
    digest = hashlib.sha256(data).hexdigest()
    file = root / objects.path_of(digest)
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(data)
    return digest
