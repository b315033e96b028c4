"""Rows of Arrow tables: Parquet files, and data sets of a hub, which `datasets` keeps as such.

Class names of a Parquet file stand in its metadata, under the key `huggingface`, as `datasets` writes them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from zoosmith.contract.errors import ZooError
from zoosmith.sources.lines import refuse_pointer
from zoosmith.sources.table import Rows, Table

BATCH = 1024  # rows


def table(file: Path, columns: Mapping[str, str], say: Callable[[str], None]) -> Table:
    """The rows of a Parquet file, its mapped columns alone. Raises ZooError naming the file."""
    import pyarrow
    from pyarrow import parquet

    with file.open("rb") as bytes_of:
        refuse_pointer(file, bytes_of.read(100))
    try:
        with parquet.ParquetFile(file) as opened:
            schema, count = opened.schema_arrow, opened.metadata.num_rows
    except (pyarrow.ArrowException, OSError) as error:
        raise ZooError(f"{file}: unreadable Parquet: {error}") from None
    if twice := sorted({name for name in columns.values() if schema.names.count(name) > 1}):
        raise ZooError(f"{file}: two columns are called {twice[0]!r}; give each a name of its own")
    labels = class_names(schema, columns.get("label"))
    return Table(str(file), lambda: _rows(file, _wanted(schema.names, columns)), lambda: count, labels)


def _rows(file: Path, columns: list[str]) -> Rows:
    import pyarrow
    from pyarrow import parquet

    try:
        with parquet.ParquetFile(file) as opened:
            batches = (batch.to_pylist() for batch in opened.iter_batches(BATCH, columns=columns))
            yield from enumerate((row for batch in batches for row in batch), 1)
    except (pyarrow.ArrowException, OSError) as error:
        raise ZooError(f"{file}: unreadable Parquet: {error}") from None


def _wanted(names: list[str], columns: Mapping[str, str]) -> list[str]:
    """The mapped columns; all where one is missing, so that the message can name the nearest."""
    mapped = set(columns.values())
    return [name for name in names if name in mapped] if mapped and mapped <= set(names) else names


def class_names(schema: Any, column: str | None) -> tuple[str, ...]:
    """Names of the classes that the metadata of an Arrow schema declares for a column, or none."""
    try:
        features = json.loads((schema.metadata or {})[b"huggingface"])["info"]["features"]
        return _names(features.get(column))
    except (KeyError, TypeError, AttributeError, ValueError):  # none, or of another writer: labels are as they are then
        return ()


def _names(feature: Any) -> tuple[str, ...]:
    names = feature.get("names") if isinstance(feature, dict) else getattr(feature, "names", None)
    return tuple(names) if isinstance(names, list) and all(isinstance(name, str) for name in names) else ()


def of_dataset(title: str, found: Any, columns: Mapping[str, str]) -> Table:
    """The rows of a `datasets.Dataset`, its mapped columns alone, read batch by batch from its memory map."""
    chosen = found.select_columns(_wanted(found.column_names, columns))
    labels = _names(found.features.get(columns.get("label")))

    def read() -> Rows:
        return enumerate(_unbatched(chosen.iter(BATCH)), 1)

    return Table(title, read, lambda: len(found), labels)


def _unbatched(batches: Iterable[dict[str, list[Any]]]) -> Iterable[dict[str, Any]]:
    for batch in batches:
        for values in zip(*batch.values(), strict=True):
            yield dict(zip(batch, values, strict=True))
