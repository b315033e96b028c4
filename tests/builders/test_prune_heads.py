"""Pruning of heads: which go, what is left in the file, and that every conversion takes it."""

from __future__ import annotations

import json
import math
from pathlib import Path

import onnx
import pytest

from tests.support.encoders import ARCHITECTURES
from tests.support.job import TELLING, Case, Family, build, probe_logits, task_rows
from tests.support.pruning import RECOVERY, assert_opens, converted, model_of, size, taken
from zoosmith.contract.errors import BuildError
from zoosmith.toolkit.pruning import structure

CASE = Case(parents={"from": "finetune"})


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_heads_are_gone_from_file_and_model_and_conversions(tmp_path: Path, architecture: str) -> None:
    parent = taken(tmp_path, architecture)
    made = build("prune_heads", {"from": parent}, tmp_path / "cut", params={"share": 0.5})
    assert made.facts["heads"] == [2, 2, 2] == [size.heads for size in structure.sizes(model_of(made))]
    assert [len(heads) for heads in made.facts["kept_heads"]] == [2, 2, 2]
    assert made.facts["ffn"] == [48, 48, 48]
    removed = 3 * 2 * (3 * (32 * 8 + 8) + 32 * 8)
    assert made.facts["parameters"] == parent.manifest.facts["parameters"] - removed
    assert size(made) == pytest.approx((parent.path / "model.safetensors").stat().st_size - 4 * removed, abs=200)
    assert_opens(made)
    graph = onnx.load(converted(made, tmp_path)["onnx"].out / "model.onnx").graph
    held = sum(math.prod(weight.dims) for weight in graph.initializer)
    assert held < made.facts["parameters"] + removed / 10


def test_the_least_important_heads_go_in_each_layer(tmp_path: Path) -> None:
    made = build("prune_heads", {"from": taken(tmp_path, "Bert")}, tmp_path / "cut", params={"share": 0.25})
    for kept, scores in zip(made.facts["kept_heads"], made.notes["head_importance"], strict=True):
        assert len(kept) == 3
        assert set(range(4)) - set(kept) == {scores.index(min(scores))}


def test_over_all_layers_each_keeps_at_least_one(tmp_path: Path) -> None:
    parent = taken(tmp_path, "Bert")
    made = build("prune_heads", {"from": parent}, tmp_path / "cut", params={"share": 0.7, "scope": "global"})
    assert sum(made.facts["heads"]) == 12 - round(0.7 * 12)
    assert min(made.facts["heads"]) >= 1
    assert json.loads((made.out / "structure.json").read_text())["layers"] == [
        {"heads": heads, "ffn": 48} for heads in made.facts["heads"]
    ]
    assert_opens(made)


def test_it_can_be_cut_again_and_trained_on(tmp_path: Path) -> None:
    parent = taken(tmp_path, "DistilBert")
    once = build("prune_heads", {"from": parent}, tmp_path / "once", params={"share": 0.25})
    twice = build("prune_heads", {"from": once.parent}, tmp_path / "twice", params={"share": 0.34})
    both = build("prune_ffn", {"from": twice.parent}, tmp_path / "both", params={"share": 0.5, "multiple": 8})
    trained = build("finetune", {"from": both.parent}, tmp_path / "trained", params=RECOVERY)
    assert (trained.out / "structure.json").read_bytes() == (both.out / "structure.json").read_bytes()
    assert [tuple(size) for size in structure.sizes(model_of(trained))] == [(2, 24)] * 3
    assert_opens(trained)


def test_recovery_brings_answers_back(family: Family, tmp_path: Path) -> None:
    made = family.again("prune_heads", tmp_path, params={"share": 0.5, "recovery": RECOVERY})
    assert made.facts["recovery_examples"] == 240
    answers = probe_logits(made, TELLING).argmax(axis=1)
    assert answers.tolist() == [1] * 5 + [0] * 5


def test_only_rows_of_train_are_read_without_recovery(family: Family, tmp_path: Path) -> None:
    asked = []

    def rows(split: str) -> list[object]:
        asked.append(split)
        return task_rows("text-classification", split)  # type: ignore[return-value]

    family.again("prune_heads", tmp_path, data=rows)
    assert set(asked) == {"train"}


def test_a_share_that_removes_no_head_is_told(family: Family, tmp_path: Path) -> None:
    with pytest.raises(BuildError, match=r"removes nothing from layers of \[2, 2\] units"):
        family.again("prune_heads", tmp_path, params={"share": 0.2})


def test_an_empty_split_is_told(family: Family, tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="rows of `train`, which is empty"):
        family.again("prune_heads", tmp_path, data=lambda split: [])
