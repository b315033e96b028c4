"""The part of studies.md about study C's techniques: each beside what lacks it, of made-up records."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from benchmarks._recorded import Shelf
from benchmarks._study_experiments import TECHNIQUES, section
from tests.support import records
from tests.support.studies import record
from zoosmith.build.zoo import load_zoo
from zoosmith.recipes.graph import Ref
from zoosmith.records.answers import STATES, pack

ROOT = Path(__file__).parents[2]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "benchmarks").mkdir()
    return tmp_path


def recorded(root: Path, family: str, artifact: str, wrong: Sequence[int] = range(10)) -> None:
    """With 200 letters of which those at `wrong` are wrong."""
    right = [int(i not in wrong) for i in range(200)]
    details = {"kind": "changes", "changes": {"acc": pack([1 + state for state in right], STATES)}, "n": 200}
    told = records.quality(sum(right) / 200, n=200)
    told |= {"metrics": {"acc": told["metrics"]["accuracy"]}, "details": details | {"rows": records.sha("letters")}}
    record(root, family, artifact, quality={"arc-letter": told})


def page(root: Path) -> str:
    return "\n".join(section(Shelf(root)))


def test_nothing_is_written_before_a_technique_is_recorded(root: Path) -> None:
    assert page(root) == ""
    recorded(root, "smollm2", "nf4")
    assert page(root) == ""


def test_every_technique_is_an_artifact_of_the_shipped_recipes() -> None:
    named = {Ref(one.family, name) for one in TECHNIQUES for name in (one.artifact, one.against)}
    assert named <= set(load_zoo(ROOT).artifacts())


def test_a_loss_is_told_with_its_interval_and_its_verdict(root: Path) -> None:
    recorded(root, "smollm2-hub", "nf4")
    recorded(root, "smollm2-hub", "nf4-trim", range(80))
    [row] = [line for line in page(root).splitlines() if line.startswith("| prompts trimmed")]
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert cells[2] == "[smollm2-hub-nf4-trim](../model_cards/smollm2-hub-nf4-trim.md)"
    assert cells[4].startswith("-0.3500 (")
    assert cells[5].startswith("loss")


def test_what_is_missing_is_named(root: Path) -> None:
    recorded(root, "smollm2-hub", "nf4-trim")
    text = page(root)
    assert "| prompts trimmed by attention | 0 to 32 % right | **not recorded: smollm2-hub-nf4" in text
