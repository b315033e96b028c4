"""Real model and data, where the folder of them lies beside the project, through the real client libraries."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.hub import Hub, serving

MIRROR = Path(__file__).parents[2].parent / "shared" / "mirror"
pytestmark = pytest.mark.skipif(
    not MIRROR.is_dir(), reason="needs the real data in ../shared/mirror, which is no part of the project"
)
MODEL, DATA = "zoosmith/stories-5m", "stanfordnlp/sst2"
AS_A_USER = """
import json, sys
from datasets import load_dataset
from transformers import AutoModelForCausalLM, AutoTokenizer

(model, commit), (data, pin) = json.loads(sys.argv[1])
network, told = AutoModelForCausalLM.from_pretrained(model, revision=commit, output_loading_info=True)
tokens = AutoTokenizer.from_pretrained(model, revision=commit)("Once upon a time", return_tensors="pt")
rows = load_dataset(data, revision=pin, split="validation")
print(json.dumps({
    "missing": sorted(told["missing_keys"]), "layers": network.config.num_hidden_layers,
    "logits": list(network(**tokens).logits.shape),
    "tokens": tokens["input_ids"].shape[1], "vocabulary": network.config.vocab_size,
    "rows": len(rows), "columns": rows.column_names, "positive": sum(rows["label"]),
}))
"""
AS_A_STEP = """
import json, sys
from pathlib import Path
from zoosmith.recipes.schema import Data
from zoosmith.sources import hf, tables

(model, commit), (data, pin) = json.loads(sys.argv[1])
folder, scratch = Path("base"), Path("scratch")
scratch.mkdir()
hf.snapshot(model, commit, [], folder, scratch, lambda *given, **told: None)
table = tables.from_hub(Data(repo=data, revision=pin, splits={"dev": "validation"}), "validation")
rows = [row for _, row in table.read()]
print(json.dumps({"rows": len(rows), "columns": list(rows[0]),
    "files": {path.name: path.stat().st_size for path in folder.iterdir()}}))
"""


@pytest.fixture(scope="module")
def hub() -> Iterator[Hub]:
    with serving(MIRROR) as server:
        yield server


def call(code: str, hub: Hub, folder: Path) -> dict[str, Any]:
    """What the code prints, in a process whose hub is this one and whose cache is empty."""
    pins = [(MODEL, hub.commit("models", MODEL)), (DATA, hub.commit("datasets", DATA))]
    settings = {"HF_ENDPOINT": hub.url, "HF_HUB_DISABLE_XET": "1", "HF_HOME": str(folder / "home")}
    done = subprocess.run(
        [sys.executable, "-c", code, json.dumps(pins)],
        cwd=folder, env=os.environ | settings, capture_output=True, text=True, timeout=200, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def test_transformers_and_datasets_load_from_the_loopback_hub(hub: Hub, tmp_path: Path) -> None:
    found = call(AS_A_USER, hub, tmp_path)
    config = json.loads((MIRROR / "models" / MODEL / "config.json").read_text())
    assert found["missing"] == []
    assert found["layers"] == config["num_hidden_layers"]
    assert found["logits"] == [1, found["tokens"], config["vocab_size"]]
    assert (found["rows"], found["positive"]) == (872, 444)
    assert found["columns"] == ["idx", "sentence", "label"]


def test_a_step_fetches_the_same_at_its_pins(hub: Hub, tmp_path: Path) -> None:
    found = call(AS_A_STEP, hub, tmp_path)
    assert (found["rows"], found["columns"]) == (872, ["idx", "sentence", "label"])
    there = {path.name: path.stat().st_size for path in (MIRROR / "models" / MODEL).iterdir()}
    assert found["files"] == there
