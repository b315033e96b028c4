"""Which tokens of a prompt stay when those that get the least attention are cut."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from zoosmith.contract.errors import ZooError
from zoosmith.toolkit.causal.techniques import Trim

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

EXACT = 9  # decimals: 0.1 * 30 is a little over 3 in binary, and would keep four tokens


def kept_tokens(received: NDArray[np.float64], told: Trim) -> list[int]:
    """Places of the tokens that stay, in rising order, by the attention that each gets: (tokens,).

    The first `first` and the last `last_share` of all stay, rounded up; of the others the `cut_share`, rounded down,
    that get the least are cut, of equal ones the earlier.
    """
    count = len(received)
    last = max(1, math.ceil(round(told.last_share * count, EXACT)))
    middle = range(told.first, count - last)
    cut = math.floor(round(told.cut_share * len(middle), EXACT))
    least = sorted(middle, key=lambda place: (received[place], place))[:cut]
    return sorted(set(range(count)) - set(least))


def received(model: Any, ids: Sequence[int], device: str = "cpu") -> NDArray[np.float64]:
    """Attention that each token of a prompt gets: summed over layers, heads and the tokens that give it; (tokens,).

    One pass in transformers' own ("eager") attention, which alone tells its weights; those of one layer are in memory
    at a time. Raises ZooError for a model that does not tell them.
    """
    import torch

    total = torch.zeros(len(ids), dtype=torch.float64, device=device)
    layers = attentions(model)

    def add(module: Any, _: Any, output: Any) -> None:
        weights = output[1] if isinstance(output, tuple) and len(output) > 1 else None
        if weights is None or weights.shape[-1] != len(ids):
            raise ZooError(f"{type(module).__name__} does not tell its attention, so no prompt can be trimmed by it")
        total.add_(weights[0].double().sum(dim=(0, 1)))

    with torch.inference_mode(), _eager(model), ExitStack() as hooks:
        for layer in layers:
            hooks.callback(layer.register_forward_hook(add).remove)
        model.base_model(input_ids=torch.tensor([list(ids)], device=device), use_cache=False)
    found: NDArray[np.float64] = total.cpu().numpy()
    return found


def attentions(model: Any) -> list[Any]:
    """The attention modules of the layers. Raises ZooError where none is found."""
    found = [m for m in model.modules() if hasattr(m, "layer_idx") and type(m).__name__.endswith("Attention")]
    if not found:
        raise ZooError(f"{type(model).__name__} has no attention that is known here, so no prompt can be trimmed by it")
    return found


@contextmanager
def _eager(model: Any) -> Iterator[None]:
    """Attention that hands its weights on; afterwards that of before, which is faster."""
    before = model.config._attn_implementation
    model.set_attn_implementation("eager")
    try:
        yield
    finally:
        model.set_attn_implementation(before)


def remark(told: Trim) -> str:
    """What a reader of the card must know, as a sentence."""
    cut, last = (f"{100 * share:g} %" for share in (told.cut_share, told.last_share))
    return (
        f"{cut} of a prompt's tokens beyond its first {told.first} and last {last} are never read: those that get the "
        "least attention. A prompt goes through the model twice, so that the first token comes later than without it, "
        "and texts cannot be scored whole."
    )
