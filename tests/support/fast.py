"""A zoo that builds in a second: a builder and a runtime without torch, brought by the project itself.

A "table" artifact is one number a class and token: logits are their sums. Data, engine, checks, measuring,
cards and registry are the real ones.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.support.zoo import RECIPE, write_project, write_recipe, write_rows, write_tokenizer
from tests.support.zoo import rows as toy_rows

RUNTIME = '''\
"""Logits as sums over a table of token weights."""

import json

REQUIRES = ("numpy", "tokenizers")
EXTRA = "onnx"
LIBRARY = "zoosmith"
CAPABILITIES = ("classify",)


class Table:
    """Weights of shape (tokens, classes)."""

    def __init__(self, weights):
        import numpy as np

        self.weights = np.array(weights, dtype=np.float32)

    def classify(self, encoded):
        """Class logits of shape (batch, classes)."""
        mask = encoded["attention_mask"][..., None]
        return (self.weights[encoded["input_ids"]] * mask).sum(axis=1, dtype="float32")


def open(path, manifest, *, threads, device="cpu", needs=None):
    """Open table.json."""
    return Table(json.loads((path / "table.json").read_text())["weights"])
'''

BUILDER = '''\
"""Counts of words by class, as a table; from a table, the same one scaled."""

import json
import shutil
import time

from zoosmith.contract.job import Job
from zoosmith.contract.output import Resources
from zoosmith.contract.params import Params as BaseParams

FORMAT = "table"
PRECISION = "fp32"
ACCEPTS = {"from": ("source", "table")}
DATA = ("train", "dev")
REQUIRES = ("numpy", "tokenizers")


class Params(BaseParams):
    """scale: factor on every weight; seconds: how long to take, in ten progress reports."""

    scale: float = 1.0
    seconds: float = 0.0


def resources(params, parents):
    """Next to nothing."""
    return Resources(cpus=1, memory_mb=64)


def build(job: Job):
    """Count, scale, write."""
    import numpy as np

    for i in range(10):
        job.progress(i, 10, "counting")
        time.sleep(job.params.seconds / 10)
    parent = job.parent.path / "table.json"
    if parent.is_file():
        weights = np.array(json.loads(parent.read_text())["weights"])
    else:
        weights = count(job)
    weights = (weights * job.params.scale).astype(np.float32)
    (job.out / "table.json").write_text(json.dumps({"weights": weights.round(6).tolist()}))
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copyfile(job.parent.path / name, job.out / name)
    weights = np.array(weights.round(6).tolist(), dtype=np.float32)

    return Counts(weights)


class Counts:
    """The model in memory."""

    def __init__(self, weights):
        self.weights = weights

    def classify(self, encoded):
        mask = encoded["attention_mask"][..., None]
        return (self.weights[encoded["input_ids"]] * mask).sum(axis=1, dtype="float32")


def count(job):
    """Log-odds of each token by class, with one example added to every cell."""
    import numpy as np

    examples = [job.task.example(row) for row in job.rows("train")]
    counts = np.ones((job.task.tokenizer.get_vocab_size(), len(job.task.spec.labels)))
    for example, target in zip(examples, job.task.targets(examples), strict=True):
        np.add.at(counts, (job.task.encode([example])["input_ids"][0], target), 1)
    return np.log(counts / counts.sum(axis=1, keepdims=True))
'''


def fast_recipe(artifacts: int = 2, seconds: float = 0.0) -> dict[str, Any]:
    """A chain of `artifacts` tables a0, a1, ..., each from the one before; a0 is the reference."""
    made: dict[str, Any] = {"a0": {"builder": "table", "from": "words", "params": {"seconds": seconds}}}
    for i in range(1, artifacts):
        made[f"a{i}"] = {"builder": "table", "from": f"a{i - 1}", "params": {"scale": 1.0 + i / 8, "seconds": seconds}}
    about = {"summary": "Words counted by class.", "bases": {"words": {"path": "bases/words"}}}
    return RECIPE | about | {"reference": "a0", "artifacts": made}


def write_fast_zoo(project: Path, *, recipes: int = 1, artifacts: int = 2, seconds: float = 0.0) -> Path:
    """A project with `recipes` recipes family0, family1, ... of `artifacts` artifacts each."""
    write_project(project)
    for folder, name, text in (("builders", "table", BUILDER), ("runtimes", "table", RUNTIME)):
        (project / folder).mkdir(exist_ok=True)
        (project / folder / f"{name}.py").write_text(text, encoding="utf-8")
    (project / "bases" / "words").mkdir(parents=True)
    write_tokenizer(project / "bases" / "words")
    for split, count, seed in (("train", 120, 1), ("dev", 40, 2), ("test", 60, 3)):
        write_rows(project / "data" / f"{split}.jsonl", toy_rows(count, seed))
    for i in range(recipes):
        write_recipe(project, fast_recipe(artifacts, seconds), f"family{i}")
    return project
