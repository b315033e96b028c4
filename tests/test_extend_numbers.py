"""A task that is no classification, with a metric of which less is better: one file each, nothing of ours edited."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.zoo import doit, write_project, write_recipe, write_rows

TASK = '''\
"""A text in, a number out: how long it takes to read."""

from dataclasses import dataclass

import numpy as np

from zoosmith.contract.errors import BuildError
from zoosmith.contract.metric import MetricInfo
from zoosmith.stats.documents import paired_ratio, ratio_of_sums

INPUTS = ("text",)
OFFERS = ("estimate",)
AUTO_MODEL = "AutoModelForSequenceClassification"
PROBES = ("a", "three short words", "a text of some more words than that")
PIPELINE_TAG = "other"
HEADLINE = ("mean_error",)
EXAMPLE = '"a text"'

CAPABILITY = "estimate"
STREAMED = False
LATENCY_OF = "call"
QUICK_TOKENS = 10_000
METRICS = {
    "mean_error": MetricInfo(unit="seconds", better="lower", margin=0.5),
    "largest_gap": MetricInfo(unit="seconds", better="lower"),
}


@dataclass(frozen=True)
class Reading:
    text: str
    seconds: float | None = None


@dataclass(frozen=True)
class Bound:
    spec: object
    folder: object

    def example(self, row):
        return Reading(row["text"], float(row["label"]))

    def unlabelled(self, value):
        return Reading(value)

    def value(self, example):
        return example.text

    def length(self, example):
        return len(example.text.split())

    def probes(self):
        return [Reading(text) for text in PROBES]


def bind(spec, folder):
    return Bound(spec, folder)


def respond(session, task, example, like=None):
    return {"seconds": np.array([session.estimate(example.text)])}


def outcome(response, example, reference=None):
    return {"seconds": response["seconds"]}


def answer(session, task, value):
    return session.estimate(value)


def _errors(outcomes, examples):
    return [abs(float(found) - one.seconds) for found, one in zip(outcomes["seconds"], examples, strict=True)]


def score(outcomes, examples, task):
    mean = ratio_of_sums(_errors(outcomes, examples), [1.0] * len(examples))
    return {"metrics": {"mean_error": mean}, "details": None}


def compare(mine, theirs, examples, task, reference):
    ones = [1.0] * len(examples)
    delta = paired_ratio(_errors(mine, examples), _errors(theirs, examples), ones)
    gap = float(np.abs(mine["seconds"] - theirs["seconds"]).max())
    return {"delta": {"mean_error": (delta, None)}, "divergence": {"largest_gap": gap}}


def suspicion(outcomes, examples, task):
    return None if np.isfinite(outcomes["seconds"]).all() else "a number is not finite"


def reproduces(expected, found, probes):
    if any(abs(one["seconds"] - other["seconds"]).max() > 1e-9 for one, other in zip(expected, found, strict=True)):
        raise BuildError("load-back: another number")


def preserves(theirs, mine, tolerance, labels):
    return {}


def rebuilt(first, second):
    return True, "equal"


class stopwatch:
    def __init__(self, session, task, inputs):
        self.session, self.inputs = session, inputs

    def prepare(self, i):
        return lambda: self.session.estimate(self.inputs[i % len(self.inputs)])
'''

BUILDER = '''\
"""Seconds by word, rounded to a grid."""

import json

from zoosmith.contract.params import Params as BaseParams

FORMAT = "pace"
PRECISION = "fp64"
ACCEPTS = {"from": ("source",)}
DATA = ("train",)


class Params(BaseParams):
    step: float = 0.01


class Pace:
    def __init__(self, seconds):
        self.seconds = seconds

    def estimate(self, text):
        return self.seconds * len(text.split())


def resources(params, parents):
    return (1, 64)


def build(job):
    """The mean over training rows."""
    examples = [job.task.example(row) for row in job.rows("train")]
    words = sum(len(one.text.split()) for one in examples)
    seconds = sum(one.seconds for one in examples) / words
    seconds = round(seconds / job.params.step) * job.params.step
    (job.out / "pace.json").write_text(json.dumps(seconds))
    return Pace(seconds)
'''

RUNTIME = '''\
"""Seconds by word."""

import json

REQUIRES = ("numpy",)
EXTRA = "onnx"
LIBRARY = "pace"
CAPABILITIES = ("estimate",)


class Pace:
    def __init__(self, seconds):
        self.seconds = seconds

    def estimate(self, text):
        return self.seconds * len(text.split())


def open(path, manifest, *, threads, device="cpu", needs=None):
    """Open pace.json."""
    return Pace(json.loads((path / "pace.json").read_text()))
'''

RECIPE = {
    "schema": 1,
    "summary": "How long a text takes to read.",
    "license": "apache-2.0",
    "bases": {"none": {"path": "bases/none"}},
    "data": {"texts": {"path": "data", "columns": {"text": "text", "label": "seconds"},
                       "splits": {"train": "train", "eval": "test"}}},
    "task": {"kind": "reading-time", "data": "texts"},
    "evals": {"texts": {"kind": "reading-time", "data": "texts"}},
    "reference": "fine",
    "artifacts": {
        "fine": {"builder": "pace", "from": "none", "gates": {"texts.mean_error": {"max": 1.0}}},
        "coarse": {"builder": "pace", "from": "none", "params": {"step": 0.5},
                   "gates": {"texts.mean_error": {"max_regression": 5.0}, "texts.largest_gap": {"max": 10.0}}},
        "wild": {"builder": "pace", "from": "none", "params": {"step": 5.0},
                 "gates": {"texts.mean_error": {"max_regression": 0.1}}},
    },
}  # fmt: skip


def lines(count: int, start: int) -> list[dict[str, object]]:
    """Texts of 1 to 9 words; a word takes 0.31 s, and a reader is off by up to half a second."""
    texts = [" ".join(["word"] * (1 + i % 9)) + f" {i}" for i in range(start, start + count)]
    return [{"text": text, "seconds": 0.31 * len(text.split()) + (i % 5 - 2) / 4} for i, text in enumerate(texts)]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = write_project(tmp_path_factory.mktemp("numbers"))
    for name, text in (("tasks/reading_time", TASK), ("builders/pace", BUILDER), ("runtimes/pace", RUNTIME)):
        (made / f"{name}.py").parent.mkdir(exist_ok=True)
        (made / f"{name}.py").write_text(text, encoding="utf-8")
    (made / "bases" / "none").mkdir(parents=True)
    (made / "bases" / "none" / "note.txt").write_text("nothing is pretrained")
    write_rows(made / "data" / "train.jsonl", lines(60, 0))
    write_rows(made / "data" / "test.jsonl", lines(40, 1000))
    write_recipe(made, RECIPE, "pace")
    (made / "artifacts").mkdir(exist_ok=True)
    return made


def test_a_number_is_measured_carded_and_gated_with_less_being_better(project: Path) -> None:
    done = doit(project, "build:pace-fine", "build:pace-coarse", TMPDIR=str(project / "artifacts"))
    assert done.returncode == 0, done.stdout + done.stderr
    card = (project / "model_cards" / "pace-coarse.md").read_text()
    assert "texts.mean_error" in card
    assert "seconds" in card
    rows = json.loads((project / "registry.json").read_text())["artifacts"]["pace-coarse"]["versions"]["1"]
    figure = rows["results"][0]["quality"]["texts.mean_error"]
    assert (figure["better"], figure["unit"]) == ("lower", "seconds")


def test_a_worse_error_misses_its_gate(project: Path) -> None:
    done = doit(project, "build:pace-wild", TMPDIR=str(project / "artifacts"))
    assert done.returncode == 1
    assert "texts.mean_error" in done.stdout + done.stderr
    assert "MISSED" in done.stdout + done.stderr
    assert not (project / "model_cards" / "pace-wild.md").exists()
