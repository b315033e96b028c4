"""All of distilbert-imdb, with models and data from a (loopback) hub at their pins."""

from __future__ import annotations

import json
from pathlib import Path

from tests.support.hub_zoo import assert_keeps_its_zeros, build_record, build_to_the_end, facts, hub_zoo
from tests.support.sst2 import write_imdb

FAMILY, MEASURED = "distilbert-imdb", "finetune"


def test_all_of_it_builds(tmp_path: Path) -> None:
    for zoo in hub_zoo(tmp_path, write_imdb):
        build_to_the_end(zoo, FAMILY, MEASURED)
        assert_keeps_its_zeros(facts(zoo.project, f"{FAMILY}-pruned30"))
        assert_learnt_and_measured_on_the_rows_of_the_study(zoo.project, FAMILY, MEASURED)


def assert_learnt_and_measured_on_the_rows_of_the_study(project: Path, family: str, artifact: str) -> None:
    """4,000 and 1,000 of the full set, as many of each class."""
    splits = build_record(project, family, artifact)["data"]["splits"]
    assert (splits["train"]["rows"], splits["eval"]["rows"]) == (4100, 1200)
    assert facts(project, f"{family}-finetune")["train_examples"] == 4000
    [measured] = set((project / "results" / family / artifact).glob("*.json")) - {
        project / "results" / family / artifact / "build.json"
    }
    quality = json.loads(measured.read_text())["suites"]["quick"]["quality"]["imdb"]
    assert (quality["rows"], quality["examples_total"]) == (1000, 1000)
    assert [sum(row) for row in quality["details"]["confusion"]] == [500, 500]
    assert "split eval (its first 1000 rows)" in (project / "model_cards" / f"{family}-{artifact}.md").read_text()
