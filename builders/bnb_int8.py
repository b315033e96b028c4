"""INT8 by bitsandbytes: weights by row, activations by token, columns with outliers in FP16.

Source: Dettmers et al., "LLM.int8()", 2022; bitsandbytes. Runs on NVIDIA GPUs and on CPU. The head stays in FP32:
it is small, and trainable adapters cannot be put on an INT8 head.
"""

from __future__ import annotations

from pydantic import Field

from zoosmith.contract.job import Job
from zoosmith.contract.output import Resources, Tolerance
from zoosmith.contract.params import Params as BaseParams
from zoosmith.contract.session import Session
from zoosmith.toolkit.quantization import bnb
from zoosmith.toolkit.torch import checkpoint, sessions

FORMAT = "bnb"
PRECISION = "int8"
RELATION = "quantized"
ACCEPTS = {"from": ("torch",)}
REQUIRES = bnb.REQUIRES
DEVICES = ("cuda",)


class Params(BaseParams):
    """threshold: activations beyond it are multiplied in FP16 (0: none).

    skip_modules: kept in FP32 (null: the head).
    """

    threshold: float = Field(default=6.0, ge=0)
    skip_modules: tuple[str, ...] | None = None


def check(params: Params) -> Tolerance:
    """Most answers stay: near-ties may flip, and more than that means broken weights."""
    return Tolerance(agreement=0.85)


def resources(params: Params, parents: dict[str, int]) -> Resources:
    """Two copies of the weights; `parents` maps roles to bytes."""
    return Resources(cpus=1, memory_mb=1024 + 2 * sum(parents.values()) // 2**20)


def build(job: Job) -> Session:
    """Quantise while reading, save."""
    config = bnb.int8_config(job.params.threshold)
    model, _ = bnb.load(job, job.parent.path, config, job.params.skip_modules, new_head=False)
    checkpoint.save_model(model, job.out)
    checkpoint.copy_tokenizer(job.parent.path, job.out)
    job.fact("parameters", bnb.parameters(model))
    job.fact("int8_layers", len(bnb.layers(model)))
    return sessions.session(model, job.out, job.device)
