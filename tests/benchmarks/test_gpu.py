"""What benchmarks/gpu.py makes of its timings, and the part of studies.md that is made of its file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks import _gpu_zoo as zoo
from benchmarks._study_gpu import FILE, OURS, section
from benchmarks.gpu import REFERENCE, TIMED, speed_against, timed
from tests.support.gpu import gpus
from zoosmith.recipes.schema import Recipe

SEEN = {
    "vram_mb": {"before": 0, "load": 100, "growth": 30, "peak": 130},
    "residency": {"layers_at_work": 7, "on_cpu": 0},
}


def artifact(ms: float, speed: float | None = None) -> dict[str, Any]:
    ratio = {"value": speed, "slowest_turn": 0.5, "fastest_turn": 2.0, "turns": 4}
    return {**SEEN, "latency_ms": {"p50": ms}} | ({"speed_against_fp32": ratio} if speed else {})


def write(root: Path) -> None:
    told = {f"{family}/{kind}": artifact(4.0, None if kind == REFERENCE else 0.25) for family in zoo.QUERY_VALUE
            for kind in TIMED}  # fmt: skip
    body = {"host": {"gpu": "NVIDIA X", "cores": 16}, "packages": {"torch": "2.13.0"}, "artifacts": told}
    (root / FILE).parent.mkdir(parents=True)
    (root / FILE).write_text(json.dumps(body), encoding="utf-8")


def test_a_ratio_is_over_turns_and_tells_their_extremes() -> None:
    found = speed_against([[4.0, 4.0, 9.0], [4.0] * 3], [[8.0] * 3, [2.0, 2.0, 50.0]])
    assert found == {"value": 1.0, "slowest_turn": 0.5, "fastest_turn": 2.0, "turns": 2}


def test_each_artifact_is_compared_with_fp32_of_its_own_family() -> None:
    blocks = {"a/fp32": [[2.0] * 4], "a/half": [[1.0] * 4], "b/fp32": [[9.0] * 4], "b/half": [[18.0] * 4]}
    found = timed(blocks)
    assert [found[name].get("speed_against_fp32", {}).get("value") for name in blocks] == [None, 2.0, None, 0.5]
    assert found["b/half"]["latency_ms"] == {"p50": 18.0, "p95": 18.0, "p99": 18.0, "n": 4}


@pytest.mark.parametrize("family", zoo.QUERY_VALUE)
def test_its_recipes_are_valid_and_have_what_is_timed(family: str) -> None:
    assert set(TIMED) | set(zoo.TRAINED) == set(Recipe.model_validate(zoo.recipe(family)).artifacts)
    assert set(OURS) == set(TIMED)


def test_our_rows_stand_under_the_published_ones(tmp_path: Path) -> None:
    write(tmp_path)
    text = "\n".join(section(tmp_path))
    assert "Ours: NVIDIA X, 16 cores, torch 2.13.0." in text
    assert "| DistilBERT FP32 | GPU T4 | 12.4 |  | 659.9 | 30 |  |  |  |" in text
    assert (
        "| ours: size of DistilBERT, bnb INT8 | GPU NVIDIA X | 4.00 | 0.25 (0.50 to 2.00) | 100 | 30 | 130 | 7 | 0 |"
        in text
    )
    assert text.count("ours: size of") == 2 * len(TIMED)


def test_without_a_gpu_there_is_no_such_part(tmp_path: Path) -> None:
    assert list(section(tmp_path)) == []


@pytest.mark.skipif(gpus() > 0, reason="this machine has a GPU")
def test_without_a_gpu_the_benchmark_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from benchmarks import gpu

    monkeypatch.setattr("sys.argv", ["gpu"])
    assert gpu.main() == 2
    assert "cuda is asked for, but" in capsys.readouterr().err
