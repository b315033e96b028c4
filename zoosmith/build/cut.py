"""How many rows are longer than a model reads: what decides may stand in what is cut off."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from zoosmith.execution.worker import Step

BATCH = 512  # rows
MUCH = 0.05


def count_cut(step: Step, task: Any) -> None:
    """Note of each split of the task's data how many rows are cut, and of how many; say it where there are any.

    Tasks without `cut` read texts in another way.
    """
    if step.run["data"] is None or not hasattr(task, "cut"):
        return
    found: dict[str, tuple[int, int]] = {}
    for split in json.loads(step.store.read(step.run["data"], "data.json"))["splits"]:
        if told := _counted(step, task, split):
            found[split] = told
    step.note("cut", found)
    for split, (cut, rows) in found.items():
        if cut:
            step.say(sentence(split, cut, rows, task.spec.max_length))


def sentence(split: str, cut: int, rows: int, max_length: int) -> str:
    """For the log: a warning where more than a twentieth is cut."""
    warning = "warning: " if cut > MUCH * rows else ""
    hint = "; what decides may be lost, see `max_length`" if warning else ""
    return f"{warning}{cut / rows:.1%} of the rows of {split} ({cut} of {rows}) are cut at {max_length} tokens{hint}"


def _counted(step: Step, task: Any, split: str) -> tuple[int, int] | None:
    file = step.parent(step.run["data"], f"data-{split}", only=(f"{split}.jsonl",)) / f"{split}.jsonl"
    cut = rows = 0
    for lines in _batches(file):
        told = task.cut([task.example(json.loads(line)) for line in lines])
        if told is None:
            return None
        cut, rows = cut + told, rows + len(lines)
    return cut, rows


def _batches(file: Path) -> Iterator[list[bytes]]:
    with file.open("rb") as lines:
        while batch := list(islice(lines, BATCH)):
            yield batch
