"""The steps that make rows of folds: first which row is in which fold, then the data set of one fold.

`folds.json` of the first has, by split and line, the folds that the line is held out in ([] where it is in none, all
where `rows` leaves it out), and by fold the number and SHA-256 of the rows that its training and its scoring see.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from zoosmith.build.crossval.request import LEARNT, require_columns
from zoosmith.common.canonical import canonical, pretty
from zoosmith.contract.errors import BuildError
from zoosmith.execution.worker import Step
from zoosmith.recipes.schema import Folding
from zoosmith.sources import folds
from zoosmith.store.files import sha256_file

HELD_OUT = "eval"  # the split of a fold's data set that scores it
PLAN = "folds.json"
SHOWN = 8
Lines = Mapping[str, Sequence[bytes]]


def plan(step: Step) -> None:
    """Write `folds.json`. Raises ZooError where rows cannot be folded so."""
    how = Folding.model_validate(step.run["how"])
    lines = {split: _lines(step, step.run["data"], split) for split in step.inputs["splits"]}
    rows = {split: _rows(split, lines[split], step.run["task_inputs"], how, step.run["name"]) for split in lines}
    learnt = [row for split in LEARNT for row in rows.get(split, ())]
    chosen = _given(learnt, lines, how) if how.column else folds.assigned(learnt, how.folds, how.seed, how.rows)
    folds.refuse_shared(learnt, chosen)
    folds.refuse_bare(learnt, chosen)
    count = max(chosen)
    held = {split: _held(rows[split], learnt, chosen, count) for split in rows}
    found = {
        "held": held,
        "folds": [_about(lines, held, fold) for fold in range(1, count + 1)],
        "rows": sum(fold != folds.LEFT_OUT for fold in chosen),
        "rows_total": len(learnt),
    }
    (step.out / PLAN).write_text(json.dumps(found), encoding="utf-8")


def fold_data(step: Step) -> None:
    """Write the data set of one fold: the builder's splits without its rows, and these rows as `eval`."""
    held = json.loads(step.store.read(step.inputs["plan"], PLAN))["held"]
    lines = {split: _lines(step, step.run["data"], split) for split in held}
    info = json.loads(step.store.read(step.run["data"], "data.json"))
    info["splits"] = {}
    for split, seen in _seen(lines, held, step.inputs["fold"]):
        file = step.out / f"{split}.jsonl"
        file.write_bytes(b"".join(seen))
        info["splits"][split] = {"rows": len(seen), "sha256": sha256_file(file)}
    if info["splits"] != step.run["splits"]:
        raise BuildError(f"the rows of {step.run['name']} are not those that its folds were made of; run it again")
    (step.out / "data.json").write_text(pretty(info), encoding="utf-8")


def _lines(step: Step, tree: str, split: str) -> list[bytes]:
    """The lines of a split with their ends."""
    folder = step.parent(tree, f"data-{split}", only=(f"{split}.jsonl",))
    return (folder / f"{split}.jsonl").read_bytes().splitlines(keepends=True)


def _rows(split: str, lines: Sequence[bytes], inputs: Sequence[str], how: Folding, name: str) -> list[folds.Row]:
    """What folding needs of each row. Twins share the task's inputs, in whatever order: a pair and its swapped one."""
    found = []
    for number, line in enumerate(lines, 1):
        row = json.loads(line)
        require_columns((*how.groups, *filter(None, [how.column])), tuple(row), name)
        texts = [row[column] for column in inputs if column in row] or [v for k, v in row.items() if k != "label"]
        content = hashlib.sha256(canonical(sorted(map(_text, texts)))).hexdigest()
        values = [value for column in how.groups for value in _values(row[column])]
        keys = ((folds.TEXT, content), *((" or ".join(how.groups), value) for value in values))
        found.append(folds.Row(split, number, str(row.get("label", "")), keys, content))
    return found


def _text(value: Any) -> str:
    return canonical(value).decode()


def _values(cell: Any) -> list[str]:
    """What a cell of a grouping column names: one thing, or each of a list."""
    return [str(value) for value in cell] if isinstance(cell, list) else [str(cell)]


def _given(rows: Sequence[folds.Row], lines: Lines, how: Folding) -> list[int]:
    """The folds that a column says, numbered in the order of its values. Raises BuildError for another number."""
    told = [_text(json.loads(lines[row.split][row.line - 1])[str(how.column)]) for row in rows]
    names = sorted(set(told))
    if len(names) != how.folds:
        raise BuildError(
            f"the column {how.column!r} names {len(names)} folds ({', '.join(names[:SHOWN])}), and {how.folds} are "
            f"asked for; write `crossval: {{folds: {len(names)}, column: {how.column}}}` in the recipe"
        )
    return [names.index(value) + 1 for value in told]


def _held(rows: Sequence[folds.Row], learnt: Sequence[folds.Row], chosen: Sequence[int], count: int) -> list[list[int]]:
    """By line, the folds that do not train on it: its own; for rows of other splits those of what they share."""
    whole = list(range(1, count + 1))
    own = {
        (row.split, row.line): whole if fold == folds.LEFT_OUT else [fold]
        for row, fold in zip(learnt, chosen, strict=True)
    }
    shared: dict[tuple[str, str], set[int]] = {}
    for row in learnt:
        for key in row.keys:
            shared.setdefault(key, set()).update(own[row.split, row.line])
    return [own.get((row.split, row.line)) or sorted(_of_all(shared, row.keys)) for row in rows]


def _of_all(shared: Mapping[tuple[str, str], set[int]], keys: Sequence[tuple[str, str]]) -> set[int]:
    """The folds that any of the keys is in."""
    return set().union(*(shared.get(key, set()) for key in keys))


def _seen(lines: Lines, held: Mapping[str, Sequence[Sequence[int]]], fold: int) -> Iterator[tuple[str, list[bytes]]]:
    """The lines of each split of a fold's data set; those that it is scored on come last."""
    for split, where in held.items():
        yield split, [line for line, out in zip(lines[split], where, strict=True) if fold not in out]
    learnt = [pair for split in LEARNT if split in held for pair in zip(lines[split], held[split], strict=True)]
    yield HELD_OUT, [line for line, out in learnt if list(out) == [fold]]


def _about(lines: Lines, held: Mapping[str, Sequence[Sequence[int]]], fold: int) -> dict[str, dict[str, Any]]:
    """Number and SHA-256 of the rows of each split. Raises BuildError where one is left without."""
    found = {}
    for split, seen in _seen(lines, held, fold):
        if not seen:
            raise BuildError(f"fold {fold} leaves no row of {split}; take fewer folds, or more rows")
        found[split] = {"rows": len(seen), "sha256": hashlib.sha256(b"".join(seen)).hexdigest()}
    return found
