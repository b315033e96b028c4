"""The task's loss on rows of a split: finer than accuracy, for choosing between models on `dev`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from zoosmith.contract.errors import BuildError
from zoosmith.contract.job import Job
from zoosmith.contract.session import Classifier
from zoosmith.toolkit.training.training_rows import spread

BATCH = 32


def dev_examples(job: Job, count: int) -> list[Any]:
    """At most `count` examples of `dev`, evenly spaced. Raises BuildError where there are none."""
    examples = [job.task.example(row) for row in spread(job.rows("dev"), count)]
    if not examples:
        raise BuildError("models are compared on rows of `dev`, which is empty")
    return examples


def mean_loss(job: Job, session: Classifier, examples: Sequence[Any]) -> float:
    """Mean loss of a model on examples, in nats."""
    import torch

    total = 0.0
    for start in range(0, len(examples), BATCH):
        batch = examples[start : start + BATCH]
        answers = torch.from_numpy(session.classify(job.task.encode(batch)))
        total += float(job.task.loss(answers, torch.from_numpy(job.task.targets(batch)))) * len(batch)
    return total / len(examples)
