"""The part of studies.md about questions of several answers in 8 and 4 bits, of made-up records."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from benchmarks._recorded import Shelf
from benchmarks._study_choices import ARTIFACTS, ASKED, FAMILY, REFERENCE, section
from tests.support import records
from tests.support.studies import record
from zoosmith.build.zoo import load_zoo
from zoosmith.records.answers import STATES, pack

ROOT = Path(__file__).parents[2]
RIGHT = range(100)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "benchmarks").mkdir()
    return tmp_path


def recorded(root: Path, artifact: str, **right: Sequence[int]) -> None:
    """With 200 answers of each eval, of which those at the given places are right."""
    told = {id.replace("_", "-"): quality([int(i in places) for i in range(200)]) for id, places in right.items()}
    record(root, FAMILY, artifact, quality=told)


def quality(right: list[int]) -> dict[str, object]:
    details = {"kind": "changes", "changes": {"acc": pack([1 + state for state in right], STATES)}, "n": 200}
    told = records.quality(sum(right) / 200, n=200)
    metrics = {"acc": told["metrics"]["accuracy"]}
    return told | {"metrics": metrics, "details": details | {"rows": records.sha("questions")}}


def rows(root: Path) -> list[list[str]]:
    lines = [line for line in "\n".join(section(Shelf(root))).splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[1:]]


def test_nothing_is_written_before_two_sides_are_recorded(root: Path) -> None:
    assert list(section(Shelf(root))) == []
    recorded(root, REFERENCE, hellaswag=RIGHT)
    assert list(section(Shelf(root))) == []


def test_what_is_asked_is_in_the_shipped_recipe() -> None:
    recipe = load_zoo(ROOT).families[FAMILY].recipe
    assert {id for id, *_ in ASKED} <= recipe.evals.keys()
    for artifact in (REFERENCE, *ARTIFACTS.values()):
        assert recipe.evals_of(artifact).keys() >= {id for id, *_ in ASKED}


def test_a_loss_stands_beside_what_was_published(root: Path) -> None:
    recorded(root, REFERENCE, hellaswag=RIGHT, arc_easy=RIGHT)
    recorded(root, "q8_0", hellaswag=RIGHT, arc_easy=RIGHT)
    recorded(root, "q4_0", hellaswag=range(20))
    same, lost, other = rows(root)
    assert same[:3] == ["HellaSwag", "INT8", "+5 Qwen2-0.5B, +5 Phi-2 2.7B, +0 Mistral 7B"]
    assert same[4:7] == ["0.500", "0.500", "200"]
    assert lost[:3] == ["HellaSwag", "INT4", "-4 Qwen2-0.5B, -2 Phi-2 2.7B, +1 Mistral 7B"]
    assert lost[4] == "0.100"
    assert lost[7].startswith("-0.4000 (") or lost[7].startswith("-40.0")
    assert lost[8].startswith("loss")
    assert other[:2] == ["ARC-Easy", "INT8"]  # 4 bits were not asked it
