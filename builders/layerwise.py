"""Layers of a causal language model in 8, 4 and 6 bits by their depth.

As published: layers 0 to 2 in 8 bits, those in the middle in 4, late ones in 6; which are late was not said, here as
many as are early. 8 and 4 bits are bitsandbytes' INT8 and NF4, on CPU and GPU. It has no 6 bits, so these are fake: the
weights of late layers lie on a grid of 63 values and keep the checkpoint's dtype, and take as much room as before. What
is beside the layers (embeddings, output matrix) keeps the checkpoint's dtype too.
"""

from __future__ import annotations

from pydantic import Field

from zoosmith.contract.job import Job
from zoosmith.contract.output import Resources, Tolerance
from zoosmith.contract.session import Session
from zoosmith.toolkit.quantization import bnb, by_depth
from zoosmith.toolkit.torch import sessions

FORMAT = "techniques"
PRECISION = "mixed"
RELATION = "quantized"
ACCEPTS = {"from": ("torch",)}
REQUIRES = bnb.REQUIRES
DEVICES = ("cuda",)


class Params(by_depth.Depths):
    """early, late: layers in 8 and in 6 bits. threshold: of INT8; activations beyond it are multiplied in FP16.

    double_quant, compute_dtype: of NF4, as for `bnb_nf4`. min_agreement: share of the task's probes that must keep the
    parent's answer; it catches what is broken.
    """

    min_agreement: float = Field(default=0.5, ge=0, le=1)


def check(params: Params) -> Tolerance:
    """Most answers stay."""
    return Tolerance(agreement=params.min_agreement)


def resources(params: Params, parents: dict[str, int]) -> Resources:
    """Two copies of the weights; `parents` maps roles to bytes."""
    return Resources(cpus=1, memory_mb=1024 + 2 * sum(parents.values()) // 2**20)


def build(job: Job) -> Session:
    """Quantise while reading, save."""
    model, _ = by_depth.build(job, job.params)
    job.fact("remarks", by_depth.remarks(model, job.params))
    return sessions.session(model, job.out, job.device)
