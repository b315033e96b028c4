"""Weights and multiply-adds of PyTorch models."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.support.job import Family
from zoosmith import plugins
from zoosmith.toolkit.torch.forward import TorchForward
from zoosmith.toolkit.torch.torch_weights import multiply_adds, parameters

HIDDEN, MIDDLE, LAYERS, LABELS = 32, 64, 2, 2


def expected(tokens: int) -> int:
    """Of the toy BERT: projections, feed-forward and attention of each layer, then pooler and classifier."""
    layer = tokens * (4 * HIDDEN**2 + 2 * HIDDEN * MIDDLE) + 2 * tokens**2 * HIDDEN
    return LAYERS * layer + HIDDEN**2 + HIDDEN * LABELS


def encoded(tokens: int, batch: int = 1) -> dict[str, np.ndarray]:
    shape = (batch, tokens)
    return {"input_ids": np.ones(shape, np.int64), "attention_mask": np.ones(shape, np.int64)}


@pytest.fixture(scope="module")
def models(family: Family) -> dict[str, TorchForward]:
    opened = {}
    for name in ("torch", "torch_int8"):
        made = family.made({"torch": "finetune"}.get(name, name))
        opened[name] = plugins.load("runtimes", name, made.out).open(made.out, made.manifest, threads=1)
    return opened


@pytest.mark.parametrize("tokens", [1, 16, 64])
@pytest.mark.parametrize("name", ["torch", "torch_int8"])
def test_multiply_adds_are_those_of_the_architecture(models: dict[str, TorchForward], name: str, tokens: int) -> None:
    assert multiply_adds(models[name], encoded(tokens)) == expected(tokens)


def test_a_batch_multiplies_as_often_as_it_has_rows(models: dict[str, TorchForward]) -> None:
    assert multiply_adds(models["torch_int8"], encoded(16, batch=3)) == 3 * expected(16)


def test_int8_layers_count_by_their_elements(models: dict[str, TorchForward]) -> None:
    total, nonzero = parameters(models["torch"].model)
    assert total == sum(one.numel() for one in models["torch"].model.parameters())
    assert nonzero <= total
    assert parameters(models["torch_int8"].model)[0] == total


def test_pruned_weights_show() -> None:
    model = torch.nn.Linear(10, 4)
    with torch.no_grad():
        model.weight[:, :5] = 0
    assert parameters(model) == (44, 24)


def test_tied_weights_count_once() -> None:
    model = torch.nn.ModuleList([torch.nn.Linear(3, 3, bias=False), torch.nn.Linear(3, 3, bias=False)])
    model[1].weight = model[0].weight
    assert parameters(model)[0] == 9
