"""Unstructured pruning: masks on Linear layers, and what is written once they are permanent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from zoosmith.contract.errors import BuildError
from zoosmith.contract.job import Job
from zoosmith.contract.output import Resources
from zoosmith.contract.session import Session
from zoosmith.toolkit.pruning.sparsity import report_bytes
from zoosmith.toolkit.torch import architecture, checkpoint, sessions
from zoosmith.toolkit.training.recovery import Recovery, recover
from zoosmith.toolkit.training.train import activations_mb

NO_FASTER = (
    "Its zeros are stored and multiplied like other weights: size and speed are those of the same model unpruned. "
    "They pay only where the file is compressed or a runtime has sparse kernels."
)


def linears(model: Any) -> dict[str, Any]:
    """Every torch.nn.Linear of the model by name, the head too. Raises BuildError for none.

    Not an output matrix that is tied to the embeddings: its zeros would be those of the tokens that are read.
    """
    tied = architecture.tied(model)
    names = [name for name in architecture.linears(model) if f"{name}.weight" not in tied]
    found = {name: model.get_submodule(name) for name in names}
    if not found:
        raise BuildError("the model has no torch.nn.Linear layer to prune")
    return found


def resources(recovery: Recovery | None, parents: Mapping[str, int]) -> Resources:
    """Weights and masks, and with recovery what a training holds with them; `parents` maps roles to bytes."""
    size = sum(parents.values()) // 2**20
    if recovery is None:
        return Resources(cpus=1, memory_mb=2048 + 3 * size)
    return Resources(2, 1024 + 6 * size, activations_mb(recovery.batch_size, parents))


def put(mask: Any, layer: Any, recovery: Recovery | None) -> None:
    """Zero a layer's weights where `mask` is False: in place, or with a mask that holds while the rest is trained."""
    from torch.nn.utils import prune

    if recovery:
        prune.custom_from_mask(layer, "weight", mask)
    else:
        layer.weight.data.mul_(mask)  # original and mask would be two copies more


def finish(job: Job, model: Any, recovery: Recovery | None) -> Session:
    """After masks were put on the Linear layers: train on if told to, make those left permanent, save, report."""
    from torch.nn.utils import prune

    recover(job, model, recovery)
    for module in linears(model).values():
        if prune.is_pruned(module):
            prune.remove(module, "weight")
    checkpoint.set_labels(model, job.task.spec.labels)
    checkpoint.save_model(model, job.out)
    checkpoint.copy_tokenizer(job.parent.path, job.out)
    report(job, model, job.out.glob("*.safetensors"))
    return sessions.session(model, job.out, job.device)


def report(job: Job, model: Any, stored: Iterable[Path]) -> None:
    """State what was pruned, layer by layer, and that it changes neither size nor speed; `stored` are the files."""
    layers = {name: _zeros(module.weight) for name, module in linears(model).items()}
    nonzero = sum(int(parameter.count_nonzero()) for parameter in model.parameters())
    job.fact("parameters", sum(parameter.numel() for parameter in model.parameters()))
    job.fact("nonzero_parameters", nonzero)
    job.fact("sparsity", {name: round(share, 6) for name, share in layers.items()})
    job.fact("remarks", [NO_FASTER])
    report_bytes(job, stored)


def _zeros(weight: Any) -> float:
    return 1.0 - int(weight.count_nonzero()) / int(weight.numel())
