"""What studies.md says beside study D, out of made-up results."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from benchmarks._study_asides import LEAK, PROMPTS, leak, prompts


def write(root: Path, name: str, told: dict[str, Any]) -> None:
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text(json.dumps(told), encoding="utf-8")


def test_nothing_is_said_of_what_was_not_tried(tmp_path: Path) -> None:
    assert [*leak(tmp_path), *prompts(tmp_path)] == []


def test_the_leak_is_told_with_its_interval_and_what_it_is_inside_the_split(tmp_path: Path) -> None:
    def way(validation: float, fresh: float) -> dict[str, Any]:
        gap = {"mean": validation - fresh, "low": 0.25, "high": 0.35}
        return {"validation": {"mean": validation}, "fresh": {"mean": fresh}, "leak": gap}

    write(tmp_path, LEAK, {"ways": {"before": way(0.8, 0.5), "inside": way(0.52, 0.5)}, "settings": {"repeats": 4}})
    [text] = leak(tmp_path)
    told = " ".join(text.split())
    assert "0.800 on the validation split and 0.500 on pairs that nobody has seen, 30 points (25 to 35) apart" in told
    assert "inside the training split it is 0.520 on the validation split" in told


def test_each_prompt_of_each_artifact_has_a_row(tmp_path: Path) -> None:
    share = {"value": 0.5, "low": 0.4, "high": 0.6}
    about = {"tokens": 39.7, "macro_f1": share, "free_label_share": share}
    about |= {"cpu_ms": {"each_alone": 150.0, "beginning_read_once": 120.0}}
    write(tmp_path, PROMPTS, {"artifacts": {"base": {"short": about}, "tuned": {"short": about}}})
    text = "\n".join(prompts(tmp_path))
    for artifact in ("base", "tuned"):
        cells = "0.5000 (0.4000 to 0.6000) | 0.5000 (0.4000 to 0.6000) | 150.00 | 120.00"
        assert f"| short | {artifact} | 40 | {cells} |" in text
