"""Answers to every row of a file: a new file with the same rows, whole or not at all.

What was answered waits beside the new file, in one that is named after what decides the answers. A run that was killed
is gone on with by the same command.
"""

from __future__ import annotations

import argparse
import csv
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from zoosmith.app.cli.commands._progress import Progress
from zoosmith.common.names import nearest
from zoosmith.contract.errors import ZooError

if TYPE_CHECKING:
    from zoosmith.predictor import Predictor
    from zoosmith.sources.table import Row, Table

READ, WRITTEN = (".csv", ".tsv", ".jsonl"), (".csv", ".jsonl")
ANSWER, SCORE, SCORES = "prediction", "score", "scores"


def answer_rows(model: Predictor, given: argparse.Namespace) -> None:
    """Write the rows of `given.input` with the artifact's answers to `given.output`.

    Raises ZooError naming file, line and column for what cannot be asked; then nothing is at `given.output`.
    """
    from zoosmith.predictor import folder_of

    _check(given)
    progress = Progress(unit="rows")
    columns = _columns(model, given.column)
    table = _table(given.input, columns, progress)
    waiting = _waiting(given, folder_of(given.name), columns)
    try:
        with waiting.open("ab") as kept:
            done = _whole_lines(waiting)
            kept.truncate(done.size)
            if done.lines:
                progress.say(f"{done.lines:,} rows are answered already; going on from there")
            progress.begin(f"answering {given.input.name}", table.count() - done.lines)
            for line in _answered(model, table, columns, skip=done.lines):
                kept.write(line)
                kept.flush()
                progress.won(1)
    finally:
        progress.close()
    _finish(waiting, given.output)
    progress.say(f"wrote {given.output}")


def _check(given: argparse.Namespace) -> None:
    for option, file, known in (("--input", given.input, READ), ("--output", given.output, WRITTEN)):
        if file.suffix.lower() not in known:
            raise ZooError(f"{option} {file}: its name should end in {' or '.join(known)}")
    if not given.input.is_file():
        beside = [path.name for path in given.input.parent.glob("*") if path.suffix.lower() in READ]
        raise ZooError(f"--input {given.input}: no such file{nearest(given.input.name, beside)}")
    if given.output.exists():
        raise ZooError(f"--output {given.output}: it is there already; remove it, or name another")
    if not given.output.absolute().parent.is_dir():
        raise ZooError(f"--output {given.output}: there is no folder {given.output.absolute().parent}; make it first")


def _columns(model: Predictor, told: list[str]) -> dict[str, str]:
    """Column of each input of the task, in order."""
    inputs = model.task.spec.inputs
    said: dict[str, str] = {}
    for one in told:
        name, equals, column = one.partition("=")
        if not equals or name not in inputs:
            raise ZooError(f"--column {one}: expected INPUT=COLUMN with an input of {', '.join(inputs)}")
        if name in said:
            raise ZooError(f"--column {one}: {name} is in the column {said[name]!r} already; name it once")
        said[name] = column
    return {name: said.get(name, name) for name in inputs}


def _table(file: Path, columns: Mapping[str, str], progress: Progress) -> Table:
    from zoosmith.sources.tables import READERS

    return READERS[file.suffix.lower()](file, columns, progress.say)


def _answered(model: Predictor, table: Table, columns: Mapping[str, str], skip: int) -> Iterator[bytes]:
    """One line of JSON a row, from the one after `skip` rows on."""
    for count, (number, row) in enumerate(table.read()):
        if count < skip:
            continue
        try:
            [answer] = model.predict([_value(row, columns)])
        except ZooError as error:
            raise ZooError(f"{table.place(number)}: {str(error).removeprefix('input 1: ')}") from None
        told = {ANSWER: answer} if isinstance(answer, str) else _scored(answer)
        yield json.dumps(row | told, ensure_ascii=False).encode(errors="backslashreplace") + b"\n"  # as JSON writes it


def _scored(answer: Any) -> dict[str, Any]:
    """Label, its score, and of a classifier the score of every label; of a language model its text."""
    if hasattr(answer, "text"):
        return {ANSWER: answer.text}
    return {ANSWER: answer.label, SCORE: round(float(answer.score), 6), SCORES: answer.scores}


def _value(row: Row, columns: Mapping[str, str]) -> Any:
    if taken := [name for name in (ANSWER, SCORE, SCORES) if name in row]:
        raise ZooError(f"the column {taken[0]!r} would be written over; rename it in the input")
    for name, column in columns.items():
        if column not in row:
            raise ZooError(
                f"there is no column {column!r}{nearest(column, row)}; columns: {', '.join(row)}; "
                f"`--column {name}=COLUMN` says which one it is"
            )
    values = tuple(row[column] for column in columns.values())
    return values if len(values) > 1 else values[0]


def _waiting(given: argparse.Namespace, folder: Path, columns: Mapping[str, str]) -> Path:
    """Where answers wait: of this artifact to this file. What waits of another is removed."""
    from zoosmith.common.canonical import digest
    from zoosmith.contract.manifest import PAYLOAD_MANIFEST
    from zoosmith.store.files import sha256_file

    key = digest([sha256_file(folder / PAYLOAD_MANIFEST), sha256_file(given.input), dict(columns)])
    output: Path = given.output
    mine = output.with_name(f".{output.name}.{key[:16]}.partial")
    for other in output.parent.glob(f".{output.name}.*.partial"):
        if other != mine:
            other.unlink()
    return mine


class _Whole(NamedTuple):
    """How many whole lines a file has, and how many bytes they take."""

    lines: int
    size: int


def _whole_lines(file: Path) -> _Whole:
    lines = size = 0
    with file.open("rb") as stream:
        for line in stream:
            if line.endswith(b"\n"):
                lines, size = lines + 1, size + len(line)
    return _Whole(lines, size)


def _finish(waiting: Path, output: Path) -> None:
    """Put the answers in place, as JSON lines or as CSV."""
    if output.suffix.lower() == ".jsonl":
        waiting.replace(output)
        return
    made, columns = waiting.with_suffix(".csv"), dict.fromkeys(name for row in _kept(waiting) for name in row)
    with made.open("w", encoding="utf-8", errors="backslashreplace", newline="") as file:
        writer = csv.DictWriter(file, list(columns))
        writer.writeheader()
        writer.writerows(_kept(waiting))
    made.replace(output)
    waiting.unlink()


def _kept(waiting: Path) -> Iterator[dict[str, Any]]:
    """The rows that wait, as a table can hold them; of JSON lines each may have columns of its own."""
    with waiting.open(encoding="utf-8") as lines:
        for line in lines:
            yield {name: value for name, value in json.loads(line).items() if name != SCORES}
