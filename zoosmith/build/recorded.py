"""`results/` as files: read without recipes, builders or registry."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from zoosmith.common.canonical import pretty
from zoosmith.common.names import full_name, nearest
from zoosmith.contract.errors import ZooError
from zoosmith.records.migration import migrated
from zoosmith.records.schema import BuildRecord, Measurement
from zoosmith.store.files import write_atomic

BUILD = "build.json"
T = TypeVar("T")


def recorded(root: Path) -> dict[str, Path]:
    """Folder of each artifact that has a record below `root`, by full name."""
    builds = sorted((root / "results").glob(f"*/*/{BUILD}"))
    return {full_name(file.parent.parent.name, file.parent.name): file.parent for file in builds}


def current(root: Path, name: str) -> tuple[BuildRecord, list[Measurement]]:
    """The recorded build of an artifact with the measurements of its tree. Raises ZooError where there are none."""
    known = recorded(root)
    if name not in known:
        raise ZooError(f"nothing is recorded of {name!r}{nearest(name, known)}; `doit build:NAME` records an artifact")
    build = build_in(known[name])
    assert build is not None
    own = [m for m in measurements_in(known[name]) if m.tree_digest == build.tree_digest]
    if not own:
        raise ZooError(f"{name} has no measurement of its tree; run `doit build:{name}`")
    return build, own


def build_in(folder: Path) -> BuildRecord | None:
    """The build recorded in an artifact's folder. Raises ZooError where it is damaged."""
    file = folder / BUILD
    return _read(file, lambda: BuildRecord.model_validate(json.loads(file.read_bytes()))) if file.is_file() else None


def measurements_in(folder: Path) -> list[Measurement]:
    """All measurements in an artifact's folder, by host and suite. Raises ZooError where one is damaged."""
    return [m for file in sorted(folder.glob("*.json")) if file.name != BUILD for m in suites_in(file)]


def suites_in(file: Path) -> list[Measurement]:
    """The suites of one host; none where the file is missing. Raises ZooError where it is damaged."""
    if not file.is_file():
        return []
    return _read(file, lambda: [Measurement.model_validate(m) for _, m in sorted(_json(file)["suites"].items())])


def migrate(root: Path, references: Mapping[str, str]) -> list[Path]:
    """Write anew what is recorded below `root` by an older schema; return the files that changed.

    references: the artifact that each recipe compares with, by the recipe's id. Raises ZooError for a damaged file.
    """
    changed = []
    for folder in recorded(root).values():
        for file in sorted(folder.glob("*.json")):
            told = _read(file, partial(_json, file))
            if file.name != BUILD and told.get("schema") == 1:
                theirs = folder.parent / references.get(folder.parent.name, "") / file.name
                against = _read(theirs, partial(_json, theirs)) if theirs.is_file() else None
                write_atomic(file, pretty(_of_schema_2(told, against)).encode())
                changed.append(file)
    return changed


def _of_schema_2(told: dict[str, Any], reference: dict[str, Any] | None) -> dict[str, Any]:
    """Of one host: each suite with the reference's measurement by the same suite."""
    theirs = (reference or {}).get("suites", {})
    same = {
        name
        for name, one in told["suites"].items()
        if theirs.get(name, {}).get("tree_digest") == one["reference_digest"]
    }
    suites = {name: migrated(one, theirs[name] if name in same else None) for name, one in told["suites"].items()}
    whole = {
        name: Measurement.model_validate(one).model_dump(mode="json", by_alias=True) for name, one in suites.items()
    }
    return {"schema": 2, "suites": whole}


def _json(file: Path) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(file.read_bytes())
    return told


def _read(file: Path, parse: Callable[[], T]) -> T:
    try:
        return parse()
    except (ValueError, KeyError, TypeError, AttributeError) as error:  # pydantic's ValidationError is a ValueError
        first = str(error).splitlines()
        raise ZooError(
            f"{file} is damaged or of another version: {' '.join(first[:3])}; was a merge left unfinished?"
        ) from None
