"""How much each layer of a language model suffers from 4 bits: measured one layer at a time on calibration text."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from zoosmith.contract.errors import BuildError
from zoosmith.toolkit.quantization import bnb


def measured(
    model: Any,
    layers: Sequence[Any],
    sequences: Sequence[Sequence[int]],
    file: Path,
    progress: Callable[..., None] = lambda *_, **__: None,
) -> list[float]:
    """Mean KL divergence in nats from the whole model, over all tokens, with one of `layers` in NF4; (layers,).

    sequences: token ids, read one by one. What was measured outlives a kill in `file`. Raises BuildError without text.
    """
    if not any(sequences):
        raise BuildError("sensitivity is measured on rows of `calibration`, of which there are none; or name `keep`")
    known: list[float] = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else []
    wanted = [_expected(model, ids) for ids in sequences] if len(known) < len(layers) else []
    for place in range(len(known), len(layers)):
        progress(place, len(layers), f"sensitivity of layer {place}")
        with in_nf4(layers[place]):
            sums = [divergence(mine, _expected(model, ids)) for mine, ids in zip(wanted, sequences, strict=True)]
        known.append(sum(sums) / sum(map(len, sequences)))
        _store(known, file)
    return known


def most(values: Sequence[float], share: float) -> list[int]:
    """Places of the largest values, in rising order: that share of them, rounded up; of equal ones the earlier."""
    count = math.ceil(round(share * len(values), 9))
    return sorted(sorted(range(len(values)), key=lambda place: (-values[place], place))[:count])


@contextmanager
def in_nf4(layer: Any) -> Iterator[None]:
    """Weights of the linear layers in `layer` as NF4 would give them; afterwards they are what they were."""
    import torch
    from bitsandbytes.functional import dequantize_4bit, quantize_4bit

    linears = [m for m in layer.modules() if isinstance(m, torch.nn.Linear) and not m.in_features % bnb.BLOCK]
    before = [linear.weight.data for linear in linears]
    for linear in linears:
        stored, state = quantize_4bit(linear.weight.data, blocksize=bnb.BLOCK, quant_type="nf4")
        linear.weight.data = dequantize_4bit(stored, state).to(linear.weight.dtype)
    try:
        yield
    finally:
        for linear, weight in zip(linears, before, strict=True):
            linear.weight.data = weight


def divergence(reference: Any, other: Any) -> float:
    """KL(reference || other) in nats of log-probabilities (tokens, vocabulary), summed over tokens."""
    return float((reference.exp() * (reference - other)).sum(dim=-1).double().sum())


def _expected(model: Any, ids: Sequence[int]) -> Any:
    """Log-probabilities (tokens, vocabulary) after each token."""
    import torch

    with torch.inference_mode():
        tokens = torch.tensor([list(ids)], device=model.device)
        return model(input_ids=tokens, use_cache=False).logits[0].float().log_softmax(dim=-1)


def _store(known: Sequence[float], file: Path) -> None:
    temporary = file.with_suffix(".tmp")
    temporary.write_text(json.dumps(known), encoding="utf-8")
    temporary.replace(file)
