"""Adapters added to the weights they adapt, with the proof that only rounding moves."""

from __future__ import annotations

from typing import Any

from zoosmith.contract.errors import BuildError
from zoosmith.contract.job import Job, Parent
from zoosmith.toolkit.causal.label_head import trainable
from zoosmith.toolkit.torch import dtypes, sessions
from zoosmith.toolkit.torch.forward import TorchForward

MERGED_WITHIN = 1e-3


def merged(job: Job, lora: Any, model: Any) -> Any:
    """`model` without its adapters, which `lora`, PEFT's LoraModel over it, adds to the weights.

    Raises BuildError where it answers the task's probes differently then.
    """
    probes = [job.task.encode([probe]) for probe in job.task.probes()]
    apart = [TorchForward(trainable(job, model), job.device).classify(probe) for probe in probes]
    plain = lora.merge_and_unload()
    together = [TorchForward(trainable(job, plain), job.device).classify(probe) for probe in probes]
    gap = max(float(abs(one - other).max()) for one, other in zip(apart, together, strict=True))
    job.note("merged_max_abs_logit_diff", gap)
    if not gap <= MERGED_WITHIN * max(1.0, *(float(abs(one).max()) for one in apart)):
        raise BuildError(
            f"merging the adapters moved logits by {gap:.3g}, and a merge only rounds: serve them beside their base "
            "(`merge: false`)"
        )
    return plain


def check_type(job: Job, base: Parent) -> None:
    """Raise BuildError where a merge would be saved in another type than the language model `base` has."""
    if job.task.auto_model != sessions.CAUSAL:
        return
    stored = dtypes.stored(base.path)
    if stored != job.params.dtype:
        raise BuildError(
            f"the weights of {base.name} are {stored}, and the merge would be saved as {job.params.dtype}: say "
            f"`dtype: {stored}`"
        )
