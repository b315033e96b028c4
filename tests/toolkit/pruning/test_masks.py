"""Masks of sparse weights: what they zero, and when they are permanent."""

from __future__ import annotations

import torch
from torch.nn.utils import prune

from zoosmith.toolkit.pruning import masks
from zoosmith.toolkit.training.recovery import Recovery

MASK = torch.tensor([[True, False, True, False], [False, True, False, True]])


def masked(recovery: Recovery | None) -> torch.nn.Linear:
    layer = torch.nn.Linear(4, 2)
    masks.put(MASK, layer, recovery)
    return layer


def test_a_mask_is_permanent_at_once_unless_something_is_trained_on() -> None:
    layer = masked(None)
    assert [name for name, _ in layer.named_parameters()] == ["weight", "bias"]
    assert not list(layer.named_buffers())
    assert torch.equal(layer.weight != 0, MASK)


def test_a_mask_stays_while_the_rest_is_trained() -> None:
    layer = masked(Recovery())
    assert [name for name, _ in layer.named_buffers()] == ["weight_mask"]
    assert prune.is_pruned(layer)
    assert torch.equal(layer.weight != 0, MASK)
