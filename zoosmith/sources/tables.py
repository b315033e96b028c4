"""Tables of rows from files (CSV, JSON lines, Parquet) and from a hub's data sets."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path

from zoosmith.common.names import nearest
from zoosmith.contract.errors import ZooError
from zoosmith.recipes.schema import Data
from zoosmith.sources import arrow_rows, csv_rows, hf, json_rows
from zoosmith.sources.pieces import names
from zoosmith.sources.table import Table

Say = Callable[[str], None]
SPLIT_OF_A_HUB = re.compile(r"\w+(\.\w+)*")  # as `datasets` takes them
UNPACK = {".gz": "gunzip -k", ".bz2": "bunzip2 -k", ".xz": "unxz -k", ".zst": "unzstd", ".zip": "unzip"}
READERS = {
    ".csv": csv_rows.table,
    ".tsv": csv_rows.table,
    ".jsonl": json_rows.table,
    ".parquet": arrow_rows.table,
}


def from_path(path: Path, split: str, data: Data, say: Say = lambda text: None) -> Table:
    """The split of a folder (`<split>.csv|.tsv|.jsonl|.parquet`), or of one file, whose stem is the split.

    `say` is told what the reader had to find out. Raises ZooError where there is none, and while it is read for a row
    that cannot be.
    """
    file = file_of(path, split)
    for other in _unread(path.iterdir() if path.is_dir() else [], split):
        say(f"{file.name} is read for {split}; {other.name} beside it is not")
    return READERS[file.suffix.lower()](file, data.columns, say)


def file_of(path: Path, split: str) -> Path:
    """The one file that holds a split. Raises ZooError where there is none, or more than one."""
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    known = [file for file in files if file.suffix.lower() in READERS and file.is_file()]
    found = [file for file in known if file.stem == split]
    if not found:
        hint = _instead(files, split) or nearest(split, [file.stem for file in known])
        raise ZooError(f"{path} has no split {split!r} as .csv, .tsv, .jsonl or .parquet{hint}")
    if len(found) > 1:
        listed = " and ".join(file.name for file in found)
        raise ZooError(f"{path}: {listed} both hold the split {split!r}; keep one, or rename the other")
    return found[0]


def _unread(files: Iterable[Path], split: str) -> list[Path]:
    """Files that are named as the split is, and that no reader takes."""
    named = (file for file in files if file.name.startswith(f"{split}.") and file.is_file())
    return sorted(file for file in named if file.suffix.lower() not in READERS)


def _instead(files: Iterable[Path], split: str) -> str:
    """What to do with the file that may have been meant; "" where there is none."""
    for file in _unread(files, split):
        if file.suffix.lower() in UNPACK:
            return f"; {file.name} is compressed: unpack it first, `{UNPACK[file.suffix.lower()]} {file.name}`"
        if file.suffix.lower() in (".json", ".ndjson"):
            return f"; {file.name}: write it as JSON lines, one object a line, and call it {split}.jsonl"
        return f"; {file.name} is none of these: save it as one"
    return ""


def check_names(data: Data, project: Path) -> None:
    """Raise ZooError where a split of the source that the recipe names cannot exist, before anything is read."""
    for name in names(data.splits):
        if data.path:
            file_of(project / data.path, name)
        if data.repo and not SPLIT_OF_A_HUB.fullmatch(name):
            raise ZooError(f"{name!r} cannot be a split of {data.repo}: letters, digits, '_' and '.' only")


def from_hub(data: Data, split: str) -> Table:
    """A split of a hub's data set at its commit, through `datasets` and its cache. Raises ZooError."""
    import datasets

    assert data.repo is not None and data.revision is not None
    try:
        found = datasets.load_dataset(data.repo, data.config, split=split, revision=data.revision)
    except Exception as error:  # the library raises many kinds; each becomes one line with what to do
        raise ZooError(hf.explain(f"datasets/{data.repo}", data.revision, error)) from None
    return arrow_rows.of_dataset(f"{data.repo} {split}", found, data.columns)
