"""What a hub announces of a model: bytes and weights, without fetching them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support import causal
from tests.support.hub import Fault, Hub, serving

CALL = """
import json, sys
from zoosmith.sources.sizes import announced

repo, revision, files = json.loads(sys.argv[1])
found = announced(repo, revision, files)
print(json.dumps(found and [found.size, found.census and [dict(found.census.weights), *found.census[1:]]]))
"""


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    folder = tmp_path / "hub" / "models" / "org" / "tiny"
    causal.tiny_llama(folder, hidden=64, dtype="bfloat16")
    (folder / "pytorch_model.bin").write_bytes(bytes(10_000))
    with serving(tmp_path / "hub") as server:
        yield server


def ask(hub: Hub, tmp_path: Path, files: tuple[str, ...] = (), **environment: str) -> Any:
    settings = {"HF_ENDPOINT": hub.url, "HF_HUB_DISABLE_XET": "1", "HF_HOME": str(tmp_path / "home")} | environment
    what = json.dumps(["org/tiny", hub.commit("models", "org/tiny"), files])
    done = subprocess.run(
        [sys.executable, "-c", CALL, what], env=os.environ | settings, capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


def sizes(hub: Hub) -> dict[str, int]:
    folder = hub.root / "models" / "org" / "tiny"
    return {file.name: file.stat().st_size for file in folder.iterdir() if file.name != "pytorch_model.bin"}


def test_all_that_would_come_is_counted_and_weights_are_told_apart(hub: Hub, tmp_path: Path) -> None:
    size, census = ask(hub, tmp_path)
    files = sizes(hub)
    assert size == sum(files.values())
    weights = 384 * 64 + 2 * (64 * 64 + 2 * 32 * 64 + 64 * 64 + 3 * 64 * 128) + 5 * 64
    assert census == [{"BF16": weights}, 384 * 64, files["model.safetensors"]]


def test_of_listed_files_these_alone(hub: Hub, tmp_path: Path) -> None:
    assert ask(hub, tmp_path, ("config.json",)) == [sizes(hub)["config.json"], None]


def test_a_hub_that_does_not_answer_is_no_error(hub: Hub, tmp_path: Path) -> None:
    assert ask(hub, tmp_path, HF_HUB_OFFLINE="1") is None
    assert ask(hub, tmp_path, HF_ENDPOINT="http://127.0.0.1:1") is None
    hub.faults.append(Fault("GET /api/models/org/tiny", 500, times=99))
    assert ask(hub, tmp_path) is None
