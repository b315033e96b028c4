"""Activations of a causal language model rounded to INT8 while it runs, by one scale a token; outliers stay.

As published by hooks over 4-bit weights, with outliers (z > 6) in FP16: each linear layer of the body first rounds its
input. The rounded values are multiplied in floating point, so it costs time and saves no memory; what it shows is what
rounding costs in quality. Weights, quantised or not, are the parent's byte by byte.
"""

from __future__ import annotations

from pydantic import Field

from zoosmith.contract.job import Job
from zoosmith.contract.output import Resources, Tolerance
from zoosmith.contract.session import Session
from zoosmith.toolkit.causal import parents, techniques
from zoosmith.toolkit.quantization import activations, bnb
from zoosmith.toolkit.torch import sessions

FORMAT = "techniques"
PRECISION = "a8"
RELATION = "quantized"
ACCEPTS = {"from": ("torch", "bnb")}
REQUIRES = bnb.REQUIRES
DEVICES = ("cuda",)


class Params(techniques.Activations):
    """bits: of a rounded value. outlier_z: values further from their token's mean, in standard deviations, stay.

    min_agreement: share of the task's probes that must keep the parent's answer; it catches what is broken.
    """

    min_agreement: float = Field(default=0.5, ge=0, le=1)


def check(params: Params) -> Tolerance:
    """Most answers stay."""
    return Tolerance(agreement=params.min_agreement)


def resources(params: Params, parents: dict[str, int]) -> Resources:
    """Two copies of the weights; `parents` maps roles to bytes."""
    return Resources(cpus=1, memory_mb=1024 + 2 * sum(parents.values()) // 2**20)


def build(job: Job) -> Session:
    """Copy the parent, say what is applied, apply it."""
    told = techniques.Activations(bits=job.params.bits, outlier_z=job.params.outlier_z)
    model = parents.load(job)
    parents.copy(job)
    techniques.write(techniques.Techniques(activations=told), job.out)
    job.fact("parameters", bnb.parameters(model))
    job.fact("rounded_layers", len(activations.attach(model, told)))
    job.fact("remarks", [activations.remark(told)])
    return sessions.session(model, job.out, job.device)
