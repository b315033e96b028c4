"""Activations rounded to a few bits by hooks, with a scale for each token.

The rounded values go on as floating-point numbers: this shows what rounding costs in quality, and saves neither time
nor memory. A token is rounded by its own values alone, so that what is computed for it is the same whatever was fed
with it, and a KV cache holds what a pass over the whole text would give.
"""

from __future__ import annotations

from typing import Any

from zoosmith.contract.errors import BuildError
from zoosmith.toolkit.causal.techniques import Activations
from zoosmith.toolkit.torch import architecture


def rounded(values: Any, told: Activations) -> Any:
    """Each vector of the last dimension rounded to whole multiples of its scale; the same shape and type.

    The scale takes the largest value that is no outlier to the largest whole number of `bits` bits, sign included.
    Outliers stay as they are: those whose distance from the vector's mean is over `outlier_z` of its standard
    deviations.
    """
    import torch

    exact = values.float()
    outliers = _outliers(exact, told.outlier_z)
    top = 2 ** (told.bits - 1) - 1
    scale = exact.masked_fill(outliers, 0.0).abs().amax(dim=-1, keepdim=True) / top
    steps = (exact / scale.where(scale > 0, 1.0)).round()
    return torch.where(outliers, values, (steps * scale).to(values.dtype))


def _outliers(values: Any, limit: float | None) -> Any:
    import torch

    if limit is None:
        return torch.zeros_like(values, dtype=torch.bool)
    apart = values - values.mean(dim=-1, keepdim=True)
    deviation = apart.square().mean(dim=-1, keepdim=True).sqrt()
    return apart.abs() > limit * deviation


def attach(model: Any, told: Activations) -> list[str]:
    """Round the inputs of every linear layer of the body from now on; names of these layers.

    The output matrix is left alone. Raises BuildError for a model without linear layers.
    """
    heads = architecture.heads(model)
    names = [name for name in architecture.linears(model) if not architecture.is_under(name, heads)]
    if not names:
        raise BuildError(f"{type(model).__name__} has no linear layers, whose inputs could be rounded")

    def hook(_: Any, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
        return (rounded(inputs[0], told), *inputs[1:])

    for name in names:
        model.get_submodule(name).register_forward_pre_hook(hook)
    return names


def remark(told: Activations) -> str:
    """What a reader of the card must know, as a sentence."""
    return (
        f"Activations are rounded to {told.bits} bits and multiplied in floating point: it costs time at each call and "
        "saves no memory."
    )
