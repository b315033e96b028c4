"""From an artifact's folder or name to answers, and what is said where there is none."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

import zoosmith
from tests.support.job import PAIR, TELLING, Family, probe_logits
from tests.support.zoo import ROOT, write_project
from zoosmith import plugins
from zoosmith.contract.errors import ZooError
from zoosmith.predictor import open_artifact, read_manifest


@pytest.fixture
def zoo(family: Family, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with one built artifact, toy-onnx; the working directory is a folder below it."""
    project = write_project(tmp_path)
    shutil.copytree(family.made("onnx").out, project / "artifacts" / "toy-onnx")
    below = project / "notes" / "today"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    monkeypatch.delenv("ZOOSMITH_PROJECT", raising=False)
    return project


def test_an_answer_is_the_most_probable_label(family: Family) -> None:
    made = family.made("onnx")
    answers = open_artifact(made.out, project=ROOT).predict(TELLING)
    logits = probe_logits(made, TELLING)
    expected = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    for answer, row in zip(answers, expected, strict=True):
        assert list(answer.scores) == ["negative", "positive"]
        assert list(answer.scores.values()) == pytest.approx(row.tolist(), abs=1e-5)
        assert answer.label == ("negative", "positive")[row.argmax()]
        assert answer.score == max(answer.scores.values())
    assert [answer.label for answer in answers] == ["positive"] * 5 + ["negative"] * 5


def test_large_logits_do_not_overflow(family: Family) -> None:
    opened = open_artifact(family.made("onnx").out, project=ROOT)
    opened.session = type("Loud", (), {"classify": lambda self, encoded: np.array([[3000.0, -3000.0]], np.float32)})()
    assert opened.predict(["a"])[0].scores == {"negative": 1.0, "positive": 0.0}


def test_pairs_are_tuples_or_lists(family: Family) -> None:
    opened = open_artifact(family.made("onnx", PAIR).out, project=ROOT)
    one, two = opened.predict([("the film", "a good plot"), ["the film", "a good plot"]])
    assert one == two
    assert set(one.scores) == {"no", "yes"}
    with pytest.raises(ZooError, match=r"takes 2 text\(s\) \(first, second\); found 1"):
        opened.predict(["the film"])


@pytest.mark.parametrize("alone", ["a superb film", "a", ""])
def test_a_lone_text_is_one_input(family: Family, alone: str) -> None:
    opened = open_artifact(family.made("onnx").out, project=ROOT)
    assert opened.predict(alone) == opened.predict([alone]) == opened.predict(text for text in [alone])
    assert len(opened.predict(alone)) == 1
    assert opened.predict([]) == []


@pytest.mark.parametrize(
    "value", [None, 3, float("nan"), b"a film", {"text": "a film"}, {"a film"}, [None], np.float32(1), "\ud800"]
)
def test_what_is_no_text_is_told_with_its_number(family: Family, value: object) -> None:
    opened = open_artifact(family.made("onnx").out, project=ROOT)
    with pytest.raises(ZooError, match=r"input 2: (expected a text.*; found|.*no character)"):
        opened.predict(["a film", value])


@pytest.mark.parametrize("value", [None, 3, b"a film", {"text": "a film"}])
def test_a_lone_value_that_is_no_text_is_told(family: Family, value: object) -> None:
    opened = open_artifact(family.made("onnx").out, project=ROOT)
    with pytest.raises(ZooError, match=r"input 1: expected a text"):
        opened.predict(value)


def test_a_task_that_stumbles_over_an_input_is_told_with_its_number(
    family: Family, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tasks of other people may call len() on what has none."""
    opened = open_artifact(family.made("onnx").out, project=ROOT)
    monkeypatch.setattr(type(opened.task), "unlabelled", lambda self, value: len(value))
    with pytest.raises(ZooError, match="input 1: object of type 'int' has no len"):
        opened.predict(5)


def test_load_takes_a_name_from_any_folder_of_the_zoo(zoo: Path) -> None:
    assert zoosmith.load("toy-onnx").predict(["a superb film"])[0].label == "positive"


def test_load_takes_a_folder(zoo: Path) -> None:
    for folder in (zoo / "artifacts" / "toy-onnx", "../../artifacts/toy-onnx"):
        assert zoosmith.load(folder).predict(["an awful film"])[0].label == "negative"


def test_a_misspelt_name_suggests_the_nearest(zoo: Path) -> None:
    with pytest.raises(ZooError, match=r"no artifact 'toy-onx' in .*artifacts.*toy-onnx.*`doit build:toy-onx`"):
        zoosmith.load("toy-onx")


def test_a_folder_without_a_manifest_is_no_artifact(tmp_path: Path) -> None:
    with pytest.raises(ZooError, match=r"is no artifact: it has no manifest\.json"):
        read_manifest(tmp_path)


@pytest.mark.parametrize(
    "text", ["", "[]", '{"format": "onnx"}', '{"schema": 1, "format": "a", "precision": "b", "x": 1}']
)
def test_a_manifest_that_cannot_be_read_is_told(tmp_path: Path, text: str) -> None:
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(ZooError, match=r"manifest\.json is damaged or of a newer version"):
        read_manifest(tmp_path)


def add(folder: Path, name: str, content: object) -> Path:
    (folder / name).write_text(json.dumps(content), encoding="utf-8")
    return folder


def test_what_leads_to_code_or_outside_is_not_opened(family: Family, tmp_path: Path) -> None:
    moved = add(shutil.copytree(family.made("onnx").out, tmp_path / "a"), "config.json", {"auto_map": {"A": "m.M"}})
    with pytest.raises(ZooError, match=r"a is not opened[\s\S]*config\.json: auto_map: it names code"):
        open_artifact(moved, project=ROOT)


@pytest.mark.parametrize(
    ("says", "told"),
    [
        ({"problem_type": "multi_label_classification"}, "problem_type: multi_label_classification, but text-classif"),
        ({"problem_type": "regression"}, "problem_type: regression, but text-classification is single_label"),
        ({"id2label": {"0": "negative", "2": "positive"}}, "expected the outputs 0 to 1, each once; found 0, 2"),
    ],
)
def test_a_published_model_that_answers_otherwise_is_not_opened(
    family: Family, tmp_path: Path, says: dict[str, object], told: str
) -> None:
    folder = Path(shutil.copytree(family.made("finetune").out, tmp_path / "pulled"))
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | says))
    with pytest.raises(ZooError, match=told):
        open_artifact(folder, project=ROOT)


def test_nor_is_what_needs_such_a_tree(family: Family, tmp_path: Path) -> None:
    made = family.made("qlora")
    base = shutil.copytree(made.needs["from"], tmp_path / "base")
    assert open_artifact(made.out, project=ROOT, needs={"from": base}).predict("a film")
    add(base, "model.safetensors.index.json", {"weight_map": {"a": "../x.safetensors"}})
    with pytest.raises(ZooError, match=r"base is not opened[\s\S]*weight_map: the path '\.\./x\.safetensors'"):
        open_artifact(made.out, project=ROOT, needs={"from": base})


def test_a_base_that_leads_to_another_model_is_not_opened(family: Family, tmp_path: Path) -> None:
    """transformers follows an adapter's config, wherever that leads."""
    made = family.made("qlora")
    base = add(shutil.copytree(made.needs["from"], tmp_path / "base"), "adapter_config.json", {
        "peft_type": "LORA", "base_model_name_or_path": str(family.parent("headed").path)
    })  # fmt: skip
    with pytest.raises(ZooError, match=r"base is not opened[\s\S]*adapter_config\.json: transformers follows it"):
        open_artifact(made.out, project=ROOT, needs={"from": base})


def test_a_base_answers_nothing(family: Family) -> None:
    with pytest.raises(ZooError, match="answers no task: it is a source checkpoint to build from"):
        open_artifact(family.parent("headed").path, project=ROOT)


def test_a_missing_package_names_the_extra(family: Family, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plugins.load("runtimes", "onnx", ROOT), "REQUIRES", ("numpy", "no_such_package"))
    with pytest.raises(ZooError, match=r"needs no_such_package: run `pip install 'zoosmith\[onnx\]'`"):
        open_artifact(family.made("onnx").out, project=ROOT)


def test_an_unknown_format_suggests_the_nearest(family: Family, tmp_path: Path) -> None:
    moved = shutil.copytree(family.made("onnx").out, tmp_path / "moved")
    manifest = json.loads((moved / "manifest.json").read_text()) | {"format": "onyx"}
    (moved / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(ZooError, match=r"no runtime is called 'onyx'.*onnx"):
        open_artifact(moved, project=ROOT)


def test_what_it_is_stands_in_its_repr(fast_artifact: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZOOSMITH_PROJECT", str(fast_artifact.parents[1]))
    assert repr(zoosmith.load(fast_artifact)) == "<table fp32, text-classification: text -> negative, positive>"
