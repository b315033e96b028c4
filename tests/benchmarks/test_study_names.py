"""The part of studies.md about study D: published figures beside made-up records of smollm2-names."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from benchmarks import studies
from benchmarks._published_names import STAGES, VARIANTS
from benchmarks._recorded import Shelf
from benchmarks._study_names import CAPACITY, FAMILY, section
from tests.support.studies import answers, record


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "benchmarks").mkdir()
    return tmp_path


def recorded(root: Path, artifact: str, wrong: Sequence[int] = range(10)) -> None:
    """With an eval `names` in which those at `wrong` of 200 are answered wrongly."""
    record(root, FAMILY, artifact, quality={"names": answers(wrong)["toy"]})


def line(text: str, start: str) -> list[str]:
    [found] = [line for line in text.splitlines() if line.startswith(f"| {start} |")]
    return [cell.strip() for cell in found.strip("|").split("|")]


def page(root: Path) -> str:
    return "\n".join(section(Shelf(root)))


def test_nothing_is_written_before_something_is_recorded(root: Path) -> None:
    assert page(root) == ""
    recorded(root, "q8_0")
    assert page(root).startswith("## Study D")


def test_every_published_row_has_ours_or_says_that_it_is_missing(root: Path) -> None:
    recorded(root, "q8_0")
    text = page(root)
    for one in (*STAGES, *VARIANTS):
        told = line(text, one.name)
        assert ("not recorded" in " ".join(told)) is (one.artifact != "q8_0"), told


def test_the_verdict_is_by_the_interval_of_macro_f1(root: Path) -> None:
    for artifact in ("q8_0", "int8"):
        recorded(root, artifact)
    text = page(root)
    stage = line(text, "GGUF Q8_0")
    assert stage[1] == "~0.82"
    assert stage[3] == f"[{FAMILY}-q8_0](../model_cards/{FAMILY}-q8_0.md)"
    assert stage[4] == "0.9400 (0.9200 to 0.9600)"
    assert stage[6] == "beaten"


def test_the_folds_with_most_rows_are_told_with_mean_and_spread(root: Path) -> None:
    recorded(root, "q8_0")
    folder = root / "results" / FAMILY / "lora-r16-unmerged" / "crossval"
    folder.mkdir(parents=True)
    mean = {"value": 0.9, "sd": 0.012, "low": 0.885, "high": 0.915, "folds": 5}
    for rows, value in ((400, 0.5), (2000, 0.9)):
        told = {"rows": rows, "k": 5, "mean": {"macro_f1": mean | {"value": value}, "accuracy": mean}}
        (folder / f"5-folds-{rows}-rows.json").write_text(json.dumps(told))
    stage = line(page(root), "FP16 LoRA, 5-fold mean ± SD")
    assert stage[3].endswith("5 folds of 2,000 rows")
    assert stage[4] == "0.9000 (0.8850 to 0.9150), SD 0.0120"
    assert stage[6] == "beaten"


def test_speed_is_against_the_base_of_the_same_side(root: Path) -> None:
    for artifact in ("q8_0", "base"):
        recorded(root, artifact)
    variant = line(page(root), "GGUF INT8 (llama.cpp)")
    assert variant[3] == "6.43"
    assert variant[8].startswith("1.00 (")
    target = line(page(root), "GGUF against the unquantised baseline")
    assert (target[2], target[4]) == ("6.43x", "not beaten")


def test_a_capacity_is_told_with_machines_and_price(root: Path) -> None:
    recorded(root, "q8_0")
    (root / CAPACITY).mkdir(parents=True)
    machine = {
        "basis": "measured",
        "machines": {"value": 5, "low": 4, "high": None},
        "price_per_month": {"each": 305, "currency": "USD"},
    }
    told = {"sustained_per_s": {"value": 21.5, "low": 0, "high": 26}, "limit": {"p95_ms": 800}, "machines": [machine]}
    (root / CAPACITY / "q8_0.json").write_text(json.dumps(told))
    variant = line(page(root), "GGUF INT8 (llama.cpp)")
    assert variant[5] == "5 x 305"
    assert variant[10:] == ["21.5 (0 to 26), p95 <= 800 ms", "5 (4 to ?) x 305 USD, measured"]


def test_the_loss_of_q8_0_is_paired_with_its_parent(root: Path) -> None:
    recorded(root, "lora-r16")
    recorded(root, "q8_0")
    text = page(root)
    assert "macro-F1 against its FP32 parent" in text
    assert line(text, "Q8_0 (goal)")[2:4] != ["", ""]


def test_the_committed_page_has_the_section_once_the_family_is_recorded() -> None:
    text, _ = studies.rendered(studies.ROOT)
    assert ("## Study D" in text) is any((studies.ROOT / "results" / FAMILY).glob("*/build.json"))
