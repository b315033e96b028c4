"""Unstructured pruning by weights and activations: of each output, the inputs that contribute least become zero.

Source: Sun et al., 2023, "A simple and effective pruning approach for large language models" (Wanda): the score of
a weight is |W_ij| x ||X_j||, the norm of its input over calibration rows of `train`, compared within its output.
Shapes stay, so that dense kernels and files gain nothing: the record says so.
"""

from __future__ import annotations

from typing import Any

from pydantic import Field

from zoosmith.contract.job import Job
from zoosmith.contract.output import Resources
from zoosmith.contract.params import Params as BaseParams
from zoosmith.contract.session import Session
from zoosmith.toolkit.pruning import importance, masks
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

ROWS_AT_ONCE = 64


class Params(BaseParams):
    """share: of each output's weights that become zero. rows: of `train`, evenly spaced, for activations.

    recovery: training after it, none if null.
    """

    share: float = Field(default=0.3, gt=0, lt=1)
    rows: int = Field(default=256, ge=1)
    recovery: Recovery | None = None


def resources(params: Params, parents: dict[str, int]) -> Resources:
    """Weights and masks, and with recovery what a training holds; `parents` maps roles to bytes."""
    return masks.resources(params.recovery, parents)


def build(job: Job) -> Session:
    """Measure activations, mask, train on if told to, make the masks permanent."""
    model = checkpoint.load_model(job, job.parent.path, new_head=False)
    job = checkpoint.keep_labels(job, job.parent)
    layers = list(masks.linears(model).values())
    for layer, norms in zip(layers, importance.input_norms(job, model, layers), strict=True):
        masks.put(_mask(layer.weight.detach(), norms, job.params.share), layer, job.params.recovery)
    return masks.finish(job, model, job.params.recovery)


def _mask(weight: Any, norms: Any, share: float) -> Any:
    """False at the round(share x inputs) lowest scores of each row of `weight` (outputs, inputs), True elsewhere.

    Some rows at a time: scores in double precision and their order are five times as large as the weights.
    """
    import torch

    return torch.cat([_kept(rows.abs() * norms, share) for rows in weight.split(ROWS_AT_ONCE)])


def _kept(scores: Any, share: float) -> Any:
    import torch

    lowest = scores.sort(dim=1, stable=True).indices[:, : round(share * scores.shape[1])]
    return torch.ones_like(scores, dtype=torch.bool).scatter_(1, lowest, False)
