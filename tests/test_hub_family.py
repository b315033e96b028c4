"""The user's own example, `doit build:distilbert-sst2-onnx-int8`, with models and data from a (loopback) hub."""

from __future__ import annotations

import json
from pathlib import Path

from tests.support.hub import serving
from tests.support.sst2 import COMMITS, FINETUNED, SST2, write_hub
from tests.support.zoo import doit, write_project


def test_the_family_comes_from_the_hub_at_its_pins(tmp_path: Path) -> None:
    project = write_project(tmp_path / "zoo")
    settings = {"HF_HUB_DISABLE_XET": "1", "HF_HOME": str(tmp_path / "home")}
    with serving(write_hub(tmp_path / "hub"), COMMITS) as hub:
        done = doit(project, "build:distilbert-sst2-onnx-int8", HF_ENDPOINT=hub.url, **settings)
        assert done.returncode == 0, done.stdout + done.stderr
        for repo in (FINETUNED, SST2):
            assert [line for line in hub.asked if f"{repo}/resolve/{COMMITS[repo]}/" in line]
    row = json.loads((project / "registry.json").read_text())["artifacts"]["distilbert-sst2-onnx-int8"]["versions"]["1"]
    assert row["base"] == [FINETUNED]
    assert row["gates"]["passed"]
    card = (project / "model_cards" / "distilbert-sst2-onnx-int8.md").read_text()
    assert f"- {SST2}" in card
    assert "base_model_relation: quantized" in card
    again = doit(project, "build:distilbert-sst2-onnx-int8", HF_ENDPOINT=hub.url, **settings)
    assert again.stdout == "build:distilbert-sst2-onnx-int8 is up to date\n"
    other = write_project(tmp_path / "other")
    offline = doit(other, "artifact:distilbert-sst2-fp32", HF_HUB_OFFLINE="1", HF_ENDPOINT=hub.url, **settings)
    assert offline.returncode == 0, offline.stdout + offline.stderr
