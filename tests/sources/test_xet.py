"""Xet on a hub that does not have it: switched off for steps, said once, and named where it went wrong."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sources.test_hf import ask
from tests.support.fast import fast_recipe, write_fast_zoo
from tests.support.hub import Hub, serving
from tests.support.zoo import doit, write_recipe, write_tokenizer
from zoosmith.sources import xet

OWN = "https://hub.example"


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    """A hub that tells weights to be in a Xet storage that is not there."""
    model = tmp_path / "hub" / "models" / "org" / "tiny"
    model.mkdir(parents=True)
    write_tokenizer(model)
    (model / "model.safetensors").write_bytes(struct.pack("<Q", 2) + b"{}")  # a header without tensors
    with serving(tmp_path / "hub") as server:
        server.xet = True
        yield server


@pytest.mark.parametrize(
    ("environment", "added"),
    [
        ({}, {}),
        ({"HF_ENDPOINT": ""}, {}),
        ({"HF_ENDPOINT": "https://huggingface.co/"}, {}),
        ({"HF_ENDPOINT": "https://hub-ci.huggingface.co"}, {}),
        ({"HF_ENDPOINT": "https://nothuggingface.co"}, {xet.SWITCH: "1"}),
        ({"HF_ENDPOINT": OWN}, {xet.SWITCH: "1"}),
        ({"HF_ENDPOINT": "hub.example"}, {xet.SWITCH: "1"}),
        ({"HF_ENDPOINT": "hub.example:8080/hf"}, {xet.SWITCH: "1"}),
        ({"HF_ENDPOINT": OWN, xet.SWITCH: ""}, {xet.SWITCH: "1"}),
        ({"HF_ENDPOINT": OWN, xet.SWITCH: "0"}, {}),
        ({"HF_ENDPOINT": OWN, xet.SWITCH: "1"}, {}),
        ({"HF_ENDPOINT": OWN, "HF_HUB_OFFLINE": "1"}, {}),
        ({"HF_ENDPOINT": OWN, "HF_HUB_OFFLINE": "0"}, {xet.SWITCH: "1"}),
    ],
)
def test_it_is_off_for_another_hub_unless_the_user_decided(environment: dict[str, str], added: dict[str, str]) -> None:
    assert xet.switch(environment) == added


def test_the_error_names_the_cure(hub: Hub, tmp_path: Path) -> None:
    commit = hub.commit("models", "org/tiny")
    failed = ask(hub, tmp_path, "model", "org/tiny", commit, [], HF_HUB_DISABLE_XET="0")
    assert "set HF_HUB_DISABLE_XET=1 before the start" in str(failed["error"])
    assert ask(hub, tmp_path, "model", "org/tiny", commit, [])["files"]


def test_a_build_switches_it_off_and_says_so_once(hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(xet.SWITCH, raising=False)
    project = write_fast_zoo(tmp_path / "zoo")
    recipe = fast_recipe(1)
    source = {"repo": "org/tiny", "revision": hub.commit("models", "org/tiny")}
    write_recipe(project, recipe | {"bases": {"words": source, "same": source | {"license": "mit"}}}, "family0")
    settings = {"HF_ENDPOINT": hub.url, "HF_HOME": str(tmp_path / "home")}
    done = doit(project, "artifact:family0-a0", "_source:base:family0/same", **settings)
    said = " ".join((done.stdout + done.stderr).split())
    assert done.returncode == 0, said
    assert said.count(xet.SAID) == 1
    assert json.loads((project / "artifacts" / "family0-a0" / "manifest.json").read_text())["format"] == "table"
    again = doit(project, "artifact:family0-a0", **settings)
    assert xet.SWITCH not in again.stdout + again.stderr
