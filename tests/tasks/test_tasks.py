"""What every task module has, and a task bound to a tokenizer."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.support.job import INPUTS, PAIR, TEXT, spec
from tests.support.zoo import ROOT, write_tokenizer
from zoosmith import plugins
from zoosmith.contract.errors import BuildError
from zoosmith.tasks import BoundTask, Example, single

NAMES = plugins.known("tasks", ROOT)
each_task = pytest.mark.parametrize("name", NAMES)


@pytest.fixture
def task(tmp_path: Path) -> BoundTask:
    return bound(tmp_path, TEXT)


def bound(folder: Path, kind: str) -> BoundTask:
    write_tokenizer(folder)
    return BoundTask(plugins.load("tasks", kind, ROOT), spec(kind), folder)


def test_all_tasks_are_seen() -> None:
    assert {"text_classification", "text_pair_classification"} <= set(NAMES)


@each_task
def test_facts_are_there(name: str) -> None:
    import transformers

    module: Any = plugins.load("tasks", name, ROOT)
    assert module.INPUTS
    assert module.METRICS
    assert hasattr(transformers, module.AUTO_MODEL)
    assert module.CAPABILITY in ("logits", "score", "generate")
    assert module.PIPELINE_TAG
    for function in ("loss", "score", "compare", "suspicion"):
        assert callable(getattr(module, function))


@each_task
def test_probes_are_many_different_and_of_the_tasks_shape(name: str) -> None:
    module: Any = plugins.load("tasks", name, ROOT)
    probes = [(probe,) if isinstance(probe, str) else probe for probe in module.PROBES]
    assert len(set(probes)) == len(probes) >= 8
    assert {len(probe) for probe in probes} == {len(module.INPUTS)}
    lengths = sorted(sum(map(len, probe)) for probe in probes)
    assert lengths[0] <= 3
    assert lengths[-1] > 400, "one is cut at max_length"
    assert any(not "".join(probe).isascii() for probe in probes)


@each_task
def test_importing_it_pulls_in_nothing_heavy(name: str) -> None:
    heavy = ("torch", "transformers", "numpy", "scipy", "tokenizers")
    code = f"import sys, zoosmith.tasks.{name}; print(*[name for name in {heavy!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


@pytest.mark.parametrize("kind", [TEXT, PAIR])
def test_a_row_becomes_an_example(tmp_path: Path, kind: str) -> None:
    made = bound(tmp_path, kind)
    texts = {name: f"the {name}" for name in INPUTS[kind]}
    assert made.example(texts) == Example(tuple(texts.values()), None)
    assert made.example(texts | {"label": made.spec.labels[1].upper(), "id": 7}) == Example(tuple(texts.values()), 1)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({}, r"column 'text' should be text; found nothing"),
        ({"text": 3}, r"column 'text' should be text; found 3"),
        ({"text": "a", "label": "positve"}, r"label 'positve' is outside the set.*positive"),
        ({"text": "a", "label": 1}, r"label 1 is outside the set"),
    ],
)
def test_a_bad_row_is_told(task: BoundTask, row: dict[str, Any], message: str) -> None:
    with pytest.raises(BuildError, match=message):
        task.example(row)


def test_so_many_texts_as_the_task_takes(tmp_path: Path, task: BoundTask) -> None:
    with pytest.raises(BuildError, match=r"text-classification takes 1 text\(s\) \(text\); found 2"):
        task.unlabelled(("a", "b"))
    with pytest.raises(BuildError, match=r"takes 2 text\(s\) \(first, second\); found 1"):
        bound(tmp_path, PAIR).unlabelled("a")


def test_targets_need_labels(task: BoundTask) -> None:
    examples = [Example(("a",), 1), Example(("b",), 0)]
    assert task.targets(examples).tolist() == [1, 0]
    assert task.targets(examples).dtype == np.int64
    with pytest.raises(BuildError, match="an example has no label"):
        task.targets([*examples, Example(("c",))])


def test_alone_or_in_a_batch_the_tokens_are_the_same(task: BoundTask) -> None:
    examples = [task.unlabelled(text) for text in ("a", "the film was good", "very")]
    batch = task.encode(examples)
    for i, alone in enumerate(single(task, examples)):
        size = alone["input_ids"].shape[1]
        assert (alone["input_ids"][0] == batch["input_ids"][i, :size]).all()
        assert batch["attention_mask"][i].sum() == size
        assert (batch["input_ids"][i, size:] == 0).all()
