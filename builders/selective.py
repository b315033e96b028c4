"""4 bits by bitsandbytes (NF4) for a causal language model, but for the layers that suffer most from it.

Sensitive layers keep the checkpoint's dtype, as do embeddings and output matrix. Which are sensitive is told, or
measured: one layer at a time in NF4, and how far the next-token distribution moves by it (mean KL divergence) on rows
of `calibration`. The result is an ordinary checkpoint of bitsandbytes.
"""

from __future__ import annotations

from typing import Any

from pydantic import Field

from zoosmith.contract.errors import BuildError
from zoosmith.contract.job import Job
from zoosmith.contract.output import Resources, Tolerance
from zoosmith.contract.params import Params as BaseParams
from zoosmith.contract.session import Session
from zoosmith.toolkit.causal import parents
from zoosmith.toolkit.pruning import depth
from zoosmith.toolkit.quantization import bnb, selection
from zoosmith.toolkit.torch import architecture, checkpoint, sessions

FORMAT = "bnb"
PRECISION = "nf4"
RELATION = "quantized"
ACCEPTS = {"from": ("torch",)}
REQUIRES = bnb.REQUIRES
DEVICES = ("cuda",)


class Params(BaseParams):
    """keep: indices of the layers that are not quantised, from 0; without it they are chosen by measurement.

    share: of all layers that is kept then, rounded up. rows, tokens: of `calibration` it is measured on, evenly spaced,
    each cut to so many tokens. double_quant, compute_dtype: of NF4, as for `bnb_nf4`. min_agreement: share of the
    task's probes that must keep the parent's answer; it catches what is broken.
    """

    keep: tuple[int, ...] = ()
    share: float = Field(default=0.1, gt=0, lt=1)
    rows: int = Field(default=4, ge=1)
    tokens: int = Field(default=256, ge=2)
    double_quant: bool = True
    compute_dtype: bnb.ComputeType = "bf16"
    min_agreement: float = Field(default=0.5, ge=0, le=1)


def data(params: Params) -> tuple[str, ...]:
    """The split that sensitivity is measured on, if it is."""
    return () if params.keep else ("calibration",)


def check(params: Params) -> Tolerance:
    """Most answers stay."""
    return Tolerance(agreement=params.min_agreement)


def resources(params: Params, parents: dict[str, int]) -> Resources:
    """Two copies of the weights, and distributions over a vocabulary; `parents` maps roles to bytes."""
    distributions = 0 if params.keep else params.rows * params.tokens // 2  # MiB, of a vocabulary of 131,072
    return Resources(cpus=1, memory_mb=1024 + 2 * sum(parents.values()) // 2**20 + distributions)


def build(job: Job) -> Session:
    """Choose, quantise the others while reading, save."""
    bare = architecture.skeleton(job, job.parent.path)
    parents.refuse_others(type(bare).__name__, job.parent.name)
    stack = depth.stack(bare)
    kept = depth.told_layers(job.params.keep, len(stack)) if job.params.keep else selection.chosen(job, job.params)
    model = _load(job, bare, [stack[place] for place in kept])
    checkpoint.save_model(model, job.out)
    checkpoint.copy_tokenizer(job.parent.path, job.out)
    parents.pass_on(job)
    job.fact("parameters", bnb.parameters(model))
    job.fact("kept_layers", kept)
    job.fact("nf4_layers", len(bnb.layers(model)))
    return sessions.session(bnb.keep_packing(model), job.out, job.device)


def _load(job: Job, bare: Any, layers: list[Any]) -> Any:
    """The model in its own dtype, with NF4 where it is neither in one of `layers` nor beside the body."""
    inside = {id(module) for layer in layers for module in layer.modules()}
    names = architecture.linears(bare)
    kept = [name for name in names if id(bare.get_submodule(name)) in inside]
    kept += [name for name in names if bare.get_submodule(name).in_features % bnb.BLOCK]
    options = bnb.nf4_config(double_quant=job.params.double_quant, compute_dtype=job.params.compute_dtype)
    skipped = {"llm_int8_skip_modules": [*architecture.heads(bare), *dict.fromkeys(kept)]}
    configured = bnb.configured(options | skipped, job.device)
    model, _ = checkpoint.load_with_new_weights(job, job.parent.path, new_head=False, dtype="auto", **configured)
    if not bnb.layers(model):
        raise BuildError("no linear layer is left to quantise; keep fewer layers")
    return model
