"""Distillation: what the student starts from, what it learns, and that a kill changes nothing."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.support.encoders import write_encoder
from tests.support.job import TELLING, Case, Family, Made, build, probe_logits, source, spec, task_rows
from tests.support.pruning import assert_opens, converted
from tests.support.training import Killed, accuracy, kill_at, largest_gap, weights
from tests.support.zoo import write_bert, write_tokenizer
from zoosmith.contract.errors import BuildError
from zoosmith.contract.job import Parent
from zoosmith.toolkit.training import train

QUICK = {"epochs": 4, "learning_rate": 3e-3, "batch_size": 16, "autocast": "none"}
CASE = Case(parents={"student": "body", "teacher": "finetune"}, params=QUICK | {"layers": [1], "alpha": 0.9})
HIDDEN = {"hidden_weight": 1.0}


def distilled(family: Family, folder: Path, student: Parent | None = None, **params: Any) -> Made:
    parents = {"student": student or family.parent("body"), "teacher": family.parent("finetune")}
    return build("distill", parents, folder, task=spec(), params=QUICK | params)


def test_a_student_of_fewer_layers_learns_the_task(family: Family) -> None:
    made = family.made("distill")
    assert accuracy(made) >= 0.9
    assert made.facts["layers"] == 1
    assert made.facts["parameters"] < made.facts["teacher_parameters"] == family.made("finetune").facts["parameters"]
    assert made.facts["train_examples"] == 240
    assert made.manifest.task.labels == family.made("finetune").manifest.task.labels
    assert_opens(made)


@pytest.mark.parametrize("lessons", [{"soft": "mse"}, HIDDEN, HIDDEN | {"autocast": "bf16"}])
def test_with_the_teachers_answers_alone_it_learns_the_task(
    family: Family, tmp_path: Path, lessons: dict[str, Any]
) -> None:
    made = distilled(family, tmp_path, alpha=1.0, layers=[0], **lessons)
    assert accuracy(made) >= 0.9
    assert {str(value.dtype) for value in weights(made).values()} == {"float32"}


def test_it_comes_nearer_to_its_teacher_than_labels_alone_bring_it(family: Family, tmp_path: Path) -> None:
    def gap(alpha: float) -> float:
        made = distilled(family, tmp_path / str(alpha), alpha=alpha, soft="mse", layers=[1])
        theirs = probe_logits(family.made("finetune"), TELLING)
        return float(np.abs(probe_logits(made, TELLING) - theirs).mean())

    assert gap(1.0) < 0.5 * gap(0.0)


def test_without_a_teachers_part_it_is_fine_tuning(family: Family, tmp_path: Path) -> None:
    assert largest_gap(distilled(family, tmp_path, alpha=0.0), family.made("finetune")) <= 1e-6


def test_hidden_states_come_nearer_where_they_count(family: Family, tmp_path: Path) -> None:
    def gap(weight: float) -> float:
        made = distilled(family, tmp_path / str(weight), alpha=1.0, hidden_weight=weight, layers=[0])
        return float(np.abs(last_hidden(made) - last_hidden(family.made("finetune"))).mean())

    assert gap(10.0) < 0.6 * gap(0.0)


def last_hidden(made: Made) -> Any:
    import torch

    model = made.model
    encoded = made.encode(*TELLING)
    with torch.inference_mode():
        given = {name: torch.from_numpy(value) for name, value in encoded.items()}
        return model(**given, output_hidden_states=True).hidden_states[-1].numpy()


def test_a_pruned_copy_is_a_student(family: Family, tmp_path: Path) -> None:
    narrow = build("prune_heads", {"from": family.parent("finetune")}, tmp_path / "heads", params={"share": 0.5})
    narrow = build("prune_ffn", {"from": narrow.parent}, tmp_path / "ffn", params={"share": 0.5})
    made = distilled(family, tmp_path, narrow.parent, epochs=1, **HIDDEN)
    assert (made.facts["heads"], made.facts["ffn"]) == ([1, 1], [32, 32])
    assert accuracy(made) >= 0.9
    converted(made, tmp_path)


def test_labels_are_in_the_teachers_order(family: Family, tmp_path: Path) -> None:
    base = source(write_bert(tmp_path / "base", labels=("POSITIVE", "NEGATIVE")))
    taken = build("checkpoint", {"from": base}, tmp_path / "taken", task=spec())
    teacher = build("prune_magnitude", {"from": taken.parent}, tmp_path / "t", params={"recovery": QUICK})
    parents = {"student": family.parent("body"), "teacher": teacher.parent}
    made = build("distill", parents, tmp_path / "made", params=QUICK | {"alpha": 0.5})
    assert made.manifest.task is not None
    assert made.manifest.task.labels == ("positive", "negative")
    assert probe_logits(made, TELLING).argmax(axis=1).tolist() == [0] * 5 + [1] * 5


@pytest.mark.parametrize("params", [{}, HIDDEN])
@pytest.mark.parametrize("step", [1, 20])
def test_killed_and_resumed_equals_uninterrupted(
    family: Family, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: int, params: dict[str, Any]
) -> None:
    monkeypatch.setattr(train, "SAVE_EVERY_S", 0.0)
    given = CASE.params | params | {"epochs": 2}
    whole = family.again("distill", tmp_path / "whole", params=given)
    with pytest.raises(Killed):
        family.again("distill", tmp_path / "cut", params=given, progress=kill_at(step))
    resumed = family.again("distill", tmp_path / "cut", params=given)
    assert largest_gap(whole, resumed) <= 1e-5
    for curve in ("loss", "dev_accuracy"):
        assert resumed.notes["training"][curve] == whole.notes["training"][curve]


def test_the_teacher_answers_once(family: Family, tmp_path: Path) -> None:
    texts: list[str] = []
    for _ in range(2):
        family.again(
            "distill", tmp_path, params=CASE.params | {"epochs": 1}, progress=lambda *_, text="": texts.append(text)
        )
    assert sum(text.startswith("the teacher answers 0 of 240") for text in texts) == 1


def test_another_tokenizer_is_refused(family: Family, tmp_path: Path) -> None:
    base = write_bert(tmp_path / "base")
    shutil.rmtree(base / "tokenizer.json", ignore_errors=True)
    write_tokenizer(base, ("other", "words"))
    with pytest.raises(BuildError, match=r"tokenizers of 9 and 27 tokens that differ in \d+, such as 'a'"):
        distilled(family, tmp_path, source(base))


@pytest.mark.parametrize("lessons", [{}, HIDDEN])
def test_a_narrower_student_learns_and_keeps_nothing_of_its_lessons(
    family: Family, tmp_path: Path, lessons: dict[str, float]
) -> None:
    base = write_bert(tmp_path / "base", width=16)
    made = distilled(family, tmp_path, source(base), **lessons, epochs=8, patience=8)
    assert accuracy(made) >= 0.9
    assert made.facts["parameters"] < 0.6 * made.facts["teacher_parameters"]
    assert {name.partition(".")[0] for name in weights(made)} == {"bert", "classifier"}
    assert_opens(made)


def test_another_architecture_learns_too(family: Family, tmp_path: Path) -> None:
    base = source(write_encoder(tmp_path / "base", "DistilBert", layers=2, spread=0.02))
    made = distilled(family, tmp_path, base, hidden_weight=0.1)
    assert accuracy(made) >= 0.9
    assert_opens(made)


@pytest.mark.parametrize(("layers", "found"), [([1, 0], r"\[1, 0\]"), ([2], r"\[2\]"), ([0, 1], r"\[0, 1\]")])
def test_layers_that_the_student_does_not_have_are_told(
    family: Family, tmp_path: Path, layers: list[int], found: str
) -> None:
    with pytest.raises(BuildError, match=rf"some of the layers 0 to 1 in rising order, not all; found {found}"):
        distilled(family, tmp_path, layers=layers)


@pytest.mark.parametrize("empty", ["train", "dev"])
def test_an_empty_split_is_told(family: Family, tmp_path: Path, empty: str) -> None:
    with pytest.raises(BuildError, match="training needs rows in `train` and in `dev`"):
        family.again("distill", tmp_path, data=lambda s: [] if s == empty else task_rows("text-classification", s))
