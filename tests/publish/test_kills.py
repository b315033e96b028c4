"""Pushes and pulls that are killed; `benchmarks/publish_kills.py`, `pull_kills.py` and `writers.py` do it more often.

Beside each good case a harm that the benchmark's own look must find.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from benchmarks import pull_kills
from benchmarks._kills import Tally
from benchmarks._targets import NAME, Shelf, Wrong
from tests.support.published import publish, serving
from tests.support.zoo import ROOT


def test_killed_pulls_leave_nothing_half_done(tmp_path: Path) -> None:
    tally = pull_kills.run(tmp_path, kills=4, seed=3)
    assert tally.violations == []
    assert tally.counts["killed"] == 4
    assert tally.counts["retries that were right"] >= 4


def test_a_half_version_and_a_corrupt_cache_are_seen(tmp_path: Path) -> None:
    with serving(tmp_path / "registry") as server:
        rows = [publish(server.root, pull_kills.NAME, {"config.json": b"{}", "model.safetensors": b"weights"})]
        bench = pull_kills.Bench(tmp_path, server, rows, random.Random(1), Tally("test"))
        assert bench.pull(1).code == 0
        pull_kills.look(bench)
        assert bench.tally.violations == []
        (bench.home / pull_kills.NAME / "config.json").unlink()
        cached = next((bench.cache / "zoosmith" / "files").iterdir())
        cached.unlink()
        cached.write_bytes(b"wrong")
        pull_kills.look(bench)
    half, corrupt = bench.tally.violations
    assert "half version is visible" in half and f"wrong bytes: {cached.name}" in corrupt


def bench(module: str, tmp_path: Path, *words: str) -> dict[str, Any]:
    """The result of a benchmark in a process of its own, which sets where huggingface_hub finds its hub."""
    file = tmp_path / "result.json"
    command = [sys.executable, "-m", f"benchmarks.{module}", *words, "--json", str(file)]
    done = subprocess.run(command, cwd=ROOT, env=os.environ | {"TMPDIR": str(tmp_path)}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(file.read_text())
    assert result["violations"] == [] and result["host"]["cores"] > 0
    return result


def test_killed_pushes_leave_nothing_half_done(tmp_path: Path) -> None:
    counts = bench("publish_kills", tmp_path, "--kills", "6")["counts"]
    assert [counts[target]["killed"] for target in ("file", "hf")] == [3, 3]


def test_two_writers_lose_no_row(tmp_path: Path) -> None:
    counts = bench("writers", tmp_path, "--rounds", "1")["counts"]
    assert counts == {"folder: rows": 2, "record: rows": 2, "same name: losers told": 1}


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (lambda out: (out / NAME / "v1" / "model.safetensors").write_bytes(b"wrong"), "other bytes"),
        (lambda out: (out / NAME / "v1" / "config.json").unlink(), "has the files"),
        (lambda out: (out / NAME / "v1" / "README.md").unlink(), "has the files"),
        (lambda out: (out / NAME / "v1" / "zoosmith.json").unlink(), "no pointer"),
        (lambda out: (out / NAME / "v1").rename(out / NAME / "v2"), "v2 holds v1"),
        (lambda out: (out / "registry.json").unlink(), "latest is"),
    ],
)
def test_a_half_version_of_a_push_is_seen(tmp_path: Path, harm: Callable[[Path], object], said: str) -> None:
    publish(tmp_path / "out", NAME, {"config.json": b"{}", "model.safetensors": b"weights"})
    assert [found.version for found in Shelf(tmp_path / "out").seen()] == [1]
    harm(tmp_path / "out")
    with pytest.raises(Wrong, match=said):
        list(Shelf(tmp_path / "out").seen())
