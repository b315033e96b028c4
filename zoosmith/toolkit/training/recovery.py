"""Fine-tuning after parts of a model were removed, so that the rest takes over."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from zoosmith.contract.job import Job
from zoosmith.contract.params import Params
from zoosmith.toolkit.causal.label_head import trainable
from zoosmith.toolkit.training.train import Hyperparameters, fit
from zoosmith.toolkit.training.training_rows import TrainingRows, training_examples


class Recovery(Params, Hyperparameters, TrainingRows):
    """Hyperparameters of the training, gentler than of a first one, and which rows are learnt from."""

    epochs: int = Field(default=1, ge=1)
    learning_rate: float = Field(default=2e-5, gt=0)


def recover(job: Job, model: Any, recovery: Recovery | None) -> None:
    """Train `model` in place where `recovery` is given. Raises BuildError as `fit` does."""
    if recovery is None:
        return
    train, dev = training_examples(job, recovery)
    fit(job, trainable(job, model), train, dev, recovery)
    job.fact("recovery_examples", len(train))
