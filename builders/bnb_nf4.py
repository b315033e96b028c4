"""4-bit NormalFloat (NF4) by bitsandbytes: blocks of 64 weights share a scale.

Source: Dettmers et al., "QLoRA", 2023; bitsandbytes. Runs on NVIDIA GPUs and on CPU. The head stays in FP32.
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
PRECISION = "nf4"
RELATION = "quantized"
ACCEPTS = {"from": ("torch",)}
REQUIRES = bnb.REQUIRES
DEVICES = ("cuda",)


class Params(BaseParams):
    """double_quant: scales are quantised too, to 8 bits (0.4 bits a weight less).

    compute_dtype: what weights are expanded to for a product; bf16 is by far the fastest on a CPU with AVX512-BF16.
    skip_modules: kept in FP32 (null: the head). min_agreement: share of the task's probes that must keep the parent's
    answer; small language models lose more than encoders.
    """

    double_quant: bool = True
    compute_dtype: bnb.ComputeType = "bf16"
    skip_modules: tuple[str, ...] | None = None
    min_agreement: float = Field(default=0.85, ge=0, le=1)


def check(params: Params) -> Tolerance:
    """Most answers stay: near-ties may flip, and more than that means broken weights, unless it is allowed."""
    return Tolerance(agreement=params.min_agreement)


def resources(params: Params, parents: dict[str, int]) -> Resources:
    """Two copies of the weights; `parents` maps roles to bytes."""
    return Resources(cpus=1, memory_mb=1024 + 2 * sum(parents.values()) // 2**20)


def build(job: Job) -> Session:
    """Quantise while reading, save."""
    config = bnb.nf4_config(double_quant=job.params.double_quant, compute_dtype=job.params.compute_dtype)
    model, _ = bnb.load(job, job.parent.path, config, job.params.skip_modules, new_head=False)
    checkpoint.save_model(model, job.out)
    checkpoint.copy_tokenizer(job.parent.path, job.out)
    job.fact("parameters", bnb.parameters(model))
    job.fact("nf4_layers", len(bnb.layers(model)))
    return sessions.session(bnb.keep_packing(model), job.out, job.device)
