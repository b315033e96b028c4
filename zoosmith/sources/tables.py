"""Tables of rows from files (CSV, JSON lines, Parquet) and from a hub's data sets."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any, NamedTuple

from zoosmith.common.names import nearest
from zoosmith.contract.errors import ZooError
from zoosmith.recipes.schema import Data
from zoosmith.sources import hf


class Table(NamedTuple):
    """Rows, and the names of the classes if the source declares them."""

    rows: list[dict[str, Any]]
    labels: list[str]


def from_path(path: Path, split: str) -> Table:
    """The split of a folder (`<split>.csv|.jsonl|.parquet`), or of one file, whose stem is the split.

    Raises ZooError naming file and line of a row that cannot be read.
    """
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    found = {file.stem: file for file in files if file.suffix in READERS}
    if split not in found:
        raise ZooError(f"{path} has no split {split!r} as .csv, .jsonl or .parquet{nearest(split, found)}")
    file = found[split]
    return READERS[file.suffix](file)


def _csv(file: Path) -> Table:
    with file.open(encoding="utf-8", newline="") as lines:
        reader = csv.DictReader(lines, strict=True)
        rows = []
        try:
            for row in reader:
                if None in row or None in row.values():
                    raise ZooError(f"{file}:{reader.line_num}: {_columns(row)} instead of {reader.fieldnames}")
                rows.append(dict(row))
        except (csv.Error, UnicodeDecodeError) as error:
            raise ZooError(f"{file}:{reader.line_num + 1}: unreadable row: {error}") from None
    return Table(rows, [])


def _columns(row: dict[Any, Any]) -> str:
    return "more columns" if None in row else f"columns {[name for name, value in row.items() if value is not None]}"


def _jsonl(file: Path) -> Table:
    rows = []
    for number, line in enumerate(file.read_bytes().splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            raise ZooError(f"{file}:{number}: unreadable row: {error}") from None
        if not isinstance(row, dict):
            raise ZooError(f'{file}:{number}: expected an object such as {{"text": ...}}, found {line[:40]!r}')
        rows.append(row)
    return Table(rows, [])


def _parquet(file: Path) -> Table:
    import pyarrow

    try:
        from datasets import Dataset

        return _from_dataset(Dataset.from_parquet(str(file), keep_in_memory=True))
    except pyarrow.ArrowException as error:
        raise ZooError(f"{file}: unreadable Parquet: {error}") from None


READERS = {".csv": _csv, ".jsonl": _jsonl, ".parquet": _parquet}


def from_hub(data: Data, split: str) -> Table:
    """A split of a hub's data set at its commit, through `datasets` and its cache. Raises ZooError."""
    import datasets

    assert data.repo is not None and data.revision is not None
    try:
        found = datasets.load_dataset(data.repo, data.config, split=split, revision=data.revision)
    except Exception as error:  # the library raises many kinds; each becomes one line with what to do
        raise ZooError(hf.explain(f"datasets/{data.repo}", data.revision, error)) from None
    return _from_dataset(found)


def _from_dataset(found: Any) -> Table:
    labels: list[str] = next((f.names for f in found.features.values() if hasattr(f, "names")), [])
    return Table(found.to_list(), list(labels))
