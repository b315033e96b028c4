"""What is asked: rows of a file, or the probes of the artifact's task."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from zoosmith import plugins
from zoosmith.capacity.worker import writes
from zoosmith.common.names import nearest
from zoosmith.contract.errors import ZooError
from zoosmith.contract.task import Task
from zoosmith.predictor import bind, read_manifest

MOST = 10_000  # rows of a file that are read


def task_of(folder: Path, project: Path) -> Task:
    """The task of the artifact in `folder`. Raises ZooError where it answers none."""
    told = read_manifest(folder).task
    if told is None:
        raise ZooError(f"{folder} answers no task: there is nothing to ask; name an artifact that was trained for one")
    return bind(told.kind, told, folder, project)


def inputs_of(task: Task, data: Path | None) -> list[Any]:
    """Inputs as predictors take them: of the rows of a JSON lines file, else the task's probes. Labels are not needed.

    Raises ZooError naming file and line.
    """
    examples = list(task.probes()) if data is None else _examples(task, data)
    return [task.value(example) for example in examples]


def _examples(task: Task, file: Path) -> list[Any]:
    from zoosmith.sources.json_rows import table

    if not file.is_file():
        beside = [path.name for path in file.parent.glob("*.jsonl")] if file.parent.is_dir() else []
        raise ZooError(f"--data {file}: no such file{nearest(file.name, beside)}")
    rows, found = table(file, {}, lambda text: None), []
    for number, row in rows.read():
        asked = {name: value for name, value in row.items() if name in task.spec.inputs}
        try:
            found.append(task.example(asked or row))
        except ZooError as error:
            raise ZooError(f"{rows.place(number)}: {error}{nearest_columns(row, task)}") from None
        if len(found) == MOST:
            break
    if not found:
        raise ZooError(f"--data {file}: it has no rows; {task.spec.kind} takes {', '.join(task.spec.inputs)} in each")
    return found


def nearest_columns(row: dict[str, Any], task: Task) -> str:
    """Which column of the row may have been meant, for each that it lacks."""
    missing = [name for name in task.spec.inputs if name not in row]
    return "".join(f"{nearest(name, row)}" for name in missing[:1])


def tokens_of(task: Task, asked: int | None, default: int, project: Path) -> int | None:
    """How many tokens each answer has; None where the task's answers are no text.

    Raises ZooError where tokens were asked for all the same.
    """
    if writes(plugins.load_part("tasks", task.spec.kind, "scoring", project)):
        return asked or default
    if asked is not None:
        raise ZooError(f"--tokens {asked}: an answer of {task.spec.kind} is no text that a model writes; leave it out")
    return None
