"""A pretrained checkpoint that already answers the task, taken as it is.

Weights become safetensors of one type; labels get the task's names; the tokenizer is copied, with a fast form if it has
none.
"""

from __future__ import annotations

from typing import Literal

from zoosmith.contract.job import Job
from zoosmith.contract.output import Output, Resources
from zoosmith.contract.params import Params as BaseParams
from zoosmith.contract.session import Session
from zoosmith.toolkit.torch import checkpoint, sessions

ACCEPTS = {"from": ("source",)}
REQUIRES = ("torch", "transformers", "tokenizers", "safetensors")
TYPES = {"fp32": "float32", "fp16": "float16", "bf16": "bfloat16"}


class Params(BaseParams):
    """dtype: of the weights, such as that of the checkpoint."""

    dtype: Literal["fp32", "fp16", "bf16"] = "fp32"


def output(params: Params) -> Output:
    """A checkpoint in the type that is asked for."""
    return Output("torch", params.dtype)


def resources(params: Params, parents: dict[str, int]) -> Resources:
    """Two copies of the weights; `parents` maps roles to bytes."""
    return Resources(cpus=1, memory_mb=1024 + 2 * sum(parents.values()) // 2**20)


def build(job: Job) -> Session:
    """Load, name the labels, save."""
    model = checkpoint.load_model(job, job.parent.path, new_head=False, dtype=TYPES[job.params.dtype])
    checkpoint.name_labels(job, model)
    checkpoint.save_model(model, job.out)
    checkpoint.copy_tokenizer(job.parent.path, job.out)
    checkpoint.check_vocabulary(model, job.out)
    job.fact("parameters", sum(p.numel() for p in model.parameters()))
    return sessions.session(model, job.out)
