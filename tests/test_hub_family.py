"""Whole families, as a user builds them, with models and data from a (loopback) hub at their pins."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.support.hub import serving
from tests.support.sst2 import (
    COMMITS,
    FINETUNED,
    PRETRAINED,
    SST2,
    write_ag_news,
    write_bert_hub,
    write_hub,
    write_imdb,
)  # fmt: skip
from tests.support.zoo import doit, write_project
from zoosmith.engine.zoo import load_zoo

STUDIED = ("finetune", "lora-r8", "lora-r4", "torch-int8", "pruned30")


class Site(NamedTuple):
    """A zoo's folder, the hub that it fetches from, and the settings that say so."""

    project: Path
    hub: Any
    settings: dict[str, str]

    def row(self, name: str) -> dict[str, Any]:
        registry = json.loads((self.project / "registry.json").read_text())
        row: dict[str, Any] = registry["artifacts"][name]["versions"]["1"]
        return row

    def family(self, recipe: str) -> list[str]:
        return [f"{recipe}-{name}" for name in load_zoo(self.project).families[recipe].recipe.artifacts]


def site(folder: Path, write: Callable[[Path], Path]) -> Iterator[Site]:
    project = write_project(folder / "zoo")
    with serving(write(folder / "hub"), COMMITS) as hub:
        home = {"HF_HUB_DISABLE_XET": "1", "HF_HOME": str(folder / "home"), "HF_ENDPOINT": hub.url}
        yield Site(project, hub, home)


@pytest.fixture(scope="module")
def distilbert(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    yield from site(tmp_path_factory.mktemp("distilbert"), write_hub)


@pytest.fixture(scope="module")
def bert(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    yield from site(tmp_path_factory.mktemp("bert"), write_bert_hub)


def test_the_users_own_example(distilbert: Site, tmp_path: Path) -> None:
    """`doit build:distilbert-sst2-onnx-int8`, again, and once more without the hub."""
    project, hub, settings = distilbert
    done = doit(project, "build:distilbert-sst2-onnx-int8", **settings)
    assert done.returncode == 0, done.stdout + done.stderr
    for repo in (FINETUNED, SST2):
        assert [line for line in hub.asked if f"{repo}/resolve/{COMMITS[repo]}/" in line]
    row = distilbert.row("distilbert-sst2-onnx-int8")
    assert row["base"] == [FINETUNED]
    assert row["gates"]["passed"]
    card = (project / "model_cards" / "distilbert-sst2-onnx-int8.md").read_text()
    assert f"- {SST2}" in card
    assert "base_model_relation: quantized" in card
    again = doit(project, "build:distilbert-sst2-onnx-int8", **settings)
    assert again.stdout == "build:distilbert-sst2-onnx-int8 is up to date\n"
    other = write_project(tmp_path / "other")
    offline = doit(other, "artifact:distilbert-sst2-fp32", **settings | {"HF_HUB_OFFLINE": "1"})
    assert offline.returncode == 0, offline.stdout + offline.stderr


def test_all_of_distilbert_sst2_builds(distilbert: Site) -> None:
    """Each artifact, trained ones too, is opened in a clean process; one adapter is measured with its base."""
    names = distilbert.family("distilbert-sst2")
    assert len(names) == 16
    wanted = [f"artifact:{name}" for name in names]
    done = doit(distilbert.project, "-n", "2", *wanted, "build:distilbert-sst2-qlora-r8", **distilbert.settings)
    assert done.returncode == 0, done.stdout + done.stderr
    row = distilbert.row("distilbert-sst2-qlora-r8")
    assert row["base"] == [PRETRAINED]
    assert row["gates"]["passed"]
    assert row["size_total"] > 5 * row["size_own"]
    assert list(row["needs"]) == ["from"]
    card = (distilbert.project / "model_cards" / "distilbert-sst2-qlora-r8.md").read_text()
    assert "base_model_relation: adapter" in card
    assert "library_name: peft" in card


def test_all_of_bert_base_sst2_builds(bert: Site) -> None:
    names = bert.family("bert-base-sst2")
    assert len(names) == 9
    done = doit(bert.project, "-n", "2", *(f"artifact:{name}" for name in names), **bert.settings)
    assert done.returncode == 0, done.stdout + done.stderr
    files = {name: {path.name for path in (bert.project / "artifacts" / name).iterdir()} for name in names}
    assert "adapter_model.safetensors" in files["bert-base-sst2-qlora-r16"]
    assert "model.safetensors" in files["bert-base-sst2-lora-r8"]
    assert "model.onnx" in files["bert-base-sst2-onnx-int8"]


def build_record(project: Path, family: str, artifact: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((project / "results" / family / artifact / "build.json").read_text())
    return found


def assert_says_that_zeros_save_nothing(project: Path, family: str, artifact: str) -> None:
    record, card = build_record(project, family, artifact), (project / "model_cards" / f"{family}-{artifact}.md")
    parameters = record["facts"]["parameters"]
    assert 0.5 * parameters < record["facts"]["nonzero_parameters"] < 0.8 * parameters
    assert "size and speed are those of the same model unpruned" in card.read_text()
    assert record["facts"]["compressed_bytes"] < record["facts"]["stored_bytes"]


def assert_learnt_and_measured_on_the_rows_of_the_study(project: Path, family: str, artifact: str) -> None:
    """4,000 and 1,000 of the full set, as many of each class."""
    splits = build_record(project, family, artifact)["data"]["splits"]
    assert (splits["train"]["rows"], splits["eval"]["rows"]) == (4100, 1200)
    manifest = json.loads((project / "artifacts" / f"{family}-finetune" / "manifest.json").read_text())
    assert manifest["facts"]["train_examples"] == 4000
    [measured] = set((project / "results" / family / artifact).glob("*.json")) - {
        project / "results" / family / artifact / "build.json"
    }
    quality = json.loads(measured.read_text())["suites"]["quick"]["quality"]["imdb"]
    assert (quality["rows"], quality["examples_total"]) == (1000, 1000)
    assert [sum(row) for row in quality["confusion"]] == [500, 500]
    assert "split eval (its first 1000 rows)" in (project / "model_cards" / f"{family}-{artifact}.md").read_text()


def test_pruned_and_quantised_keeps_its_zeros(distilbert: Site) -> None:
    done = doit(distilbert.project, "build:distilbert-sst2-pruned30-int8", **distilbert.settings)
    assert done.returncode == 0, done.stdout + done.stderr
    assert distilbert.row("distilbert-sst2-pruned30-int8")["gates"]["passed"]
    record = build_record(distilbert.project, "distilbert-sst2", "pruned30-int8")
    assert record["parents"]["from"]["name"] == "distilbert-sst2/pruned30"
    assert_says_that_zeros_save_nothing(distilbert.project, "distilbert-sst2", "pruned30-int8")


@pytest.mark.parametrize(
    ("write", "family", "artifact"),
    [(write_imdb, "distilbert-imdb", "pruned30"), (write_ag_news, "distilbert-agnews", "onnx-int8-static")],
)
def test_the_families_of_the_studies_build_to_the_end(
    tmp_path: Path, write: Callable[[Path], Path], family: str, artifact: str
) -> None:
    """All artifacts are built, the named one is measured against its reference, gated and carded."""
    project, name = write_project(tmp_path / "zoo"), f"{family}-{artifact}"
    all_of_it = [f"artifact:{family}-{other}" for other in load_zoo(project).families[family].recipe.artifacts]
    assert {f"artifact:{family}-{other}" for other in STUDIED} <= set(all_of_it)
    settings = {"HF_HUB_DISABLE_XET": "1", "HF_HOME": str(tmp_path / "home")}
    with serving(write(tmp_path / "hub"), COMMITS) as hub:
        done = doit(project, "-n", "2", *all_of_it, f"build:{name}", HF_ENDPOINT=hub.url, **settings)
    assert done.returncode == 0, done.stdout + done.stderr
    row = json.loads((project / "registry.json").read_text())["artifacts"][name]["versions"]["1"]
    assert row["gates"]["passed"]
    assert row["base"]
    if family == "distilbert-imdb":
        assert_says_that_zeros_save_nothing(project, family, artifact)
        assert_learnt_and_measured_on_the_rows_of_the_study(project, family, artifact)
