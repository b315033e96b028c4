"""Low-rank adapters trained on a frozen FP32 body, with the head; merged into the weights unless told otherwise.

Source: Hu et al., "LoRA: Low-Rank Adaptation of Large Language Models", 2021. Merged, the artifact is a plain
checkpoint as fast as its base; with `merge: false` it is the adapter alone, a few MB that need their base.
"""

from __future__ import annotations

from typing import Any, Literal

from zoosmith.contract.errors import BuildError
from zoosmith.contract.job import Job
from zoosmith.contract.output import Output, Resources
from zoosmith.contract.session import Session
from zoosmith.toolkit.adapters import adapters
from zoosmith.toolkit.causal.label_head import trainable
from zoosmith.toolkit.torch import checkpoint, dtypes, sessions
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
    """merge: add the adapters to the weights they adapt (true), or keep them beside their base (false).

    dtype: of a language model's merged weights: its base's, and another is refused. Sums are made in FP32 and rounded
    once.
    """

    merge: bool = True
    dtype: Literal["fp32", "fp16", "bf16"] = "fp32"


def output(params: Params) -> Output:
    """A checkpoint, or an adapter that needs its base."""
    if params.merge:
        return Output("torch", params.dtype, relation="finetune")
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
    _check_type(job)
    checkpoint.copy_tokenizer(job.parent.path, job.out)
    checkpoint.check_vocabulary(model, job.out)
    lora = adapters.attach(job, model, job.params, drawn)
    job.fact("trainable_parameters", adapters.trainable(model))
    job.fact("parameters", sum(p.numel() for p in model.parameters()))
    job.fact("train_examples", len(train))
    fit(job, trainable(job, model), train, dev, adapters.hyperparameters(job.params))
    checkpoint.set_labels(model, job.task.spec.labels)
    if not job.params.merge:
        adapters.save(model, job.params, job.out)
        return sessions.session(model, job.out, job.device)
    merged = dtypes.cast(_merged(job, lora, model), job.params.dtype)
    checkpoint.save_model(merged, job.out)
    return sessions.session(merged, job.out, job.device)


def _check_type(job: Job) -> None:
    """Raise BuildError where a merge would be saved in another type than the language model has."""
    if not job.params.merge or job.task.auto_model != sessions.CAUSAL:
        return
    stored = dtypes.stored(job.parent.path)
    if stored != job.params.dtype:
        raise BuildError(
            f"the weights of {job.parent.name} are {stored}, and the merge would be saved as {job.params.dtype}: say "
            f"`dtype: {stored}`"
        )


def _merged(job: Job, lora: Any, model: Any) -> Any:
    """The model with its adapters added to the weights. Raises BuildError where it answers differently then."""
    probes = [job.task.encode([probe]) for probe in job.task.probes()]
    apart = [TorchForward(trainable(job, model), job.device).classify(probe) for probe in probes]
    merged = lora.merge_and_unload()
    together = [TorchForward(trainable(job, merged), job.device).classify(probe) for probe in probes]
    gap = max(float(abs(one - other).max()) for one, other in zip(apart, together, strict=True))
    job.note("merged_max_abs_logit_diff", gap)
    if not gap <= MERGED_WITHIN * max(1.0, *(float(abs(one).max()) for one in apart)):
        raise BuildError(f"merging the adapters moved logits by {gap:.3g}; a merge only rounds. Keep `merge: false`")
    return merged
