"""All of distilbert-sst2, as a user builds it, with models and data from a (loopback) hub at their pins."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.hub_zoo import HubZoo, assert_keeps_its_zeros, facts, hub_zoo
from tests.support.sst2 import COMMITS, FINETUNED, PRETRAINED, SST2, write_hub
from tests.support.zoo import doit, write_project


@pytest.fixture(scope="module")
def distilbert(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubZoo]:
    yield from hub_zoo(tmp_path_factory.mktemp("distilbert"), write_hub)


def test_the_users_own_example(distilbert: HubZoo, tmp_path: Path) -> None:
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


def test_all_of_distilbert_sst2_builds(distilbert: HubZoo) -> None:
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


def test_pruned_and_quantised_keeps_its_zeros(distilbert: HubZoo) -> None:
    done = doit(distilbert.project, "artifact:distilbert-sst2-pruned30-int8", **distilbert.settings)
    assert done.returncode == 0, done.stdout + done.stderr
    assert_keeps_its_zeros(facts(distilbert.project, "distilbert-sst2-pruned30-int8"))
