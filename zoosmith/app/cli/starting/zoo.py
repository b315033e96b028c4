"""A zoo out of a table: its rows are looked at and split, a recipe and a README are written."""

from __future__ import annotations

import csv
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from zoosmith.app.cli.starting import recipe
from zoosmith.app.cli.starting.division import divided
from zoosmith.app.cli.starting.survey import Labelled, Survey, surveyed
from zoosmith.common.names import nearest
from zoosmith.contract.errors import ZooError

if TYPE_CHECKING:
    from zoosmith.sources.table import Row, Table

KNOWN = (".csv", ".tsv", ".jsonl")
README = """\
# {title}

A model zoo: [recipes/{name}.yaml](recipes/{name}.yaml) says what is made of {file}.

```sh
zoosmith build {name}-onnx-int8     # trains, converts, measures; the first time it fetches the base
zoosmith ls{gap}# what there is
zoosmith run {name}-onnx-int8 "some text"
```

`model_cards/{name}-onnx-int8.md` says how good and how fast it is, with intervals, and what it loses against
`{name}-fp32`. `data/` holds the rows: {train:,} to learn from, {dev:,} to choose by, {test:,} that are only ever asked.
"""


def read(file: Path, text: str, label: str, say: Callable[[str], None] = lambda line: None) -> Survey:
    """What the table holds. Raises ZooError naming file, line and column for what cannot be read."""
    from zoosmith.sources.tables import READERS

    if file.suffix.lower() not in KNOWN:
        raise ZooError(f"{file}: expected {', '.join(KNOWN)}; found {file.suffix or 'no ending'}")
    if not file.is_file():
        beside = [path.name for path in file.parent.glob("*") if path.suffix.lower() in KNOWN]
        raise ZooError(f"{file}: no such file{nearest(file.name, beside)}")
    table = READERS[file.suffix.lower()](file, {"text": text, "label": label}, say)
    return surveyed(_labelled(table, text, label), str(file))


def _labelled(table: Table, text: str, label: str) -> Iterator[tuple[str, object, object]]:
    for number, row in table.read():
        _require(row, text, "--text", table, number)
        _require(row, label, "--label", table, number)
        yield table.place(number), row[text], row[label]


def _require(row: Row, column: str, option: str, table: Table, number: int) -> None:
    if column not in row:
        raise ZooError(
            f"{table.place(number)}: there is no column {column!r} ({option}){nearest(column, row)}; columns: "
            f"{', '.join(row)}"
        )


def name_of(file: Path) -> str:
    """The id of the family: the file's name in lower case, with hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", file.stem.lower()).strip("-") or "mine"


def write(folder: Path, file: Path, survey: Survey, license: str) -> str:
    """Fill a zoo's folder; returns the family's id."""
    name, splits = name_of(file), divided(survey.rows)
    for split, rows in splits.items():
        _write_rows(folder / "data" / f"{split}.csv", rows)
    (folder / "recipes" / f"{name}.yaml").write_text(recipe.text(name, survey, license), encoding="utf-8")
    counts = {split: len(rows) for split, rows in splits.items()}
    gap = " " * len(f"build {name}-onnx-int8   ")
    about = README.format(title=name, name=name, file=file.name, gap=gap, **counts)
    (folder / "README.md").write_text(about, encoding="utf-8")
    return name


def _write_rows(file: Path, rows: Sequence[Labelled]) -> None:
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(Labelled._fields)
        writer.writerows(rows)


def license_of(given: str | None) -> str:
    """What the data allows: as given, or asked for on a terminal. Raises ZooError where nobody can be asked."""
    if given:
        return given
    if not sys.stdin.isatty():
        raise ZooError("--license is missing: what may be done with models made of these rows, such as `apache-2.0`, "
                       "`cc-by-4.0`, or `other` for something of your own; it stands on every card")  # fmt: skip
    return input("License of what is made of these rows (apache-2.0, cc-by-4.0, other) [other]: ").strip() or "other"
