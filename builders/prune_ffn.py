"""Structured pruning of feed-forward neurons: the least important are cut out, so that file and latency shrink.

Source: first-order importance (Molchanov et al., 2017; Michel et al., 2019) of the neurons between up and down
projection, on rows of `train`. With one width for all layers (scope: layer) the result is a plain transformers
checkpoint; else structure.json gives each layer's.
"""

from __future__ import annotations

from pydantic import Field

from zoosmith.contract.job import Job
from zoosmith.contract.output import Resources
from zoosmith.contract.params import Params as BaseParams
from zoosmith.contract.session import Session
from zoosmith.toolkit.pruning import importance, pruned, structure
from zoosmith.toolkit.pruning.importance import Selection
from zoosmith.toolkit.torch import checkpoint
from zoosmith.toolkit.training.recovery import Recovery

FORMAT = "torch"
PRECISION = "fp32"
ACCEPTS = {"from": ("torch",)}
DATA = ("train", "dev")
REQUIRES = ("torch", "transformers", "tokenizers", "safetensors")
DEVICES = ("cuda",)
REPRODUCES = "logits"
RELATION = "finetune"


class Params(BaseParams, Selection):
    """What is removed, and the training after it: none if null.

    multiple: widths that are left are multiples of it, as matrix kernels work in blocks.
    """

    multiple: int = Field(default=32, ge=1)
    recovery: Recovery | None = None


def resources(params: Params, parents: dict[str, int]) -> Resources:
    """As every pruning of an encoder; `parents` maps roles to bytes."""
    return pruned.resources(params.recovery, parents)


def build(job: Job) -> Session:
    """Measure, cut, train on if told to."""
    model = checkpoint.load_model(job, job.parent.path, new_head=False)
    job = checkpoint.keep_labels(job, job.parent)
    layers = structure.layers(model)
    scores = importance.first_order(job, model, [layer.down for layer in layers], 1)
    for layer, neurons in zip(layers, importance.kept(scores, job.params, job.params.multiple), strict=True):
        structure.keep_neurons(layer, neurons)
    return pruned.finish(job, model, job.params.recovery)
