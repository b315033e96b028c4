"""The data step: rows of a data set as canonical JSON lines, one file a split, and data.json over them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import Any

from zoosmith import plugins
from zoosmith.common.canonical import canonical, pretty
from zoosmith.common.names import nearest
from zoosmith.contract.errors import ZooError
from zoosmith.execution.worker import Step
from zoosmith.recipes.schema import SPLITS_FOR_BUILDERS, Data
from zoosmith.sources.tables import Table, from_hub, from_path
from zoosmith.store.files import sha256_file

SLICE = re.compile(r"(?P<name>[^\[\]]+)(?:\[(?P<start>-?\d*):(?P<stop>-?\d*)\])?")


def run(step: Step) -> None:
    """Write the splits that the recipe names. Raises ZooError for bad rows, overlaps and unknown names."""
    data = Data.model_validate(step.run["data"])
    if data.builtin:
        splits, columns, labels = _generated(data, step)
    else:
        splits, columns, labels = _read(data, step)
    info: dict[str, Any] = {"labels": labels, "license": data.license, "splits": {}}
    texts: dict[str, set[bytes]] = {}
    for name, rows in splits.items():
        mapped = [
            _mapped(row, columns, labels, f"{step.run['name']}, split {name}, row {i}") for i, row in enumerate(rows)
        ]
        texts[name] = {_content(row) for row in mapped}
        info["splits"][name] = _write(step.out / f"{name}.jsonl", mapped)
    _note_overlap(info, texts)
    (step.out / "data.json").write_text(pretty(info), encoding="utf-8")


def _generated(data: Data, step: Step) -> tuple[dict[str, list[dict[str, Any]]], dict[str, str], list[str]]:
    assert data.builtin is not None
    module = plugins.load("builtin", data.builtin, step.project)
    made = module.generate(module.Params(**data.params))
    shared = [name for name, count in Counter(data.splits.values()).items() if count > 1]
    if shared:
        raise ZooError(f"two splits are both {shared[0]!r} of {data.builtin}; no row may stand in two splits")
    splits = {ours: made[theirs] for ours, theirs in (data.splits or {name: name for name in made}).items()}
    return splits, dict(data.columns or module.COLUMNS), list(data.labels or module.LABELS)


def _read(data: Data, step: Step) -> tuple[dict[str, list[dict[str, Any]]], dict[str, str], list[str]]:
    tables: dict[str, Table] = {}
    taken: dict[str, list[tuple[str, range]]] = {}
    splits: dict[str, list[dict[str, Any]]] = {}
    for ours, expression in data.splits.items():
        for part in expression.split("+"):
            name, match = _slice(ours, part.strip())
            if name not in tables:
                step.progress(text=f"reading {name}")
                tables[name] = joined(_table(data, name, step.project), data)
            chosen = _range(match, len(tables[name].rows))
            _refuse_overlap(ours, chosen, taken.setdefault(name, []))
            if not chosen:
                raise ZooError(f"split {ours}: {part.strip()!r} is empty; {name} has {len(tables[name].rows)} rows")
            splits.setdefault(ours, []).extend(tables[name].rows[i] for i in chosen)
    labels = list(data.labels) or next((table.labels for table in tables.values() if table.labels), [])
    return splits, dict(data.columns), labels or _seen_labels(splits, data.columns)


def _table(data: Data, split: str, project: Path) -> Table:
    return from_hub(data, split) if data.repo else from_path(project / str(data.path), split)


def joined(table: Table, data: Data) -> Table:
    """The table with a row for each document, where the recipe says how documents begin.

    Rows before the first beginning are a document of their own unless they are blank. Raises ZooError where no row
    begins a document.
    """
    if data.documents is None:
        return table
    begins, column = re.compile(data.documents), data.columns["text"]
    texts = [str(row.get(column) or "").removesuffix("\n") + "\n" for row in table.rows]
    starts = [i for i, text in enumerate(texts) if begins.search(text)]
    if not starts:
        raise ZooError(f"documents: {data.documents!r} is found in none of {len(texts)} rows of the column {column!r}")
    bounds = sorted({0, *starts, len(texts)})
    parts = (("".join(texts[i:j]), table.rows[i]) for i, j in pairwise(bounds))
    return Table([row | {column: text} for text, row in parts if text.strip()], table.labels)


def _slice(ours: str, part: str) -> tuple[str, re.Match[str]]:
    match = SLICE.fullmatch(part)
    if not match:
        raise ZooError(f"split {ours}: {part!r} is not NAME or NAME[START:STOP]; several are joined by '+'")
    return match["name"], match


def _range(match: re.Match[str], rows: int) -> range:
    start, stop = (int(match[part]) if match[part] else None for part in ("start", "stop"))
    return range(*slice(start, stop).indices(rows))


def _refuse_overlap(ours: str, chosen: range, taken: list[tuple[str, range]]) -> None:
    for other, rows in taken:
        if chosen.start < rows.stop and rows.start < chosen.stop:
            raise ZooError(f"the splits {ours!r} and {other!r} share rows; give them ranges that do not overlap")
    taken.append((ours, chosen))


def _seen_labels(splits: dict[str, list[dict[str, Any]]], columns: dict[str, str]) -> list[str]:
    column = columns.get("label", "label")
    return sorted({str(row[column]) for rows in splits.values() for row in rows if row.get(column) is not None})


def _mapped(row: dict[str, Any], columns: dict[str, str], labels: list[str], where: str) -> dict[str, Any]:
    """The columns that the recipe names, under our names; a label index becomes the label's name."""
    mapped = {}
    for ours, theirs in columns.items():
        if theirs not in row:
            raise ZooError(f"{where}: no column {theirs!r}{nearest(theirs, row)}")
        mapped[ours] = row[theirs]
    if "label" in mapped and labels:
        mapped["label"] = _label(mapped["label"], labels, where)
    return mapped


def _label(value: Any, labels: list[str], where: str) -> str:
    """The label's name: whole numbers are indices, unless the labels themselves are written as numbers."""
    by_index = isinstance(value, int) and not isinstance(value, bool)
    if by_index and any(label.lstrip("-").isdigit() for label in labels):
        raise ZooError(
            f"{where}: label {value} is a number, and so are the labels {labels}: it may be an index or a name; "
            "write the column as text, or name the labels in words"
        )
    if by_index:
        if 0 <= value < len(labels):
            return labels[int(value)]
        raise ZooError(f"{where}: label {value} is outside the set 0..{len(labels) - 1} ({', '.join(labels)})")
    if str(value) not in labels:
        raise ZooError(f"{where}: label {value!r} is outside the set{nearest(str(value), labels)}")
    return str(value)


def _content(row: dict[str, Any]) -> bytes:
    return canonical({name: value for name, value in row.items() if name != "label"})


def _write(file: Path, rows: Iterable[dict[str, Any]]) -> dict[str, Any]:
    lines = [canonical(row) + b"\n" for row in rows]
    file.write_bytes(b"".join(lines))
    if not lines:
        raise ZooError(f"the split {file.stem!r} is empty: there is nothing to train on or to measure")
    return {"rows": len(lines), "sha256": sha256_file(file)}


def _note_overlap(info: dict[str, Any], texts: dict[str, set[bytes]]) -> None:
    """Count rows for measuring whose text builders may see too; cards report it."""
    seen: set[bytes] = set().union(*(texts[name] for name in SPLITS_FOR_BUILDERS if name in texts))
    for name in texts:
        if name not in SPLITS_FOR_BUILDERS:
            info["splits"][name]["texts_seen_by_builders"] = len(texts[name] & seen)
