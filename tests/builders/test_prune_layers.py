"""Depth pruning: the layers that stay are the parent's, in their order; the greedy choice looks at `dev` only."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest

from tests.support.encoders import ARCHITECTURES
from tests.support.job import TELLING, Case, Family, build, probe_logits, task_rows
from tests.support.pruning import RECOVERY, assert_opens, converted, model_of, taken
from zoosmith.contract.errors import BuildError
from zoosmith.toolkit.pruning import structure
from zoosmith.toolkit.training.split_loss import mean_loss

CASE = Case(parents={"from": "finetune"}, params={"drop": 1})


def layer_weights(path: Path) -> list[np.ndarray]:
    """The up projection of each layer, in order."""
    from safetensors.numpy import load_file

    names = ("intermediate.dense.weight", "ffn.lin1.weight")
    return [value for name, value in sorted(load_file(path / "model.safetensors").items()) if name.endswith(names)]


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("keep", [[0, 2], [1], [1, 2]])
def test_told_layers_stay_in_order(tmp_path: Path, architecture: str, keep: list[int]) -> None:
    parent = taken(tmp_path, architecture)
    made = build("prune_layers", {"from": parent}, tmp_path / "cut", params={"keep": keep})
    assert made.facts["kept_layers"] == keep
    assert made.facts["layers"] == len(keep)
    theirs = layer_weights(parent.path)
    for mine, index in zip(layer_weights(made.out), keep, strict=True):
        assert np.array_equal(mine, theirs[index])
    assert not (made.out / "structure.json").exists()
    assert_opens(made)


def test_conversions_take_it(tmp_path: Path) -> None:
    made = build("prune_layers", {"from": taken(tmp_path, "DistilBert")}, tmp_path / "cut", params={"keep": [0, 2]})
    assert made.facts["heads"] == [4, 4]
    assert converted(made, tmp_path)["torch_int8"].facts["int8_layers"] == 2 * 6 + 2


def test_one_dropped_layer_is_the_best_choice_on_dev(tmp_path: Path) -> None:
    parent = taken(tmp_path, "Bert")
    made = build("prune_layers", {"from": parent}, tmp_path / "chosen", params={"drop": 1})
    dev = [made.job.task.example(row) for row in task_rows("text-classification", "dev")]
    losses = {}
    for keep in itertools.combinations(range(3), 2):
        told = build("prune_layers", {"from": parent}, tmp_path / str(keep), params={"keep": keep})
        losses[keep] = mean_loss(told.job, told.session, dev)
    assert tuple(made.facts["kept_layers"]) == min(losses, key=lambda keep: losses[keep])
    (table,) = made.notes["dev_loss_without"]
    assert sorted(table.values()) == pytest.approx(sorted(losses.values()), abs=1e-4)


def test_heads_and_layers_compose(tmp_path: Path) -> None:
    parent = taken(tmp_path, "Roberta")
    heads = build("prune_heads", {"from": parent}, tmp_path / "h", params={"share": 0.5, "scope": "global"})
    made = build("prune_layers", {"from": heads.parent}, tmp_path / "l", params={"keep": [0, 2]})
    assert made.facts["heads"] == [heads.facts["heads"][0], heads.facts["heads"][2]]
    assert [size.heads for size in structure.sizes(model_of(made))] == made.facts["heads"]
    assert_opens(made)


def test_recovery_brings_answers_back(family: Family, tmp_path: Path) -> None:
    made = family.again("prune_layers", tmp_path, params={"keep": [0], "recovery": RECOVERY})
    assert probe_logits(made, TELLING).argmax(axis=1).tolist() == [1] * 5 + [0] * 5


def test_the_choice_reads_dev_and_nothing_else(family: Family, tmp_path: Path) -> None:
    asked: list[str] = []
    family.again(
        "prune_layers", tmp_path, data=lambda split: asked.append(split) or task_rows("text-classification", split)
    )
    assert set(asked) == {"dev"}
    with pytest.raises(BuildError, match="compared on rows of `dev`, which is empty"):
        family.again("prune_layers", tmp_path / "empty", data=lambda split: [])


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"keep": [1, 0]}, r"layers 0 to 1 in rising order, not all; found \[1, 0\]"),
        ({"keep": [0, 1]}, "rising order, not all"),
        ({"keep": [2]}, "layers 0 to 1"),
        ({"keep": [-1]}, "layers 0 to 1"),
        ({"drop": 2}, "drop is 2, the model has 2 layers; at least one must stay"),
    ],
)
def test_impossible_choices_are_told(family: Family, tmp_path: Path, params: dict[str, object], message: str) -> None:
    with pytest.raises(BuildError, match=message):
        family.again("prune_layers", tmp_path, params=params)
