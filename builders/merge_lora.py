"""Adapters that `lora` kept beside their base (`merge: false`), added to its weights: a plain checkpoint as fast as it.

Source: Hu et al., "LoRA: Low-Rank Adaptation of Large Language Models", 2021, section 4.1. Both forms come from one
training, so that a recipe can ship the adapter of a few MB and the checkpoint.
"""

from __future__ import annotations

from typing import Literal

from zoosmith.contract.errors import BuildError
from zoosmith.contract.job import Job
from zoosmith.contract.output import Output, Resources
from zoosmith.contract.params import Params as BaseParams
from zoosmith.contract.session import Session
from zoosmith.toolkit.adapters import adapters, merging
from zoosmith.toolkit.quantization import bnb
from zoosmith.toolkit.torch import checkpoint, dtypes, sessions

ACCEPTS = {"from": ("adapter",), "base": ("source", "torch")}
REQUIRES = ("torch", "transformers", "tokenizers", "safetensors", "peft")
REPRODUCES = "logits"


class Params(BaseParams):
    """dtype: of a language model's merged weights: its base's, and another is refused. Sums are made in FP32 and
    rounded once.
    """

    dtype: Literal["fp32", "fp16", "bf16"] = "fp32"


def output(params: Params) -> Output:
    """A checkpoint in the type of its base."""
    return Output("torch", params.dtype, relation="finetune")


def resources(params: Params, parents: dict[str, int]) -> Resources:
    """Weights here and in the process that checks; `parents` maps roles to bytes."""
    return Resources(2, 1024 + 2 * sum(parents.values()) // 2**20)


def build(job: Job) -> Session:
    """Put the adapters over the base they were trained on, add them to its weights, compare, save."""
    base = job.parents["base"]
    _check_base(job)
    merging.check_type(job, base)
    job = checkpoint.keep_labels(job, job.parent)
    model, drawn = checkpoint.load_with_new_weights(job, base.path, new_head=True)
    lora = adapters.put_back(model, job.parent.path, drawn)
    checkpoint.copy_tokenizer(job.parent.path, job.out)
    checkpoint.check_vocabulary(model, job.out)
    plain = dtypes.cast(merging.merged(job, lora, model.eval()), job.params.dtype)
    checkpoint.set_labels(plain, job.task.spec.labels)
    checkpoint.save_model(plain, job.out)
    job.fact("parameters", sum(p.numel() for p in plain.parameters()))
    return sessions.session(plain, job.out, job.device)


def _check_base(job: Job) -> None:
    """Raise BuildError where the base is not the one of the adapters, or was quantised beneath them."""
    base, wanted = job.parents["base"], job.parent.manifest.needs["from"]
    if (job.parent.path / bnb.QUANTISATION).is_file():
        raise BuildError(
            f"{job.parent.name} was trained over 4-bit weights, and merged into those its adapters would be rounded "
            "away: serve it as it is, or train with `lora`"
        )
    if base.digest != wanted:
        raise BuildError(
            f"{job.parent.name} was trained over the tree {wanted[:12]}, and {base.name} is {base.digest[:12]}: give "
            "what it was trained from as `base`"
        )
