"""Several techniques on one causal language model: widths by depth, rounded activations, trimmed prompts.

Each is what the builder of its own does (`layerwise`, `act_quant`, `trim`), with the same parameters. Published
combinations were worse than their parts; this measures by how much.
"""

from __future__ import annotations

from typing import Any

from pydantic import Field, model_validator

from zoosmith.contract.job import Job
from zoosmith.contract.output import Output, Resources
from zoosmith.contract.params import Params as BaseParams
from zoosmith.contract.session import Session
from zoosmith.toolkit.causal import parents, techniques, trimming
from zoosmith.toolkit.causal.trimmed_session import TrimmedCausal
from zoosmith.toolkit.quantization import activations, bnb, by_depth
from zoosmith.toolkit.torch import sessions

ACCEPTS = {"from": ("torch",)}
REQUIRES = bnb.REQUIRES
DEVICES = ("cuda",)


class Params(BaseParams):
    """layerwise, activations, trim: as the builders `layerwise`, `act_quant` and `trim` take them; null leaves one out.

    At least two are put together.
    """

    layerwise: by_depth.Depths | None = Field(default_factory=by_depth.Depths)
    activations: techniques.Activations | None = Field(default_factory=techniques.Activations)
    trim: techniques.Trim | None = Field(default_factory=techniques.Trim)

    @model_validator(mode="after")
    def _several(self) -> Params:
        if sum(one is not None for one in (self.layerwise, self.activations, self.trim)) < 2:
            raise ValueError("expected two of layerwise, activations and trim or all; use the builder of one by itself")
        return self


def output(params: Params) -> Output:
    """What trims prompts cannot score whole texts, and is of a format of its own."""
    return Output("trimmed" if params.trim else "techniques", "mixed" if params.layerwise else "a8", (), "quantized")


def accepts(params: Params) -> dict[str, tuple[str, ...]]:
    """A quantised parent too, where its weights stay as they are."""
    return {"from": ("torch",) if params.layerwise else ("torch", "bnb")}


def resources(params: Params, parents: dict[str, int]) -> Resources:
    """Two copies of the weights; `parents` maps roles to bytes."""
    return Resources(cpus=1, memory_mb=1024 + 2 * sum(parents.values()) // 2**20)


def build(job: Job) -> Session:
    """Quantise or copy, say what is applied, apply it."""
    told, remarks = job.params, []
    others = {"activations": told.activations, "trim": told.trim}
    model = _weights(job, others)
    if told.layerwise:
        remarks += by_depth.remarks(model, told.layerwise)
    if told.activations:
        job.fact("rounded_layers", len(activations.attach(model, told.activations)))
        remarks.append(activations.remark(told.activations))
    if told.trim:
        remarks.append(trimming.remark(told.trim))
    job.fact("remarks", remarks)
    if told.trim:
        return TrimmedCausal(model, job.out, told.trim, job.device)
    return sessions.session(model, job.out, job.device)


def _weights(job: Job, others: dict[str, Any]) -> Any:
    """The model, whose files lie in `job.out` beside what is applied to it at run time."""
    if job.params.layerwise:
        return by_depth.build(job, job.params.layerwise, **others)[0]
    model = parents.load(job)
    parents.copy(job)
    techniques.write(techniques.Techniques(**others), job.out)
    job.fact("parameters", bnb.parameters(model))
    return model
