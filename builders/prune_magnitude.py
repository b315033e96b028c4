"""Unstructured pruning by magnitude: the weights of Linear layers that are nearest to zero become zero.

Source: Han et al., 2015, "Learning both weights and connections". Shapes stay, so that dense kernels and files gain
nothing: the record says so. With `recovery` the rest is trained on while the zeros stay zero.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Literal

from pydantic import Field

from zoosmith.contract.job import Job
from zoosmith.contract.output import Resources
from zoosmith.contract.params import Params as BaseParams
from zoosmith.contract.session import Session
from zoosmith.toolkit.pruning import masks
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


class Params(BaseParams):
    """share: of the weights of Linear layers that become zero.

    scope: the share holds in each layer, or over all of them together. recovery: training after it, none if null.
    """

    share: float = Field(default=0.3, gt=0, lt=1)
    scope: Literal["layer", "global"] = "layer"
    recovery: Recovery | None = None


def resources(params: Params, parents: dict[str, int]) -> Resources:
    """Weights and masks, and with recovery what a training holds; `parents` maps roles to bytes."""
    return masks.resources(params.recovery, parents)


def build(job: Job) -> Session:
    """Mask, train on if told to, make the masks permanent."""
    model = checkpoint.load_model(job, job.parent.path, new_head=False)
    job = checkpoint.keep_labels(job, job.parent)
    layers = list(masks.linears(model).values())
    for group in [layers] if job.params.scope == "global" else [[layer] for layer in layers]:
        kept = _masks([layer.weight.detach() for layer in group], job.params.share)
        for layer, mask in zip(group, kept, strict=True):
            masks.put(mask, layer, job.params.recovery)
    return masks.finish(job, model, job.params.recovery)


def _masks(weights: Sequence[Any], share: float) -> Iterator[Any]:
    """For each weight in turn, False at the round(share x all) elements of `weights` nearest to zero, True elsewhere.

    Of those as large as the border the first ones go.
    """
    count = round(share * sum(weight.numel() for weight in weights))
    border, ties = _border(weights, count)
    for weight in weights:
        sizes = weight.abs()
        kept = sizes >= border
        tied = (sizes == border).flatten().nonzero()[:ties]
        kept.view(-1)[tied] = False
        ties -= len(tied)
        yield kept


def _border(weights: Sequence[Any], count: int) -> tuple[float, int]:
    """The size of the last of the `count` elements nearest to zero, and how many of them are as large as that.

    NumPy selects in place, in one copy of the weights; torch.nn.utils.prune.global_unstructured holds eight.
    """
    import torch

    if not count:
        return 0.0, 0
    sizes = torch.empty(sum(weight.numel() for weight in weights))
    filled = 0
    for weight in weights:
        torch.abs(weight.cpu().flatten(), out=sizes[filled : filled + weight.numel()])
        filled += weight.numel()
    sizes.numpy().partition(count - 1)
    border = float(sizes[count - 1])
    return border, int((sizes[:count] == border).count_nonzero())
