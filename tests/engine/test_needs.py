"""An artifact that cannot be opened alone: what it needs is given to it wherever it is opened, and is counted."""

from __future__ import annotations

import json
from pathlib import Path

from tests.support.fast import fast_recipe, write_fast_zoo
from tests.support.zoo import doit, write_recipe

BUILDER = '''\
"""A factor over a parent's table, without the table: as an adapter is over its base."""

import json
import shutil

import numpy as np

from zoosmith.contract import Params as BaseParams
from zoosmith.contract import Resources

FORMAT = "factor"
PRECISION = "fp32"
ACCEPTS = {"from": ("table",)}
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

    def logits(encoded):
        mask = encoded["attention_mask"][..., None]
        return job.params.factor * (weights[encoded["input_ids"]] * mask).sum(axis=1, dtype=np.float32)

    return logits
'''

RUNTIME = '''\
"""A factor over the table that it needs."""

import json

import numpy as np

REQUIRES = ("numpy", "tokenizers")
EXTRA = "onnx"
LIBRARY = "zoosmith"
CAPABILITIES = ("logits",)


class Scaled:
    """Weights of shape (tokens, classes), times a factor."""

    def __init__(self, weights, factor):
        self.weights = np.array(weights, dtype=np.float32)
        self.factor = factor

    def logits(self, encoded):
        """Class logits of shape (batch, classes)."""
        mask = encoded["attention_mask"][..., None]
        return self.factor * (self.weights[encoded["input_ids"]] * mask).sum(axis=1, dtype=np.float32)


def open(path, manifest, *, threads, device="cpu", needs=None):
    """Open factor.json over the table in needs["from"]."""
    weights = json.loads((needs["from"] / "table.json").read_text())["weights"]
    return Scaled(weights, json.loads((path / "factor.json").read_text()))
'''


def test_what_an_artifact_needs_goes_with_it(tmp_path: Path) -> None:
    project = write_fast_zoo(tmp_path / "zoo")
    (project / "builders" / "factor.py").write_text(BUILDER, encoding="utf-8")
    (project / "runtimes" / "factor.py").write_text(RUNTIME, encoding="utf-8")
    recipe = fast_recipe(1)
    recipe["artifacts"]["scaled"] = {"builder": "factor", "from": "a0"}
    write_recipe(project, recipe, "family0")
    done = doit(project, "build:family0-scaled", "build:family0-a0")
    assert done.returncode == 0, done.stdout + done.stderr
    rows = json.loads((project / "registry.json").read_text())["artifacts"]
    base, scaled = (rows[f"family0-{name}"]["versions"]["1"] for name in ("a0", "scaled"))
    assert scaled["needs"] == {"from": base["tree_digest"]}
    assert not (project / "artifacts" / "family0-scaled" / "table.json").exists()
    assert scaled["size_total"] == scaled["size_own"] + base["size_own"]
    [measured] = (project / "results" / "family0" / "scaled").glob("*g-*.json")
    assert json.loads(measured.read_text())["suites"]["quick"]["size_total"] == scaled["size_total"]
    checked = doit(project, "check", "family0-scaled")
    assert checked.returncode == 0, checked.stdout + checked.stderr
