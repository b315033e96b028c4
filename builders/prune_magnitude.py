"""Unstructured pruning by magnitude: the weights of Linear layers that are nearest to zero become zero.

Sources: Han et al., 2015, "Learning both weights and connections"; torch.nn.utils.prune (l1_unstructured,
global_unstructured). Shapes stay, so that dense kernels and files gain nothing: the record says so. With
`recovery` the rest is trained on while the zeros stay zero.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from zoosmith.contract import Job, Logits, Resources
from zoosmith.contract import Params as BaseParams
from zoosmith.lib import checkpoint, sparsity
from zoosmith.lib.recovery import Recovery

FORMAT = "torch"
PRECISION = "fp32"
ACCEPTS = {"from": ("torch",)}
DATA = ("train", "dev")
REQUIRES = ("torch", "transformers", "tokenizers", "safetensors")
DEVICES = ("cuda",)
REPRODUCES = "logits"
RELATION = "finetune"


class Params(BaseParams):
    """share: of the weights of Linear layers that become zero.

    scope: the share holds in each layer, or over all of them together. recovery: training after it, none if null.
    """

    share: float = Field(default=0.3, gt=0, lt=1)
    scope: Literal["layer", "global"] = "layer"
    recovery: Recovery | None = None


def resources(params: Params, parents: dict[str, int]) -> Resources:
    """Weights and masks, and with recovery what a training holds; `parents` maps roles to bytes."""
    copies = 10 if params.scope == "global" else 3  # torch ranks all weights at once, in several copies
    return sparsity.resources(params.recovery, parents, copies)


def build(job: Job) -> Logits:
    """Mask, train on if told to, make the masks permanent."""
    model = checkpoint.load_model(job, job.parent.path, new_head=False)
    job = checkpoint.keep_labels(job, job.parent)
    _mask(list(sparsity.linears(model).values()), job.params)
    return sparsity.finish(job, model, job.params.recovery)


def _mask(layers: list[Any], params: Params) -> None:
    from torch.nn.utils import prune

    if params.scope == "global":
        targets = [(layer, "weight") for layer in layers]
        prune.global_unstructured(targets, pruning_method=prune.L1Unstructured, amount=params.share)
        return
    for layer in layers:
        prune.l1_unstructured(layer, "weight", amount=params.share)
        sparsity.settle(layer, params.recovery)
