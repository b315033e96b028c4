"""The part of studies.md about study C: published figures beside a made-up run of benchmarks/llm_cpu.py."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks._llm_shapes import VARIANTS
from benchmarks._published_language import KINDS, LATENCY, MEMORY, MODELS
from benchmarks._study_language import FILES, OURS, section


def variant(name: str) -> dict[str, Any]:
    ms, mb = {"bf16": (20.0, 2000), "bnb-int8": (30.0, 1200), "bnb-nf4": (10.0, 800)}.get(name, (40.0, 4000))
    times = {"value": 40 / ms, "low": 0.9 * 40 / ms, "high": 1.1 * 40 / ms, "n": 4}
    return {"ms_per_token": ms, "peak_mb": mb} | ({} if name == "fp32" else {"times_fp32": times})


def write(root: Path, file: str = FILES[0], cpu: str = "X", name: str = "small") -> None:
    about = {name: variant(name) for name in VARIANTS}
    shape = {"size_mb": dict.fromkeys(VARIANTS, 500.0), "threads": {"1": about, "2": about}}
    settings = {"rounds": 4, "steps": 12, "packages": {"torch": "2.13.0"}}
    body = {"host": {"cpu": cpu, "cores": 2}, "settings": settings, "others_share": 0.01, "shapes": {name: shape}}
    (root / file).parent.mkdir(parents=True, exist_ok=True)
    (root / file).write_text(json.dumps(body), encoding="utf-8")


def test_nothing_is_written_before_something_was_measured(tmp_path: Path) -> None:
    assert list(section(tmp_path)) == []


def test_every_published_model_and_every_format_has_its_row(tmp_path: Path) -> None:
    write(tmp_path)
    text = "\n".join(section(tmp_path))
    assert all(f"| {model.name} |" in text for model in MODELS)
    assert set(OURS) == set(VARIANTS)
    assert "| small | transformers BF16 | 500 | 2000 | 20.00 | 2.00 (1.80 to 2.20) |" in text.replace("  ", " ")


def test_savings_and_costs_are_against_16_bits(tmp_path: Path) -> None:
    write(tmp_path)
    text = "\n".join(section(tmp_path))
    assert "| memory of INT8 | -35 to -47 % | -40 % |" in text
    assert "| time of a token of INT4 | 1.8 to 2.2 times | 0.50 times |" in text


def test_runs_on_two_hosts_stand_one_after_the_other_each_with_its_host(tmp_path: Path) -> None:
    write(tmp_path)
    write(tmp_path, FILES[1], "Y", "larger")
    first, _, second = "\n".join(section(tmp_path)).partition("Ours: Y, 2 cores")
    assert "Ours: X, 2 cores" in first and "| small |" in first and "| larger |" not in first
    assert "| larger |" in second and "ours, of BF16's: larger" in second


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_what_the_study_says_of_all_holds_for_each_of_its_models(model: Any) -> None:
    """Its ranges are those of its own table, up to rounding."""
    fp16, *less = map(float, model.memory_gb)
    for kind, memory in zip(KINDS[1:], less, strict=True):
        _, low, high = MEMORY[kind]
        assert low - 1 <= 100 * (memory / fp16 - 1) <= high + 1
    for ms in model.ms.values():
        whole, *slower = map(float, ms)
        for kind, one in zip(KINDS[1:], slower, strict=True):
            _, low, high = LATENCY[kind]
            assert low - 0.1 <= one / whole <= high + 0.3
