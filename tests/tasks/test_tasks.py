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
from zoosmith.build.codehash import code_digests
from zoosmith.contract.errors import BuildError
from zoosmith.contract.metric import MetricInfo
from zoosmith.predictor import bind
from zoosmith.tasks._classification.encoding import BoundTask, Example

NAMES = plugins.known("tasks", ROOT)
JUDGES = (
    "respond", "outcome", "score", "compare", "suspicion", "reproduces", "preserves", "rebuilt", "answer", "stopwatch",
)  # fmt: skip
each_task = pytest.mark.parametrize("name", NAMES)


@pytest.fixture
def task(tmp_path: Path) -> BoundTask:
    return bound(tmp_path, TEXT)


def bound(folder: Path, kind: str) -> BoundTask:
    write_tokenizer(folder)
    return bind(kind, spec(kind), folder, ROOT)  # type: ignore[return-value]


def test_all_tasks_are_seen() -> None:
    assert {"text_classification", "text_pair_classification"} <= set(NAMES)


@each_task
def test_facts_are_there(name: str) -> None:
    import transformers

    encoding, scoring, reporting = (part(name, each) for each in ("encoding", "scoring", "reporting"))
    assert encoding.INPUTS
    assert hasattr(transformers, encoding.AUTO_MODEL)
    assert scoring.CAPABILITY in encoding.OFFERS
    assert scoring.LATENCY_OF in ("call", "token")
    assert scoring.QUICK_TOKENS > 0
    assert all(
        isinstance(about, MetricInfo) and about.better in ("higher", "lower") for about in scoring.METRICS.values()
    )
    assert isinstance(scoring.STREAMED, bool)
    for function in (
        "respond",
        "outcome",
        "score",
        "compare",
        "suspicion",
        "reproduces",
        "preserves",
        "rebuilt",
        "answer",
    ):
        assert callable(getattr(scoring, function))
    assert callable(scoring.stopwatch)
    assert reporting.PIPELINE_TAG
    assert set(reporting.HEADLINE) <= scoring.METRICS.keys()


@each_task
def test_what_encodes_never_sees_what_judges(name: str) -> None:
    """A new metric must not rebuild anything."""
    digests = code_digests(plugins.part_file("tasks", name, "encoding", ROOT))
    assert not [module for module in digests if "scoring" in module or "reporting" in module or ".stats" in module]


def part(name: str, which: str) -> Any:
    return plugins.load_part("tasks", name, which, ROOT)


@each_task
def test_probes_are_many_different_and_of_the_tasks_shape(name: str) -> None:
    module = part(name, "encoding")
    probes = [(probe,) if isinstance(probe, str) else probe for probe in module.PROBES]
    assert len(set(probes)) == len(probes) >= 8
    assert {len(probe) for probe in probes} == {len(module.INPUTS)}
    texts = ["".join(one for one in probe if not one.startswith("data:")) for probe in probes]  # not the pictures
    lengths = sorted(map(len, texts))
    assert lengths[0] <= 3
    assert lengths[-1] > 400, "one is cut at max_length"
    assert any(not text.isascii() for text in texts)


@each_task
def test_importing_it_pulls_in_nothing_heavy(name: str) -> None:
    heavy = ("torch", "transformers", "numpy", "scipy", "tokenizers")
    parts = ", ".join(f"zoosmith.tasks.{name}.{part}" for part in ("encoding", "scoring", "reporting"))
    code = f"import sys, {parts}; print(*[name for name in {heavy!r} if name in sys.modules])"
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
    for i, alone in enumerate(task.encode([example]) for example in examples):
        size = alone["input_ids"].shape[1]
        assert (alone["input_ids"][0] == batch["input_ids"][i, :size]).all()
        assert batch["attention_mask"][i].sum() == size
        assert (batch["input_ids"][i, size:] == 0).all()
