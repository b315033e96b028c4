"""What every builder ends with that removed parts of a model."""

from __future__ import annotations

from typing import Any

from zoosmith.contract.job import Job
from zoosmith.contract.output import Resources
from zoosmith.contract.session import Session
from zoosmith.toolkit.pruning import depth
from zoosmith.toolkit.torch import checkpoint, sessions
from zoosmith.toolkit.training.recovery import Recovery, recover
from zoosmith.toolkit.training.train import activations_mb


def finish(job: Job, model: Any, recovery: Recovery | None) -> Session:
    """Train on if told to, save, state what is left."""
    recover(job, model, recovery)
    checkpoint.set_labels(model, job.task.spec.labels)
    checkpoint.save_model(model, job.out)
    checkpoint.copy_tokenizer(job.parent.path, job.out)
    for name, value in depth.facts(model).items():
        job.fact(name, value)
    return sessions.session(model, job.out, job.device)


def resources(recovery: Recovery | None, parents: dict[str, int]) -> Resources:
    """Weights and activations, of 20 rows at least, and what recovery holds; `parents` maps roles to bytes.

    Importance is measured on 32 rows without an optimizer, which keep as much as 20 in training.
    """
    size, rows = sum(parents.values()) // 2**20, max(20, recovery.batch_size if recovery else 0)
    copies = 4 if recovery else 2
    return Resources(2 if recovery else 1, 1024 + copies * size, activations_mb(rows, parents))
