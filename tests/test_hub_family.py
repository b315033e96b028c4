"""The user's own example, `doit build:distilbert-sst2-onnx-int8`, with models and data from a (loopback) hub."""

from __future__ import annotations

import json
from pathlib import Path

from tests.support.hub import serving
from tests.support.sst2 import COMMITS, FINETUNED, PRETRAINED, SST2, write_bert_hub, write_hub
from tests.support.zoo import doit, write_project
from zoosmith.engine.zoo import load_zoo


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


def family(project: Path, recipe: str) -> tuple[str, ...]:
    """Names of all its artifacts."""
    zoo = load_zoo(project)
    return tuple(f"{recipe}-{name}" for name in zoo.families[recipe].recipe.artifacts)


def test_all_of_distilbert_sst2_builds(tmp_path: Path) -> None:
    """Each artifact, trained ones too, is opened in a clean process; one adapter is measured with its base."""
    project = write_project(tmp_path / "zoo")
    names = family(project, "distilbert-sst2")
    assert len(names) == 10
    with serving(write_hub(tmp_path / "hub"), COMMITS) as hub:
        settings = {"HF_HUB_DISABLE_XET": "1", "HF_HOME": str(tmp_path / "home"), "HF_ENDPOINT": hub.url}
        wanted = [f"artifact:{name}" for name in names]
        done = doit(project, "-n", "2", *wanted, "build:distilbert-sst2-qlora-r8", **settings)
        assert done.returncode == 0, done.stdout + done.stderr
    row = json.loads((project / "registry.json").read_text())["artifacts"]["distilbert-sst2-qlora-r8"]["versions"]["1"]
    assert row["base"] == [PRETRAINED]
    assert row["gates"]["passed"]
    assert row["size_total"] > 5 * row["size_own"]
    assert list(row["needs"]) == ["from"]
    card = (project / "model_cards" / "distilbert-sst2-qlora-r8.md").read_text()
    assert "base_model_relation: adapter" in card
    assert "library_name: peft" in card


def test_all_of_bert_base_sst2_builds(tmp_path: Path) -> None:
    project = write_project(tmp_path / "zoo")
    names = family(project, "bert-base-sst2")
    assert len(names) == 9
    with serving(write_bert_hub(tmp_path / "hub"), COMMITS) as hub:
        settings = {"HF_HUB_DISABLE_XET": "1", "HF_HOME": str(tmp_path / "home"), "HF_ENDPOINT": hub.url}
        done = doit(project, "-n", "2", *(f"artifact:{name}" for name in names), **settings)
        assert done.returncode == 0, done.stdout + done.stderr
    files = {name: {path.name for path in (project / "artifacts" / name).iterdir()} for name in names}
    assert "adapter_model.safetensors" in files["bert-base-sst2-qlora-r16"]
    assert "model.safetensors" in files["bert-base-sst2-lora-r8"]
    assert "model.onnx" in files["bert-base-sst2-onnx-int8"]
