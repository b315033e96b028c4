"""The whole chain of a language model that matches names, on a small one: trained, merged, as GGUF, in 8 bits.

A twin of the family `smollm2-names` with a model of 5 M parameters, real name pairs and two labels.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.zoo import ROOT, TORCH_BRIEFLY, doit, write_project, write_recipe, write_rows

MIRROR = ROOT.parent / "shared" / "mirror"
MODEL = MIRROR / "models" / "zoosmith" / "stories-5m"
PAIRS = MIRROR / "datasets" / "vietexob" / "name-matching" / "data"
RECIPE: dict[str, Any] = {
    "schema": 1,
    "summary": "A storyteller that matches names.",
    "license": "apache-2.0",
    "bases": {"stories": {"path": str(MODEL)}},
    "data": {
        "names": {
            "path": "data",
            "columns": {"first": "name1", "second": "name2", "label": "label"},
            "labels": ["no", "yes"],
            "splits": {"train": "train", "dev": "dev", "eval": "eval"},
        }
    },
    "task": {
        "kind": "label-token", "data": "names", "max_length": 192,
        "prompt": "Name 1: {first}\nName 2: {second}\nThe same person, yes or no? Answer:",
    },
    "evals": {"names": {"kind": "label-token", "data": "names"}},
    "reference": "lora-r8",
    "artifacts": {
        "base": {"builder": "checkpoint", "from": "stories"},
        "lora-r8": {
            "builder": "lora",
            "from": "base",
            "params": {
                "r": 8, "target_modules": "all-linear", "epochs": 1, "learning_rate": 2e-3, "batch_size": 16,
                "autocast": "none",
            },
        },
        "f16": {
            "builder": "gguf",
            "from": "lora-r8",
            "params": {"kv_type": "f32"},
            "gates": {"names.agreement": {"min": 0.99}},
        },
        "q8_0": {"builder": "gguf_quantize", "from": "f16", "gates": {"names.accuracy": {"max_drop": 0.05}}},
    },
}  # fmt: skip
pytestmark = pytest.mark.skipif(not MODEL.is_dir(), reason="needs the trained model of ../shared/mirror")


def pairs(split: str, count: int) -> list[dict[str, str]]:
    """Rows of the mirror's name pairs, as many of each label."""
    import pyarrow.parquet as pq

    [file] = PAIRS.glob(f"{split}*.parquet")
    rows = pq.read_table(file, columns=["name1", "name2", "label"]).to_pylist()
    kept = {label: [row for row in rows if row["label"] == label][: count // 2] for label in ("no", "yes")}
    return [row for both in zip(*kept.values(), strict=True) for row in both]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_project(tmp_path_factory.mktemp("stories"))
    train = pairs("train", 448)
    for split, rows in (("train", train[:-48]), ("dev", train[-48:]), ("eval", pairs("test", 100))):
        write_rows(folder / "data" / f"{split}.jsonl", rows)
    write_recipe(folder, RECIPE, "stories-5m-names")
    return folder


def measured_of(project: Path, artifact: str) -> Any:
    """What was measured of an artifact."""
    folder = project / "results" / "stories-5m-names" / artifact
    [file] = [file for file in folder.glob("*.json") if file.name != "build.json"]
    return json.loads(file.read_text(encoding="utf-8"))["suites"]["quick"]


def test_from_a_storyteller_to_a_matcher_of_names_in_8_bits(project: Path) -> None:
    done = doit(project, "build:stories-5m-names-q8_0", "build:stories-5m-names-f16", **TORCH_BRIEFLY)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    told = {name: measured_of(project, name) for name in ("f16", "q8_0")}
    for name, measured in told.items():
        quality, versus = measured["quality"]["names"], measured["versus"]["names"]
        assert quality["metrics"].keys() >= {"accuracy", "macro_f1", "free_label_share"}
        assert quality["metrics"]["accuracy"]["n"] == 100, name
        assert quality["metrics"]["accuracy"]["value"] > 0.5
        assert versus["divergence"]["agreement"]["value"] >= 0.95
        assert measured["latency_ms"]
    card = (project / "model_cards" / "stories-5m-names-q8_0.md").read_text(encoding="utf-8")
    assert "of its decisions flip against the reference (" in card
    assert "It answers **no** or **yes** for first, second," in card
    manifest = json.loads((project / "artifacts" / "stories-5m-names-q8_0" / "manifest.json").read_text())
    assert manifest["task"]["prompt"] == RECIPE["task"]["prompt"]
    assert manifest["task"]["inputs"] == ["first", "second"]
