"""The data step: rows of a data set as canonical JSON lines, one file a split, and data.json over them.

Rows flow one by one from a table through documents, columns and labels into files: memory does not grow with them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from zoosmith import plugins
from zoosmith.common.canonical import pretty
from zoosmith.common.names import nearest
from zoosmith.contract.errors import ZooError
from zoosmith.execution.worker import Step
from zoosmith.recipes.schema import SPLITS_FOR_BUILDERS, Data
from zoosmith.sources import pieces, table, tables
from zoosmith.sources.columns import Columns
from zoosmith.sources.documents import joined
from zoosmith.sources.faults import BadRow, Faults
from zoosmith.sources.labels import TRAIN, Given
from zoosmith.sources.seen_labels import Seen
from zoosmith.sources.slices import Slices, with_slices
from zoosmith.sources.table import Table
from zoosmith.sources.written import Written

TOLD_EVERY = 1000  # rows


class Source(NamedTuple):
    """Where rows come from: opens tables by the source's names, and says columns, labels and splits."""

    open: Callable[[str], Table]
    columns: Mapping[str, str]
    labels: Sequence[str]
    splits: Mapping[str, str]


def run(step: Step) -> None:
    """Write the splits that the recipe names. Raises ZooError for bad rows, overlaps and unknown names."""
    data = Data.model_validate(step.run["data"])
    source = _generated(data, step) if data.builtin else _read(data, step)
    opened = {name: joined(source.open(name), data) for name in pieces.names(source.splits)}
    slices = Slices(step.run.get("slices", {}))
    labels = source.labels or _declared(opened)
    classes = Given(labels) if labels else Seen()
    written, named = _flow(step, source, opened, classes, slices)
    info: dict[str, Any] = {"labels": named, "license": data.license}
    if named and not labels:
        info["labels_from"] = "rows"  # in alphabetical order: nobody says which output of a model is which
    counted = written.finish(list(source.splits), SPLITS_FOR_BUILDERS)
    info["splits"] = {split: about | slices.of(split) for split, about in counted.items()}
    if untrained := classes.untrained():
        step.say(f"{step.run['name']}: no row of train is of the class {', '.join(untrained)}")
        info["splits"][TRAIN]["classes_without_rows"] = untrained
    (step.out / "data.json").write_text(pretty(info), encoding="utf-8")


def _flow(
    step: Step, source: Source, opened: Mapping[str, Table], classes: Given | Seen, slices: Slices
) -> tuple[Written, list[str]]:
    """Check and write every row; what is written, and the names of the classes. Raises ZooError."""
    columns, faults = Columns(source.columns, classes, slices.named), Faults()
    written = Written(step.out, step.scratch, slices.columns)
    for name, planned in pieces.planned(source.splits, opened).items():
        for i, (piece, place, row) in enumerate(pieces.taken(opened[name], planned)):
            if i % TOLD_EVERY == 0:
                step.progress(text=f"reading {name}, row {i + 1}")
            try:
                mapped = columns.mapped(piece.split, row, place)
                slices.add(piece.split, mapped)
                written.add(piece.split, piece.order, mapped)
            except BadRow as error:
                faults.add(f"{place} (split {piece.split})", str(error))
    named = classes.finish(faults)
    faults.refuse()
    for (split, column), (place, count) in columns.blank.items():
        step.say(f"{place}: {column!r} is empty text ({count} such rows in {split})")
    return written, named


def _generated(data: Data, step: Step) -> Source:
    assert data.builtin is not None
    module = plugins.load("builtin", data.builtin, step.project)
    made = module.generate(module.Params(**data.params))

    def open_(name: str) -> Table:
        if name not in made:
            raise ZooError(f"{data.builtin} has no split {name!r}{nearest(name, made)}")
        return table.of_list(f"{data.builtin} {name}", made[name])

    splits = data.splits or {name: name for name in made}
    return Source(open_, data.columns or module.COLUMNS, data.labels or module.LABELS, splits)


def _read(data: Data, step: Step) -> Source:
    def open_(name: str) -> Table:
        step.progress(text=f"reading {name}")
        return tables.from_hub(wanted, name) if data.repo else _from_files(wanted, step, name)

    wanted = with_slices(data, step.run.get("slices", {}))
    return Source(open_, data.columns, data.labels, data.splits)


def _from_files(data: Data, step: Step, name: str) -> Table:
    return tables.from_path(step.project / str(data.path), name, data, step.say)


def _declared(opened: Mapping[str, Table]) -> tuple[str, ...]:
    """The class names that the tables declare. Raises ZooError where two differ."""
    found = {one.title: one.labels for one in opened.values() if one.labels}
    if len(set(found.values())) > 1:
        listed = "; ".join(f"{title}: {', '.join(names)}" for title, names in found.items())
        raise ZooError(f"the classes of the splits differ: {listed}; name them under `labels` in the recipe")
    return next(iter(found.values()), ())
