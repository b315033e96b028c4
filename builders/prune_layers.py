"""Depth pruning: whole layers are left out.

Sources: Sajjad et al., 2023, "On the effect of dropping layers of pre-trained transformer models"; Sanh et al.,
2019 (DistilBERT keeps every second layer). Which go is told, or chosen greedily on `dev`: the one whose absence
raises the loss least, then the next. Encoders, and causal language models that answer with label tokens.
"""

from __future__ import annotations

from typing import Any

from pydantic import Field

from zoosmith.contract.errors import BuildError
from zoosmith.contract.job import Job
from zoosmith.contract.output import Resources
from zoosmith.contract.params import Params as BaseParams
from zoosmith.contract.session import Session
from zoosmith.toolkit.causal.label_head import trainable
from zoosmith.toolkit.pruning import depth, pruned
from zoosmith.toolkit.torch import checkpoint
from zoosmith.toolkit.torch.forward import TorchForward
from zoosmith.toolkit.training.recovery import Recovery
from zoosmith.toolkit.training.split_loss import dev_examples, mean_loss

FORMAT = "torch"
PRECISION = "fp32"
ACCEPTS = {"from": ("torch",)}
DATA = ("train", "dev")
REQUIRES = ("torch", "transformers", "tokenizers", "safetensors")
DEVICES = ("cuda",)
REPRODUCES = "logits"
RELATION = "finetune"


class Params(BaseParams):
    """keep: indices of the layers that stay, from 0, in rising order; without it `drop` layers are chosen.

    dev_rows: of `dev`, evenly spaced, that choices are made on. recovery: training after it, none if null.
    """

    keep: tuple[int, ...] = ()
    drop: int = Field(default=1, ge=1)
    dev_rows: int = Field(default=512, ge=1)
    recovery: Recovery | None = None


def resources(params: Params, parents: dict[str, int]) -> Resources:
    """As every pruning; `parents` maps roles to bytes."""
    return pruned.resources(params.recovery, parents)


def build(job: Job) -> Session:
    """Choose, cut, train on if told to."""
    model = checkpoint.load_model(job, job.parent.path, new_head=False)
    job = checkpoint.keep_labels(job, job.parent)
    stack = depth.stack(model)
    left = depth.told_layers(job.params.keep, len(stack)) if job.params.keep else _chosen(job, model, stack)
    depth.set_layers(model, [stack[i] for i in left])
    job.fact("kept_layers", left)
    return pruned.finish(job, model, job.params.recovery)


def _chosen(job: Job, model: Any, stack: list[Any]) -> list[int]:
    """Greedy backward elimination by the loss on `dev`; ties go to the later layer."""
    if job.params.drop >= len(stack):
        raise BuildError(f"drop is {job.params.drop}, the model has {len(stack)} layers; at least one must stay")
    examples, left, table = dev_examples(job, job.params.dev_rows), list(range(len(stack))), []
    for dropped in range(job.params.drop):
        losses = {}
        for layer in left:
            job.progress(dropped, job.params.drop, f"trying without layer {layer}")
            depth.set_layers(model, [stack[i] for i in left if i != layer])
            losses[layer] = mean_loss(job, TorchForward(trainable(job, model), job.device), examples)
        left.remove(min(losses, key=lambda layer: (losses[layer], -layer)))
        table.append({str(layer): round(loss, 6) for layer, loss in losses.items()})
    job.note("dev_loss_without", table)
    return left
