"""The part of studies.md about searched adapters."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from benchmarks._study_adapters import FILE, section
from tests.support.records import host


def candidate(dev: float) -> dict[str, Any]:
    return {"dev_accuracy": dev, "trainable_parameters": 5000, "parameters": 1_000_000, "minutes": 12.34}


def figure(value: float, low: float, high: float) -> dict[str, float]:
    return {"value": value, "low": low, "high": high, "n": 872}


def rows(root: Path, change: dict[str, float]) -> list[str]:
    told = {
        "host": host().model_dump(mode="json"),
        "settings": {"rows": 20000, "device": "cpu", "packages": {"torch": "2.13.0"}},
        "candidates": {"finetune": candidate(0.92), "qlora-r16-all": candidate(0.91), "qlora-r16-qv": candidate(0.9)},
        "chosen_on_dev": {
            "finetune": {"accuracy": figure(90.0, 88.0, 92.0)},
            "qlora-r16-all": {"accuracy": figure(89.5, 87.5, 91.5), "change": change},
        },
    }
    file = root / FILE
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(told))
    return [line for part in section(root) for line in part.splitlines() if line.startswith("| `")]


def test_only_what_was_chosen_on_dev_has_a_change_and_a_verdict(tmp_path: Path) -> None:
    baseline, chosen, other = rows(tmp_path, figure(-0.5, -0.9, -0.1))
    assert "| 92.00 | 90.00 (88.00 to 92.00) | baseline |  |  |" in baseline
    assert "| 91.00 | 89.50 (87.50 to 91.50) | -0.50 (-0.90 to -0.10) | -1.03 | beaten |" in chosen
    assert "| 90.00 |  |  |  |  | 5,000 of 1.00 M (0.50%) |" in other


def test_the_interval_decides(tmp_path: Path) -> None:
    assert "not decidable" in rows(tmp_path, figure(-0.5, -1.9, 0.9))[1]
    assert "not beaten" in rows(tmp_path, figure(-4.0, -5.0, -3.0))[1]


def test_without_a_search_there_is_no_section(tmp_path: Path) -> None:
    assert list(section(tmp_path)) == []
