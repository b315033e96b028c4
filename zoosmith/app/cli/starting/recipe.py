"""The first recipe of a zoo that begins with a table."""

from __future__ import annotations

from typing import Any

import yaml

from zoosmith import plugins
from zoosmith.app.cli.starting.survey import Survey

BASE_OF = "names-demo"  # the shipped family whose encoder a first recipe starts from
FEW, MANY = 5_000, 50_000
EPOCHS = {FEW: 4, MANY: 2}
HEAD = """\
# A recipe: one family of artifacts. `zoosmith schema recipe` prints its JSON Schema for your editor;
# docs/recipes.md has every key. The base reads English; for other languages put another one in its place.
"""


def text(name: str, survey: Survey, license: str) -> str:
    """The recipe as YAML: an encoder trained on the table, as PyTorch, ONNX and INT8."""
    return HEAD + yaml.safe_dump(_recipe(name, survey, license), sort_keys=False, allow_unicode=True, width=110)


def _recipe(name: str, survey: Survey, license: str) -> dict[str, Any]:
    classes = sorted(survey.classes)
    told = ", ".join(classes[:6]) + (", ..." if len(classes) > 6 else "")
    return {
        "schema": 1,
        "summary": f"Sorts texts of {name} into {len(classes)} classes: {told}.",
        "license": license,
        "intended": f"Texts like those of the table {name}.",
        "limits": "Other texts than those: measure it on yours first.",
        "example": f"A text like those of {name}.",
        "bases": {"encoder": _encoder()},
        "data": {
            name: {
                "path": "data",
                "columns": {"text": "text", "label": "label"},
                "labels": classes,
                "splits": {"train": "train", "dev": "dev", "eval": "test"},
            }
        },
        "task": {"kind": "text-classification", "data": name, "max_length": 128},
        "evals": {name: {"kind": "text-classification", "data": name, "baselines": ["majority"]}},
        "reference": "fp32",
        "artifacts": _artifacts(name, len(survey.rows)),
    }


def _artifacts(name: str, rows: int) -> dict[str, Any]:
    """Gates are on what conversions lose; what is good enough only the owner of the table knows."""
    epochs = next((epochs for most, epochs in EPOCHS.items() if rows <= most), 1)
    learning = {"epochs": epochs, "learning_rate": 1.0e-4, "batch_size": 32}
    return {
        "fp32": {"builder": "finetune", "from": "encoder", "params": learning},
        "onnx-fp32": {"builder": "onnx", "from": "fp32", "gates": {f"{name}.accuracy": {"max_drop": 0.005}}},
        "onnx-int8": {
            "builder": "onnx_int8",
            "from": "onnx-fp32",
            "params": {"per_channel": True},
            "gates": {f"{name}.accuracy": {"max_drop": 0.02}, "size": {"max_ratio": 0.5}},
        },
    }


def _encoder() -> dict[str, Any]:
    """The pinned encoder of a shipped family: from a package index, so that no hub is needed."""
    shipped = yaml.safe_load((plugins.shipped("recipes") / f"{BASE_OF}.yaml").read_text(encoding="utf-8"))
    found: dict[str, Any] = shipped["bases"]["encoder"]
    return found
