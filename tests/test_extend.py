"""A technique, a recipe, a task and a runtime of one's own: one new file each, and none of ours is touched."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.zoo import ROOT, doit, rows, write_project, write_recipe, write_rows, write_tokenizer

BUILDER = '''\
"""Words that occur in one class only, listed by class."""

import json
import shutil

from zoosmith.contract.params import Params as BaseParams

FORMAT = "wordlist"
PRECISION = "exact"
ACCEPTS = {"from": ("source",)}
DATA = ("train",)
REQUIRES = ("tokenizers",)


class Params(BaseParams):
    """weight: logit of one listed word."""

    weight: float = 1.0


def build(job):
    """List the words that tell."""
    import numpy as np

    seen = [set() for _ in job.task.spec.labels]
    for row in job.rows("train"):
        example = job.task.example(row)
        seen[example.target] |= set(job.task.encode([example])["input_ids"][0].tolist())
    tell = [sorted(own - set().union(*(other for other in seen if other is not own))) for own in seen]
    (job.out / "words.json").write_text(json.dumps({"weight": job.params.weight, "words": tell}))
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copyfile(job.parent.path / name, job.out / name)
    job.fact("words", sum(len(words) for words in tell))
    return Told(tell, job.params.weight)


class Told:
    """The model in memory."""

    def __init__(self, tell, weight):
        self.tell = tell
        self.weight = weight

    def classify(self, encoded):
        """Class logits of shape (batch, classes)."""
        import numpy as np

        counts = [[np.isin(row, words).sum() for words in self.tell] for row in encoded["input_ids"]]
        return self.weight * np.array(counts, dtype=np.float32)
'''

RUNTIME = '''\
"""Word lists."""

import json

REQUIRES = ("numpy", "tokenizers")
EXTRA = "onnx"
LIBRARY = "wordlist"
CAPABILITIES = ("classify",)


class Session:
    """Counts listed words."""

    def __init__(self, listed):
        self.listed = listed

    def classify(self, encoded):
        """Class logits of shape (batch, classes)."""
        import numpy as np

        counts = [[np.isin(row, words).sum() for words in self.listed["words"]] for row in encoded["input_ids"]]
        return self.listed["weight"] * np.array(counts, dtype=np.float32)


def open(path, manifest, *, threads, device="cpu", needs=None):
    """Open words.json."""
    return Session(json.loads((path / "words.json").read_text()))
'''

TASK = '''\
"""A review with its title in, one class out."""

from zoosmith.tasks._classification.encoding import AUTO_MODEL, OFFERS, BoundTask
from zoosmith.tasks._classification.reporting import HEADLINE, PIPELINE_TAG
from zoosmith.tasks._classification.scoring import *

INPUTS = ("title", "review")
EXAMPLE = '("the film", "a good plot")'
PROBES = (("a", "b"), ("the film", "a good plot"), ("the cast", "very awful"))


def bind(spec, folder):
    """The task with the tokenizer in `folder`."""
    return BoundTask(spec, folder, PROBES)
'''

RECIPE = {
    "schema": 1,
    "summary": "Reviews judged by words that tell.",
    "license": "apache-2.0",
    "bases": {"words": {"path": "bases/words"}},
    "data": {
        "workspace": {
            "path": "data",
            "columns": {"title": "headline", "review": "text", "label": "label"},
            "labels": ["negative", "positive"],
            "splits": {"train": "train[:-20]", "dev": "train[-20:]", "eval": "test"},
        }
    },
    "task": {"kind": "review-classification", "data": "workspace", "max_length": 32},
    "evals": {"workspace": {"kind": "review-classification", "data": "workspace"}},
    "reference": "single",
    "artifacts": {
        "single": {"builder": "wordlist", "from": "words", "gates": {"workspace.accuracy": {"min": 0.95}}},
        "double": {"builder": "wordlist", "from": "words", "params": {"weight": 2.0}},
    },
}
ADDED = {"builders/wordlist.py": BUILDER, "runtimes/wordlist.py": RUNTIME, "tasks/review_classification.py": TASK}


def checkout() -> dict[str, str]:
    """SHA-256 of every file of ours that a zoo reads or runs."""
    folders = ("zoosmith", "builders", "recipes", "model_cards", "results")
    files = [file for folder in folders for file in (ROOT / folder).rglob("*") if file.suffix not in ("", ".pyc")]
    files += [ROOT / name for name in ("dodo.py", "registry.json", "README.md", "pyproject.toml")]
    return {str(f): hashlib.sha256(f.read_bytes()).hexdigest() for f in files if f.is_file()}


@pytest.fixture(scope="module")
def extended(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """A zoo with one file of each kind, and our files before anything ran."""
    project = write_project(tmp_path_factory.mktemp("extended"))
    for name, text in ADDED.items():
        (project / name).parent.mkdir(exist_ok=True)
        (project / name).write_text(text, encoding="utf-8")
    (project / "bases" / "words").mkdir(parents=True)
    write_tokenizer(project / "bases" / "words")
    for split, count, seed in (("train", 120, 1), ("test", 60, 3)):
        write_rows(project / "data" / f"{split}.jsonl", [row | {"headline": "the film"} for row in rows(count, seed)])
    write_recipe(project, RECIPE, "reviews")
    (project / "artifacts").mkdir()
    return project, checkout()


def test_it_builds_is_measured_and_recorded_and_nothing_of_ours_changes(extended: tuple[Path, dict[str, str]]) -> None:
    project, before = extended
    done = doit(project, "build:reviews-single", "build:reviews-double", TMPDIR=str(project / "artifacts"))
    assert done.returncode == 0, done.stdout + done.stderr
    entries = json.loads((project / "registry.json").read_text())["artifacts"]
    for name in ("reviews-single", "reviews-double"):
        row = entries[name]["versions"]["1"]
        assert (row["builder"], row["format"], row["task"]) == ("wordlist", "wordlist", "review-classification")
        assert row["results"][0]["quality"]["workspace.accuracy"]["value"] == 1.0
        assert row["gates"]["passed"]
        card = (project / "model_cards" / f"{name}.md").read_text(encoding="utf-8")
        assert "library_name: wordlist" in card
        assert "| **negative** | 30 | 0 |" in card
    assert checkout() == before


def test_it_is_listed_and_planned_like_ours(extended: tuple[Path, dict[str, str]]) -> None:
    project, _ = extended
    assert "reviews-double" in doit(project, "list").stdout
    assert "measurement of reviews/double" in doit(project, "plan", "reviews-double").stdout


def test_it_answers_from_python_without_torch(extended: tuple[Path, dict[str, str]]) -> None:
    project, _ = extended
    code = (
        "import sys; from zoosmith import load\n"
        "answer = load('reviews-single').predict([('the film', 'a superb cast')])[0]\n"
        "print(answer.label, round(answer.score, 3), 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=project, capture_output=True, text=True, check=False)
    assert done.stdout == "positive 0.731 False\n", done.stderr


def test_a_new_file_is_enough_each_time(extended: tuple[Path, dict[str, str]]) -> None:
    project, _ = extended
    for name in ADDED:
        text, file = (project / name).read_text(encoding="utf-8"), project / name
        file.unlink()
        done = doit(project, "plan", "reviews-single")
        file.write_text(text, encoding="utf-8")
        assert done.returncode != 0
        assert file.stem.replace("_", "-") in (done.stdout + done.stderr).replace("_", "-")
    assert doit(project, "plan", "reviews-single").returncode == 0
