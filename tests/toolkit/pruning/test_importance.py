"""Importance of heads and neurons, and what stays of them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from tests.support.encoders import ARCHITECTURES, encoder
from tests.support.job import Family, task_rows
from zoosmith.contract.errors import BuildError
from zoosmith.toolkit.pruning import importance, structure
from zoosmith.toolkit.pruning.importance import Selection
from zoosmith.toolkit.training.train import tensors

scores_of = st.lists(st.lists(st.floats(0, 100), min_size=2, max_size=30), min_size=1, max_size=6)


def test_it_is_the_slope_of_the_loss_when_a_head_is_faded_out(family: Family) -> None:
    """E over examples of |dL/dm| at m = 1, m a factor on the head's output: here by finite differences."""
    import torch

    made = family.made("finetune")
    model = made.model
    layers, job = structure.layers(model), job_of(family, 6)
    found = importance.first_order(job, model, [layer.mixed for layer in layers], layers[0].head_size)
    examples = [job.task.example(row) for row in task_rows("text-classification", "train")[:6]]
    for index, layer in enumerate(layers):
        for head in range(2):
            assert found[index][head] == pytest.approx(slope(job, model, layer, head, examples), rel=0.05, abs=1e-5)
    assert all(parameter.grad is None for parameter in model.parameters())
    assert not any(module._forward_pre_hooks for module in model.modules())
    assert torch.is_grad_enabled()


def job_of(family: Family, rows: int) -> Any:
    made = family.made("finetune")
    return SimpleNamespace(
        task=made.job.task, rows=lambda split: task_rows("text-classification", split)[:rows], device="cpu",
        params=Selection(rows=rows), progress=lambda *_: None,
    )  # fmt: skip


def slope(job: Any, model: Any, layer: Any, head: int, examples: list[Any], step: float = 1e-2) -> float:
    import torch

    columns = slice(head * layer.head_size, (head + 1) * layer.head_size)

    def losses(factor: float) -> Any:
        hook = layer.mixed.register_forward_pre_hook(lambda _, given: (faded(given[0], columns, factor),))
        answers = [model(**tensors(job, [example], model)).logits.double() for example in examples]
        hook.remove()
        targets = torch.from_numpy(job.task.targets(examples))
        return torch.stack([job.task.loss(one, targets[i : i + 1]) for i, one in enumerate(answers)])

    with torch.no_grad():
        return float(((losses(1 + step) - losses(1 - step)) / (2 * step)).abs().mean())


def faded(value: Any, columns: slice, factor: float) -> Any:
    value = value.clone()
    value[..., columns] *= factor
    return value


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_what_is_never_read_has_no_importance(architecture: str, family: Family) -> None:
    model = encoder(architecture)
    layers = structure.layers(model)
    layers[1].mixed.weight.data[:, 8:16] = 0
    layers[2].down.weight.data[:, 5] = 0
    heads = importance.first_order(job_of(family, 8), model, [layer.mixed for layer in layers], 8)
    neurons = importance.first_order(job_of(family, 8), model, [layer.down for layer in layers], 1)
    assert [len(layer) for layer in (*heads, *neurons)] == [4] * 3 + [48] * 3
    assert [(i, j) for i, layer in enumerate(heads) for j, value in enumerate(layer) if value == 0] == [(1, 1)]
    assert [(i, j) for i, layer in enumerate(neurons) for j, value in enumerate(layer) if value == 0] == [(2, 5)]


def test_no_rows_are_told(family: Family) -> None:
    job = job_of(family, 1)
    job.rows = lambda split: []
    with pytest.raises(BuildError, match="importance is measured on rows of `train`, which is empty"):
        importance.first_order(job, encoder("Bert"), [], 1)


@given(scores_of, st.floats(0.3, 0.9))
def test_in_each_layer_the_share_with_the_lowest_scores_goes(scores: list[list[float]], share: float) -> None:
    for layer, left in zip(scores, selected(scores, share, "layer"), strict=True):
        assert len(left) == max(1, len(layer) - round(share * len(layer)))
        assert left == sorted(set(left))
        gone = [value for i, value in enumerate(layer) if i not in left]
        assert max(gone, default=0) <= min(layer[i] for i in left)


@given(scores_of, st.floats(0.3, 0.9))
def test_over_all_layers_exactly_the_share_goes_and_each_layer_keeps_one(
    scores: list[list[float]], share: float
) -> None:
    left, total = selected(scores, share, "global"), sum(map(len, scores))
    assert sum(map(len, left)) == max(len(scores), total - round(share * total))
    assert all(left)


def selected(scores: list[list[float]], share: float, scope: Any, multiple: int = 1) -> list[list[int]]:
    try:
        return importance.kept(scores, Selection(share=share, scope=scope), multiple)
    except BuildError:  # nothing is removed: all that is left is all there was
        return [list(range(len(layer))) for layer in scores]


def test_layers_of_larger_gradients_win_nothing() -> None:
    scores = [[1.0, 2.0, 3.0, 4.0], [0.01, 0.02, 0.03, 0.04]]
    assert importance.kept(scores, Selection(share=0.5, scope="global")) == [[2, 3], [2, 3]]


@pytest.mark.parametrize("scope", ["layer", "global"])
def test_counts_are_multiples(scope: Any) -> None:
    scores = [[float(i) for i in range(48)], [float(48 - i) for i in range(48)]]
    left = selected(scores, 0.4, scope, multiple=16)
    assert left == [list(range(16, 48)), list(range(32))]
    assert [len(layer) for layer in selected(scores, 0.95, scope, multiple=16)] == [16, 16]


def test_a_share_that_removes_nothing_is_told() -> None:
    with pytest.raises(BuildError, match=r"share 0\.1 removes nothing from layers of \[4, 4\] units; raise `share`"):
        importance.kept([[1.0] * 4] * 2, Selection(share=0.1))
    with pytest.raises(BuildError, match="in steps of 32; lower `multiple`"):
        importance.kept([[1.0] * 32], Selection(share=0.5), 32)


@pytest.mark.parametrize("wrong", [{"share": 0}, {"share": 1}, {"rows": 0}, {"scope": "all"}])
def test_impossible_selections_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Selection(**wrong)
