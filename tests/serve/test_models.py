"""What is served under which name, and what is not."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.support.served import write_table, write_zoo
from zoosmith.contract.errors import ZooError
from zoosmith.contract.manifest import TaskSpec
from zoosmith.serve import models
from zoosmith.serve.models import CLASSIFIER, Model, chosen, kind_of, served_name
from zoosmith.serve.refusals import Refused


def test_clients_ask_by_the_name_alone(tmp_path: Path) -> None:
    assert [served_name(name) for name in ("a-b", "a-b@4", "a-b:stable", "a-b@4#0f", str(tmp_path / "x"))] == [
        "a-b", "a-b", "a-b", "a-b", "x"
    ]  # fmt: skip


def test_tasks_whose_inputs_may_name_files_of_the_host_are_not_served() -> None:
    def predictor(spec: TaskSpec) -> Any:
        return SimpleNamespace(scoring=object(), task=SimpleNamespace(spec=spec))

    assert kind_of(predictor(TaskSpec(kind="a", inputs=("text",), labels=("b",)))) == CLASSIFIER
    for spec in (TaskSpec(kind="vqa", inputs=("image", "question"), labels=("b",)), TaskSpec(kind="multiple-choice")):
        with pytest.raises(
            ZooError, match=f"answers for classifiers of texts and for language models; found {spec.kind}"
        ):
            kind_of(predictor(spec))


def test_an_artifact_that_is_replaced_while_it_is_opened_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else one tree would answer under the version of another."""
    folder = write_table(write_zoo(tmp_path), "mood")
    monkeypatch.setenv("ZOOSMITH_PROJECT", str(tmp_path))
    load = models.load

    def replaced(*given: Any, **more: Any) -> Any:
        opened = load(*given, **more)
        write_table(tmp_path, "mood", sign=-1.0)
        return opened

    model = Model("mood", 1)
    monkeypatch.setattr(models, "load", replaced)
    write_table(tmp_path, "mood", sign=2.0)
    with pytest.raises(ZooError, match="was replaced while it was opened"):
        model.renewed()
    monkeypatch.undo()
    monkeypatch.setenv("ZOOSMITH_PROJECT", str(tmp_path))
    assert "answers with tree" in str(model.renewed()), "what lies there now is another tree, and is opened"
    assert model.renewed() is None
    (folder / "manifest.json").unlink()
    with pytest.raises(ZooError, match="has no whole tree"):
        Model("mood", 1)
    assert model.renewed() is None, "a tree that is not whole is no reason to stop"


def test_without_a_name_the_only_one_answers() -> None:
    one: Any = SimpleNamespace(current=SimpleNamespace(kind=CLASSIFIER))
    assert chosen({"a": one}, None) is one
    with pytest.raises(Refused, match="several models are served; name one as `model`; known: a, b"):
        chosen({"a": one, "b": one}, None)
    with pytest.raises(Refused, match="no model 'c' is served here") as found:
        chosen({"a": one}, "c" * 1)
    assert (found.value.status, found.value.code) == (404, "model_not_found")
