"""Low-rank adapters trained on a frozen FP32 body, with the head; merged into the weights unless told otherwise.

Source: Hu et al., "LoRA: Low-Rank Adaptation of Large Language Models", 2021. Merged, the artifact is a plain
checkpoint as fast as its base; with `merge: false` it is the adapter alone, a few MB that need their base.
"""

from __future__ import annotations

from typing import Any

from zoosmith.contract.errors import BuildError
from zoosmith.contract.job import Job
from zoosmith.contract.output import Output, Resources
from zoosmith.contract.session import Session
from zoosmith.toolkit.adapters import adapters
from zoosmith.toolkit.torch import checkpoint
from zoosmith.toolkit.torch.forward import TorchForward
from zoosmith.toolkit.training.train import activations_mb, fit
from zoosmith.toolkit.training.training_rows import training_examples

ACCEPTS = {"from": ("source", "torch")}
DATA = ("train", "dev")
REQUIRES = ("torch", "transformers", "tokenizers", "safetensors", "peft")
DEVICES = ("cuda",)
REPRODUCES = "logits"
MERGED_WITHIN = 1e-3


class Params(adapters.Adapters):
    """merge: add the adapters to the weights they adapt (true), or keep them beside their base (false)."""

    merge: bool = True


def output(params: Params) -> Output:
    """A checkpoint, or an adapter that needs its base."""
    if params.merge:
        return Output("torch", "fp32", relation="finetune")
    return Output("adapter", "fp32", needs=("from",), relation="adapter")


def resources(params: Params, parents: dict[str, int]) -> Resources:
    """Weights here and in the process that checks, and activations, more by those of adapters.

    `parents` maps roles to bytes. Gradients of the adapters are small.
    """
    memory = 1024 + 2 * sum(parents.values()) // 2**20
    return Resources(2, memory, activations_mb(params.batch_size, parents, share=2))


def build(job: Job) -> Session:
    """Train adapters and head, then merge and save, or save the adapter alone."""
    train, dev = training_examples(job, job.params)
    model, drawn = checkpoint.load_with_new_weights(job, job.parent.path, new_head=True)
    checkpoint.copy_tokenizer(job.parent.path, job.out)
    checkpoint.check_vocabulary(model, job.out)
    lora = adapters.attach(job, model, job.params, drawn)
    job.fact("trainable_parameters", adapters.trainable(model))
    job.fact("parameters", sum(p.numel() for p in model.parameters()))
    job.fact("train_examples", len(train))
    fit(job, model, train, dev, adapters.hyperparameters(job.params))
    checkpoint.set_labels(model, job.task.spec.labels)
    if not job.params.merge:
        adapters.save(model, job.params, job.out)
        return TorchForward(model, job.device)
    merged = _merged(job, lora, model)
    checkpoint.save_model(merged, job.out)
    return TorchForward(merged, job.device)


def _merged(job: Job, lora: Any, model: Any) -> Any:
    """The model with its adapters added to the weights. Raises BuildError where it answers differently then."""
    probes = [job.task.encode([probe]) for probe in job.task.probes()]
    apart = [TorchForward(model, job.device).classify(probe) for probe in probes]
    merged = lora.merge_and_unload()
    together = [TorchForward(merged, job.device).classify(probe) for probe in probes]
    gap = max(float(abs(one - other).max()) for one, other in zip(apart, together, strict=True))
    job.note("merged_max_abs_logit_diff", gap)
    if not gap <= MERGED_WITHIN * max(1.0, *(float(abs(one).max()) for one in apart)):
        raise BuildError(f"merging the adapters moved logits by {gap:.3g}; a merge only rounds. Keep `merge: false`")
    return merged
