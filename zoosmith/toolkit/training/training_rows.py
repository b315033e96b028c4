"""Which rows a training learns from, and which it chooses by."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import chain, cycle, islice
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, Field

from zoosmith.contract.errors import BuildError
from zoosmith.contract.job import Job

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

T = TypeVar("T")


class TrainingRows(BaseModel):
    """train_rows: how many rows of `train` are used, from the front (all if null).

    train_on_dev: learn from `dev` too, as one does once the settings are settled; then nothing is chosen, and the
    last epoch is kept.
    oversample: rows of smaller classes are repeated until each class has as many as the largest. Only what is learnt
    from is repeated, after the splits were made: done before, copies of one row stand on both sides of a split.
    """

    train_rows: int | None = Field(default=None, ge=1)
    train_on_dev: bool = False
    oversample: bool = False


def training_examples(job: Job, chosen: TrainingRows) -> tuple[list[Any], list[Any]]:
    """Examples to learn from and examples to choose by (none with `train_on_dev`). BuildError for an empty split.

    With `oversample`, how many rows of each class were repeated becomes the fact `oversampled`.
    """
    train = [job.task.example(row) for row in job.rows("train")[: chosen.train_rows]]
    dev = [job.task.example(row) for row in job.rows("dev")]
    if not train or not dev:
        raise BuildError("training needs rows in `train` and in `dev`")
    train, dev = (train + dev, []) if chosen.train_on_dev else (train, dev)
    return (_oversampled(job, train) if chosen.oversample else train), dev


def _oversampled(job: Job, examples: Sequence[T]) -> list[T]:
    """`balanced`, told in the manifest."""
    learnt = balanced(examples, job.task.targets(examples))
    before, after = (Counter(job.task.targets(each).tolist()) for each in (examples, learnt))
    labels = job.task.spec.labels
    job.fact("oversampled", {labels[target]: after[target] - before[target] for target in sorted(after)})
    return learnt


def balanced(examples: Sequence[T], targets: NDArray[np.int64]) -> list[T]:
    """The examples, then those of smaller classes again in their order, until each class has as many as the largest."""
    classes: dict[int, list[T]] = {}
    for example, target in zip(examples, targets.tolist(), strict=True):
        classes.setdefault(target, []).append(example)
    most = max(map(len, classes.values()))
    more = (islice(cycle(found), most - len(found)) for _, found in sorted(classes.items()))
    return [*examples, *chain.from_iterable(more)]


def spread(rows: Sequence[T], count: int) -> list[T]:
    """At most `count` rows, evenly spaced from the first on: what measures with few rows sees all of a split."""
    count = min(count, len(rows))
    return [rows[i * len(rows) // count] for i in range(count)]
