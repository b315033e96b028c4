"""An artifact that cannot be opened alone: a factor over a table, as an adapter is over its base."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from tests.support.fast import fast_recipe, write_fast_zoo
from tests.support.zoo import doit, write_recipe
from zoosmith.store.files import sha256_file

BUILDER = '''\
"""A factor over a parent's table, without the table: as an adapter is over its base."""

import json
import shutil

import numpy as np

from zoosmith.contract.params import Params as BaseParams
from zoosmith.contract.output import Resources

FORMAT = "factor"
PRECISION = "fp32"
ACCEPTS = {"from": ("table", "source")}
NEEDS = ("from",)


class Params(BaseParams):
    """factor: on every weight."""

    factor: float = 3.0


def resources(params, parents):
    """Next to nothing."""
    return Resources(cpus=1, memory_mb=64)


def build(job):
    """Write the factor alone."""
    weights = np.array(json.loads((job.parent.path / "table.json").read_text())["weights"], dtype=np.float32)
    (job.out / "factor.json").write_text(json.dumps(job.params.factor))
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copyfile(job.parent.path / name, job.out / name)

    return Scaled(weights, job.params.factor)


class Scaled:
    """The model in memory."""

    def __init__(self, weights, factor):
        self.weights = weights
        self.factor = factor

    def classify(self, encoded):
        mask = encoded["attention_mask"][..., None]
        return self.factor * (self.weights[encoded["input_ids"]] * mask).sum(axis=1, dtype=np.float32)
'''

RUNTIME = '''\
"""A factor over the table that it needs."""

import json

import numpy as np

REQUIRES = ("numpy", "tokenizers")
EXTRA = "onnx"
LIBRARY = "zoosmith"
CAPABILITIES = ("classify",)


class Scaled:
    """Weights of shape (tokens, classes), times a factor."""

    def __init__(self, weights, factor):
        self.weights = np.array(weights, dtype=np.float32)
        self.factor = factor

    def classify(self, encoded):
        """Class logits of shape (batch, classes)."""
        mask = encoded["attention_mask"][..., None]
        return self.factor * (self.weights[encoded["input_ids"]] * mask).sum(axis=1, dtype=np.float32)


def open(path, manifest, *, threads, device="cpu", needs=None):
    """Open factor.json over the table in needs["from"]."""
    weights = json.loads((needs["from"] / "table.json").read_text())["weights"]
    return Scaled(weights, json.loads((path / "factor.json").read_text()))
'''


def write_factor_zoo(project: Path) -> Path:
    """A fast zoo in which family0-scaled needs the artifact family0-a0."""
    write_fast_zoo(project)
    (project / "builders" / "factor.py").write_text(BUILDER, encoding="utf-8")
    (project / "runtimes" / "factor.py").write_text(RUNTIME, encoding="utf-8")
    recipe = fast_recipe(1)
    recipe["artifacts"]["scaled"] = {"builder": "factor", "from": "a0"}
    write_recipe(project, recipe, "family0")
    return project


def add_base(project: Path) -> Path:
    """Add family0-over, which needs a base: the table that a0 has, fetched from bases/table."""
    done = doit(project, "artifact:family0-a0")
    assert done.returncode == 0, done.stdout + done.stderr
    shutil.copytree(project / "artifacts" / "family0-a0", project / "bases" / "table")
    (project / "bases" / "table" / "manifest.json").unlink()
    recipe: dict[str, Any] = fast_recipe(1)
    files = {file.name: sha256_file(file) for file in (project / "bases" / "table").iterdir()}
    recipe["bases"]["table"] = {"path": "bases/table", "files": files}  # a format that only this zoo knows
    recipe["artifacts"]["over"] = {"builder": "factor", "from": "table"}
    write_recipe(project, recipe, "family0")
    return project
