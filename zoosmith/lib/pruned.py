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
    """Weights and activations of 32 rows, or what recovery holds where that is more; `parents` maps roles to bytes.

    Activations of a row of 128 tokens that is trained on take a third of BERT-base's weights.
    """
    size = sum(parents.values()) // 2**20
    measuring = 2048 + 5 * size
    if recovery is None:
        return Resources(cpus=1, memory_mb=measuring)
    return Resources(cpus=2, memory_mb=max(measuring, 1024 + (12 + recovery.batch_size) * size // 3))
