"""Label order and what is written of a checkpoint."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.job import spec
from tests.support.zoo import write_bert
from zoosmith.contract.errors import BuildError
from zoosmith.tasks._classification.encoding import BoundTask
from zoosmith.toolkit.torch import checkpoint

NAMES = ("entailment", "neutral", "contradiction", "other")


def config(names: list[str]) -> SimpleNamespace:
    return SimpleNamespace(num_labels=len(names), id2label=dict(enumerate(names)))


@given(st.permutations(NAMES), st.lists(st.sampled_from([str.lower, str.upper, str.title]), min_size=4, max_size=4))
def test_labels_follow_the_models_outputs_whatever_their_case(order: list[str], cases: list[type]) -> None:
    theirs = [case(name) for case, name in zip(cases, order, strict=True)]
    assert checkpoint.label_order(config(theirs), NAMES) == tuple(order)


def test_generic_names_stand_for_positions_only_where_all_are_generic() -> None:
    assert checkpoint.label_order(config(["LABEL_0", "LABEL_1"]), ("no", "yes")) == ("no", "yes")
    for theirs in (["LABEL_0", "yes"], ["LABEL_1", "LABEL_0"], ["LABEL_0", "LABEL_1", "LABEL_2"]):
        with pytest.raises(BuildError, match="the task wants"):
            checkpoint.label_order(config(theirs), ("no", "yes"))


def test_generic_names_that_the_task_names_too_are_names() -> None:
    assert checkpoint.label_order(config(["LABEL_0", "LABEL_1"]), ("LABEL_1", "LABEL_0")) == ("LABEL_0", "LABEL_1")


def test_a_saved_config_is_sorted_and_does_not_say_where_it_came_from(tmp_path: Path) -> None:
    import transformers

    base = write_bert(tmp_path / "base", labels=("a", "b"))
    model = transformers.AutoModelForSequenceClassification.from_pretrained(base)
    model.config._name_or_path = str(base)
    out = tmp_path / "out"
    checkpoint.save_model(model, out)
    text = (out / "config.json").read_text(encoding="utf-8")
    assert str(tmp_path) not in text
    assert "_name_or_path" not in json.loads(text)
    assert list(json.loads(text)) == sorted(json.loads(text))
    assert text.endswith("}\n")


def test_only_the_tokenizers_files_are_copied(tmp_path: Path) -> None:
    base, out = write_bert(tmp_path / "base"), tmp_path / "out"
    out.mkdir()
    (base / "vocab.txt").write_text("[PAD]\n")
    (base / "notes.md").write_text("of no use\n")
    checkpoint.copy_tokenizer(base, out)
    assert sorted(path.name for path in out.iterdir()) == ["tokenizer.json", "tokenizer_config.json", "vocab.txt"]
    assert (out / "tokenizer.json").read_bytes() == (base / "tokenizer.json").read_bytes()


@dataclass(frozen=True)
class Job:
    """What a job has that concerns labels."""

    task: BoundTask
    labels: Any


def job(told: list[str], *labels: str) -> Any:
    return Job(BoundTask(spec(labels=labels), Path()), told.extend)


def parent(*labels: str) -> Any:
    return SimpleNamespace(manifest=SimpleNamespace(task=spec(labels=labels)))


def test_what_starts_from_an_answering_model_keeps_its_order() -> None:
    told: list[str] = []
    kept: Any = checkpoint.keep_labels(job(told, "negative", "positive"), parent("Positive", "Negative"))
    assert kept.task.spec.labels == ("positive", "negative") == tuple(told)
    assert kept.task.example({"text": "a", "label": "positive"}).target == 0


def test_a_parent_of_another_task_is_refused() -> None:
    with pytest.raises(BuildError, match=r"answers \['spam', 'ham'\], the task wants \['negative', 'positive'\]"):
        checkpoint.keep_labels(job([], "negative", "positive"), parent("spam", "ham"))
