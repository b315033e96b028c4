"""Masks of sparse weights: when they are made permanent."""

from __future__ import annotations

import torch
from torch.nn.utils import prune

from zoosmith.lib import sparsity
from zoosmith.lib.recovery import Recovery


def masked() -> torch.nn.Linear:
    layer = torch.nn.Linear(4, 2)
    prune.l1_unstructured(layer, "weight", amount=0.5)
    return layer


def test_a_mask_is_permanent_at_once_unless_something_is_trained_on() -> None:
    layer = masked()
    sparsity.settle(layer, None)
    assert [name for name, _ in layer.named_parameters()] == ["bias", "weight"]
    assert not list(layer.named_buffers())
    assert int(layer.weight.count_nonzero()) == 4


def test_a_mask_stays_while_the_rest_is_trained() -> None:
    layer = masked()
    sparsity.settle(layer, Recovery())
    assert [name for name, _ in layer.named_buffers()] == ["weight_mask"]
    assert prune.is_pruned(layer)
