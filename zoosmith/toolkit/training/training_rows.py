"""Which rows a training learns from, and which it chooses by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, Field

from zoosmith.contract.errors import BuildError
from zoosmith.contract.job import Job

T = TypeVar("T")


class TrainingRows(BaseModel):
    """train_rows: how many rows of `train` are used, from the front (all if null).

    train_on_dev: learn from `dev` too, as one does once the settings are uptodate_safe; then nothing is chosen, and the
    last epoch is kept.
    """

    train_rows: int | None = Field(default=None, ge=1)
    train_on_dev: bool = False


def training_examples(job: Job, chosen: TrainingRows) -> tuple[list[Any], list[Any]]:
    """Examples to learn from and examples to choose by (none with `train_on_dev`). BuildError for an empty split."""
    train = [job.task.example(row) for row in job.rows("train")[: chosen.train_rows]]
    dev = [job.task.example(row) for row in job.rows("dev")]
    if not train or not dev:
        raise BuildError("training needs rows in `train` and in `dev`")
    return (train + dev, []) if chosen.train_on_dev else (train, dev)


def spread(rows: Sequence[T], count: int) -> list[T]:
    """At most `count` rows, evenly spaced from the first on: what measures with few rows sees all of a split."""
    count = min(count, len(rows))
    return [rows[i * len(rows) // count] for i in range(count)]
