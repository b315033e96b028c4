"""Which heads and neurons matter: first-order importance on training rows, and what stays at a given share.

Source: Michel et al., 2019, "Are sixteen heads really better than one?", eq. 2, after Molchanov et al., 2017:
the expected change of the loss when a unit is switched off is, to first order, E|a . dL/da| over its output a.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, Literal

from pydantic import BaseModel, Field

from zoosmith.contract.errors import BuildError
from zoosmith.contract.job import Job
from zoosmith.toolkit.training.train import tensors
from zoosmith.toolkit.training.training_rows import spread

BATCH = 32


class Selection(BaseModel):
    """share: of the units that is removed. rows: of `train`, evenly spaced, that importance is measured on.

    scope: the share holds in each layer, or over all of them together, where each layer keeps at least one.
    """

    share: float = Field(default=0.5, gt=0, lt=1)
    scope: Literal["layer", "global"] = "layer"
    rows: int = Field(default=1024, ge=1)


def first_order(job: Job, model: Any, readers: Sequence[Any], width: int) -> list[list[float]]:
    """Importance of each group of `width` inputs of each Linear layer in `readers`, on rows of `train`.

    Raises BuildError where `train` is empty.
    """
    import torch

    examples = _examples(job)
    totals = [torch.zeros(reader.in_features // width, dtype=torch.float64) for reader in readers]
    seen: dict[int, Any] = {}
    hooks = [reader.register_forward_pre_hook(partial(_remember, seen, i)) for i, reader in enumerate(readers)]
    model.to(job.device).eval()
    for start in range(0, len(examples), BATCH):
        batch = examples[start : start + BATCH]
        job.progress(start, len(examples), "measuring importance")
        for total, change in zip(totals, _changes(job, model, batch, seen, len(readers)), strict=True):
            total += change.reshape(len(batch), -1, len(total), width).sum(dim=(1, 3)).abs().sum(dim=0).double().cpu()
    for hook in hooks:
        hook.remove()
    return [(total / len(examples)).tolist() for total in totals]


def _changes(job: Job, model: Any, batch: Sequence[Any], seen: dict[int, Any], count: int) -> list[Any]:
    """a . dL/da of each remembered input, unsummed, where L is the sum of the examples' losses."""
    import torch

    targets = torch.from_numpy(job.task.targets(batch)).to(job.device)
    loss = job.task.loss(model(**tensors(job, batch, model)).logits.float(), targets) * len(batch)
    inputs = [seen[i] for i in range(count)]
    gradients = torch.autograd.grad(loss, inputs)
    return [(value * gradient).detach() for value, gradient in zip(inputs, gradients, strict=True)]


def input_norms(job: Job, model: Any, readers: Sequence[Any]) -> list[Any]:
    """L2 norm of each input feature of each Linear layer in `readers`, over all tokens of rows of `train`.

    Tensors of shape (features of the layer,). Raises BuildError where `train` is empty.
    """
    import torch

    examples = _examples(job)
    squares = [torch.zeros(reader.in_features, dtype=torch.float64) for reader in readers]
    seen: dict[int, Any] = {}
    hooks = [reader.register_forward_pre_hook(partial(_remember, seen, i)) for i, reader in enumerate(readers)]
    model.to(job.device).eval()
    with torch.no_grad():
        for done, example in enumerate(examples):  # one at a time: padding is no activation
            job.progress(done, len(examples), "measuring activations")
            model(**tensors(job, [example], model))
            for i, square in enumerate(squares):
                square += seen[i].reshape(-1, len(square)).double().square().sum(dim=0).cpu()
    for hook in hooks:
        hook.remove()
    return [square.sqrt().to(reader.weight.device) for square, reader in zip(squares, readers, strict=True)]


def _examples(job: Job) -> list[Any]:
    examples = [job.task.example(row) for row in spread(job.rows("train"), job.params.rows)]
    if not examples:
        raise BuildError("importance is measured on rows of `train`, which is empty")
    return examples


def _remember(seen: dict[int, Any], index: int, module: Any, given: tuple[Any, ...]) -> None:
    seen[index] = given[0]


def kept(scores: Sequence[Sequence[float]], chosen: Selection, multiple: int = 1) -> list[list[int]]:
    """Indices of the units that stay in each layer, in rising order.

    Counts become multiples of `multiple`, at least one of it. Raises BuildError where nothing would be removed.
    """
    counts = _each(scores, chosen.share) if chosen.scope == "layer" else _together(scores, chosen.share)
    left = []
    for layer, count in zip(scores, counts, strict=True):
        even = min(len(layer), max(multiple, round(count / multiple) * multiple))
        best = sorted(range(len(layer)), key=lambda i: (-layer[i], i))[:even]
        left.append(sorted(best))
    if sum(map(len, left)) == sum(map(len, scores)):
        raise BuildError(
            f"share {chosen.share:g} removes nothing from layers of {[len(layer) for layer in scores]} units"
            + (f" in steps of {multiple}; lower `multiple` or raise `share`" if multiple > 1 else "; raise `share`")
        )
    return left


def _each(scores: Sequence[Sequence[float]], share: float) -> list[int]:
    return [max(1, len(layer) - round(share * len(layer))) for layer in scores]


def _together(scores: Sequence[Sequence[float]], share: float) -> list[int]:
    """Counts after the least important of all layers left, scores divided by their layer's L2 norm (Michel et al.)."""
    norms = [sum(value * value for value in layer) ** 0.5 or 1.0 for layer in scores]
    ranked = sorted(
        (value / norm, index, i)
        for index, (layer, norm) in enumerate(zip(scores, norms, strict=True))
        for i, value in enumerate(layer)
    )
    counts = [len(layer) for layer in scores]
    wanted = round(share * len(ranked))
    for _, index, _ in ranked:
        if wanted and counts[index] > 1:
            counts[index] -= 1
            wanted -= 1
    return counts
