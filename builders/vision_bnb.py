"""INT8 or NF4 weights of a model that sees, by bitsandbytes, as transformers quantises while it reads.

Sources: Dettmers et al., LLM.int8(), 2022, and QLoRA, 2023. The projector and the head stay in full precision, and
with NF4 so do layers whose rows are no multiple of its block (bitsandbytes would expand them with the scales of
others).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Literal

from pydantic import Field

from zoosmith.common.names import nearest
from zoosmith.contract.errors import BuildError
from zoosmith.contract.job import Job
from zoosmith.contract.output import Output, Resources, Tolerance
from zoosmith.contract.params import Params as BaseParams
from zoosmith.toolkit.quantization import bnb
from zoosmith.toolkit.vision import model
from zoosmith.toolkit.vision.session import TorchVision

ACCEPTS = {"from": ("vision",)}
REQUIRES = (*model.REQUIRES, "accelerate", "bitsandbytes")
DEVICES = ("cuda",)


class Params(BaseParams):
    """weights: INT8 by vectors, or 4-bit NormalFloat.

    threshold: of INT8, activations beyond it are multiplied in FP16 (0: none). double_quant, compute_dtype: of NF4,
    whether scales are quantised too, and what weights are expanded to. skip_modules: kept as they are, layers or
    modules by one part of their names. min_agreement: share of the task's probes that must keep the parent's answer.
    """

    weights: Literal["int8", "nf4"] = "nf4"
    threshold: float = Field(default=6.0, ge=0)
    double_quant: bool = True
    compute_dtype: bnb.ComputeType = "bf16"
    skip_modules: tuple[str, ...] = ("lm_head", "multi_modal_projector")
    min_agreement: float = Field(default=0.5, ge=0, le=1)


def output(params: Params) -> Output:
    """A checkpoint with weights of the kind that is asked for."""
    return Output("vision", params.weights, relation="quantized")


def check(params: Params) -> Tolerance:
    """A whole text must be the same, so fewer probes keep theirs than a class would."""
    return Tolerance(agreement=params.min_agreement)


def resources(params: Params, parents: dict[str, int]) -> Resources:
    """Two copies of the weights; `parents` maps roles to bytes."""
    return Resources(cpus=1, memory_mb=1024 + 2 * sum(parents.values()) // 2**20)


def build(job: Job) -> TorchVision:
    """Quantise while reading, save, copy the processor."""
    path, options = job.parent.path, _options(job)
    loaded = model.load(path, job.parent.name, dtype="auto", **bnb.configured(options, job.device))
    model.save(loaded, path, job.out)
    job.fact("parameters", bnb.parameters(loaded))
    job.fact(f"{job.params.weights}_layers", len(bnb.layers(loaded)))
    return TorchVision(bnb.keep_packing(loaded), job.out, job.device)


def _options(job: Job) -> dict[str, Any]:
    """Options of BitsAndBytesConfig."""
    params, columns = job.params, model.linears(job.parent.path)
    kept = _named(columns, params.skip_modules)
    if params.weights == "int8":
        return {**bnb.int8_config(params.threshold), "llm_int8_skip_modules": kept}
    kept += [name for name, count in columns.items() if count % bnb.BLOCK and name not in kept]
    quantised = bnb.nf4_config(double_quant=params.double_quant, compute_dtype=params.compute_dtype)
    return {**quantised, "llm_int8_skip_modules": kept}


def _named(layers: Iterable[str], wanted: Sequence[str]) -> list[str]:
    """Full names of the layers that `wanted` names, or that lie in a module that it names. Raises BuildError."""
    parts = {name: name.split(".") for name in layers}
    known = {part for each in parts.values() for part in each}
    if unknown := [name for name in wanted if name not in known]:
        raise BuildError(f"skip_modules: the model has no {unknown[0]!r}{nearest(unknown[0], known)}")
    return [name for name, each in parts.items() if set(each) & set(wanted)]
