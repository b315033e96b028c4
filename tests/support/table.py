"""A torch-free zoo: models are tables of a weight for each token and class, made in milliseconds.

It brings its own runtime and two builders, as a user's zoo may. `table` writes its files one by one and keeps
what it has in `scratch`, so that a kill at any moment finds it at work and the next run goes on.
"""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

from tests.support.zoo import rows, write_project, write_recipe, write_rows, write_tokenizer
from zoosmith.build.workspace import Workspace
from zoosmith.recipes.graph import Ref

RUNTIME = '''"""Tables of token weights."""

import json

REQUIRES = ("numpy", "tokenizers")
EXTRA = "onnx"
LIBRARY = "table"
CAPABILITIES = ("classify",)


class Session:
    def __init__(self, path):
        import numpy as np

        self.weights = np.array(json.loads((path / "table.json").read_text()), dtype=np.float32)

    def classify(self, encoded):
        return self.weights[encoded["input_ids"]].sum(axis=1)


def open(path, manifest, *, threads, device="cpu", needs=None):
    return Session(path)
'''

FORWARD = """

class forward:
    def __init__(self, weights):
        import numpy as np

        self.table = np.array(weights, dtype=np.float32)

    def classify(self, encoded):
        return self.table[encoded["input_ids"]].sum(axis=1)
"""

TABLE = f'''"""Counts words of each class."""

import random
import shutil
import time

from zoosmith.contract.params import Params as BaseParams

FORMAT = "table"
PRECISION = "fp32"
ACCEPTS = {{"from": ("source",)}}
DATA = ("train",)


class Params(BaseParams):
    shards: int = 2
    shard_bytes: int = 1000
    pause_s: float = 0.0


def resources(params, parents):
    return (1, 64)


def build(job):
    """Counts, and shards of noise that take their time."""
    import json

    for i in range(job.params.shards):
        shard = job.scratch / f"shard-{{i}}.dat"
        if not shard.is_file():
            time.sleep(job.params.pause_s)
            new = shard.with_suffix(".tmp")
            new.write_bytes(random.Random(job.seed + i).randbytes(job.params.shard_bytes))
            new.replace(shard)
        shutil.copyfile(shard, job.out / shard.name)
        job.progress(i + 1, job.params.shards, "shards")
    weights = [[0.0, 0.0] for _ in range(64)]
    for row in job.rows("train"):
        example = job.task.example(row)
        for token in job.task.encode([example])["input_ids"][0]:
            weights[token][example.target] += 1.0
    (job.out / "table.json").write_text(json.dumps(weights))
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copyfile(job.parent.path / name, job.out / name)
    return forward(weights)
{FORWARD}'''

SCALED = f'''"""Multiplies every weight."""

import json
import shutil

from zoosmith.contract.params import Params as BaseParams
from zoosmith.contract.output import Tolerance

FORMAT = "table"
PRECISION = "fp32"
ACCEPTS = {{"from": ("table",)}}


class Params(BaseParams):
    factor: float = 2.0


def resources(params, parents):
    return (1, 64)


def check(params):
    return Tolerance(agreement=1.0)


def build(job):
    weights = json.loads((job.parent.path / "table.json").read_text())
    weights = [[value * job.params.factor for value in row] for row in weights]
    shutil.copytree(job.parent.path, job.out, dirs_exist_ok=True, ignore=shutil.ignore_patterns("manifest.json"))
    (job.out / "table.json").write_text(json.dumps(weights))
    return forward(weights)
{FORWARD}'''

RECIPE: dict[str, Any] = {
    "schema": 1,
    "summary": "Word counts.",
    "license": "apache-2.0",
    "bases": {"words": {"path": "bases/words"}},
    "data": {
        "toy": {
            "path": "data",
            "columns": {"text": "text", "label": "label"},
            "labels": ["negative", "positive"],
            "splits": {"train": "train", "dev": "dev", "eval": "test"},
        }
    },
    "task": {"kind": "text-classification", "data": "toy", "max_length": 32},
    "evals": {"toy": {"kind": "text-classification", "data": "toy"}},
    "reference": "plain",
    "artifacts": {
        "plain": {"builder": "table", "from": "words"},
        "double": {"builder": "scaled", "from": "plain"},
        "triple": {"builder": "scaled", "from": "plain", "params": {"factor": 3.0}},
        "sextuple": {"builder": "scaled", "from": "double", "params": {"factor": 3.0}},
    },
}


def recipe(**params: Any) -> dict[str, Any]:
    """The recipe, with `params` for the builder `table`."""
    made = copy.deepcopy(RECIPE)
    made["artifacts"]["plain"]["params"] = params
    return made


def write_table(project: Path, **params: Any) -> Path:
    """The zoo `toy` in `project`; `params` are those of the builder `table`."""
    write_project(project)
    for name, text in (("builders/table", TABLE), ("builders/scaled", SCALED), ("runtimes/table", RUNTIME)):
        file = project / f"{name}.py"
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")
    base = project / "bases" / "words"
    base.mkdir(parents=True)
    write_tokenizer(base)
    (base / "config.json").write_text(json.dumps({"model_type": "table"}), encoding="utf-8")
    for split, count, seed in (("train", 60, 1), ("dev", 20, 2), ("test", 40, 3)):
        write_rows(project / "data" / f"{split}.jsonl", rows(count, seed))
    write_recipe(project, recipe(**params))
    return project


def bring_up(project: Path, name: str) -> list[str]:
    """Make an artifact and what it is made from, as doit's tasks do; return what was not up to date."""
    workspace = Workspace(project)
    made = []
    for kind, node in nodes(workspace, workspace.zoo.find(name)):
        if not workspace.made(kind, node):
            workspace.make(kind, node)
            made.append(node.name)
    return made


def nodes(workspace: Workspace, ref: Ref) -> list[tuple[str, Ref]]:
    """Data, bases and artifacts below an artifact in the order in which they are made, itself last."""
    data = [("data", Ref(ref.recipe, name)) for name in workspace.zoo.families[ref.recipe].recipe.data]
    lineage = [
        ("base" if workspace.zoo.base(node) else "artifact", node) for node in [*workspace.zoo.lineage(ref), ref]
    ]
    return data + lineage


def edit(file: Path, old: str, new: str) -> None:
    """Replace the one occurrence of `old` in a file."""
    text = file.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{file} holds {old!r} {text.count(old)} times"
    file.write_text(text.replace(old, new), encoding="utf-8")
