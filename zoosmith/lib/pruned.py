"""What every builder ends with that removed parts of an encoder."""

from __future__ import annotations

from typing import Any

from zoosmith.contract import Job, Logits, Resources
from zoosmith.lib import checkpoint, structure
from zoosmith.lib.forward import TorchForward
from zoosmith.lib.recovery import Recovery, recover


def finish(job: Job, model: Any, recovery: Recovery | None) -> Logits:
    """Train on if told to, save, state what is left."""
    recover(job, model, recovery)
    checkpoint.set_labels(model, job.task.spec.labels)
    checkpoint.save_model(model, job.out)
    checkpoint.copy_tokenizer(job.parent.path, job.out)
    for name, value in structure.facts(model).items():
        job.fact(name, value)
    return TorchForward(model, job.device).logits


def resources(recovery: Recovery | None, parents: dict[str, int]) -> Resources:
    """Weights, activations of 32 rows, and with recovery gradients and two moments; `parents` maps roles to bytes."""
    copies = 6 if recovery else 5
    return Resources(cpus=2 if recovery else 1, memory_mb=2048 + copies * sum(parents.values()) // 2**20)
