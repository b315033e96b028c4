"""Structured pruning of attention heads: the least important are cut out, so that file and latency shrink.

Source: Michel et al., 2019, "Are sixteen heads really better than one?". Importance is first-order, on rows of
`train`. Query, key, value and output projections become narrower; structure.json says how many heads are left.
"""

from __future__ import annotations

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
    """What is removed, and the training after it: none if null."""

    recovery: Recovery | None = None


def resources(params: Params, parents: dict[str, int]) -> Resources:
    """As every pruning of an encoder; `parents` maps roles to bytes."""
    return pruned.resources(params.recovery, parents)


def build(job: Job) -> Session:
    """Measure, cut, train on if told to."""
    model = checkpoint.load_model(job, job.parent.path, new_head=False)
    job = checkpoint.keep_labels(job, job.parent)
    layers = structure.layers(model)
    scores = importance.first_order(job, model, [layer.mixed for layer in layers], layers[0].head_size)
    left = importance.kept(scores, job.params)
    for layer, heads in zip(layers, left, strict=True):
        structure.keep_heads(layer, heads)
    job.note("head_importance", scores)
    job.fact("kept_heads", left)
    return pruned.finish(job, model, job.params.recovery)
