"""A pretrained model that sees, such as LLaVA, taken as it is: safetensors of one type, with its processor."""

from __future__ import annotations

from typing import Literal

from zoosmith.contract.job import Job
from zoosmith.contract.output import Output, Resources
from zoosmith.contract.params import Params as BaseParams
from zoosmith.toolkit.vision import model
from zoosmith.toolkit.vision.session import TorchVision

ACCEPTS = {"from": ("source",)}
REQUIRES = model.REQUIRES
TYPES = {"fp32": "float32", "fp16": "float16", "bf16": "bfloat16"}


class Params(BaseParams):
    """dtype: of the weights, such as that of the checkpoint."""

    dtype: Literal["fp32", "fp16", "bf16"] = "fp16"


def output(params: Params) -> Output:
    """A checkpoint in the type that is asked for."""
    return Output("vision", params.dtype)


def resources(params: Params, parents: dict[str, int]) -> Resources:
    """Two copies of the weights; `parents` maps roles to bytes."""
    return Resources(cpus=1, memory_mb=1024 + 2 * sum(parents.values()) // 2**20)


def build(job: Job) -> TorchVision:
    """Load, save, copy the processor."""
    loaded = model.load(job.parent.path, job.parent.name, dtype=TYPES[job.params.dtype])
    model.save(loaded, job.parent.path, job.out)
    job.fact("parameters", sum(p.numel() for p in loaded.parameters()))
    return TorchVision(loaded, job.out, job.device)
