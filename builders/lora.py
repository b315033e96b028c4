"""Low-rank adapters trained on a frozen FP32 body, with the head; merged into the weights unless told otherwise.

Source: Hu et al., "LoRA: Low-Rank Adaptation of Large Language Models", 2021. Merged, the artifact is a plain
checkpoint as fast as its base; with `merge: false` it is the adapter alone, a few MB that need their base.
"""

from __future__ import annotations

from typing import Literal

from zoosmith.contract.job import Job
from zoosmith.contract.output import Output, Resources
from zoosmith.contract.session import Session
from zoosmith.toolkit.adapters import adapters, merging
from zoosmith.toolkit.causal.label_head import trainable
from zoosmith.toolkit.torch import checkpoint, dtypes, romanise, sessions
from zoosmith.toolkit.training.train import activations_mb, fit
from zoosmith.toolkit.training.training_rows import training_examples

ACCEPTS = {"from": ("source", "torch")}
DATA = ("train", "dev")
REQUIRES = ("torch", "transformers", "tokenizers", "safetensors", "peft")
DEVICES = ("cuda",)
REPRODUCES = "logits"


class Params(adapters.Adapters, romanise.Romanising):
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
    if job.params.merge:
        merging.check_type(job, job.parent)
    checkpoint.copy_tokenizer(job.parent.path, job.out)
    job = romanise.reading(job)
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
    merged = dtypes.cast(merging.merged(job, lora, model), job.params.dtype)
    checkpoint.save_model(merged, job.out)
    return sessions.session(merged, job.out, job.device)
