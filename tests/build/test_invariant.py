"""Checks of invariance in a zoo: measured beside its other evals, gated; what cannot be checked is told."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.fast import write_fast_zoo
from tests.support.here import bring_up, open_here
from tests.support.zoo import write_recipe, write_rows
from zoosmith.bench import measure
from zoosmith.bench.speed import Plan
from zoosmith.build.measuring import measure_action
from zoosmith.build.workspace import Workspace
from zoosmith.recipes.graph import Ref
from zoosmith.recipes.yaml import RecipeError
from zoosmith.records.compare import compare
from zoosmith.records.figures import of_measurement
from zoosmith.records.schema import Measurement

REFERENCE, ARTIFACT = Ref("family0", "a0"), Ref("family0", "a1")
WORDS = ("good", "great", "fine", "bad", "poor", "dull")


def rows(count: int, seed: int) -> list[dict[str, str]]:
    generator = random.Random(seed)
    made = []
    for i in range(count):
        first, second = generator.sample(WORDS, 2)
        made.append({"first": first, "second": first if i % 2 else second, "label": ("negative", "positive")[i % 2]})
    return made


def zoo(project: Path, checks: dict[str, Any], gates: dict[str, Any] | None = None) -> Workspace:
    """Two tables over pairs of words, and the eval `checks`."""
    write_fast_zoo(project)
    for split, count, seed in (("train", 60, 1), ("dev", 20, 2), ("test", 40, 3)):
        write_rows(project / "data" / f"{split}.jsonl", rows(count, seed))
    recipe = yaml.safe_load((project / "recipes" / "family0.yaml").read_text())
    recipe["data"]["toy"]["columns"] = {"first": "first", "second": "second", "label": "label"}
    recipe["task"]["kind"] = "text-pair-classification"
    recipe["evals"] = {"toy": {"kind": "text-pair-classification", "data": "toy"}}
    recipe["evals"]["checks"] = {"kind": "invariance", "data": "toy"} | checks
    recipe["artifacts"]["a1"]["gates"] = gates or {}
    write_recipe(project, recipe, "family0")
    return open_here(project)


def test_it_is_measured_paired_and_gated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measure, "QUICK", Plan(starts=2, turns=2, block_s=0.01))
    gates = {"checks.swapped": {"max": 0.02}, "checks.identical": {"max_regression": 0.0}}
    workspace = zoo(tmp_path / "z", {"same": "positive"}, gates)
    found = {}
    for ref in (REFERENCE, ARTIFACT):
        bring_up(workspace, ref)
        workspace.make("artifact", ref)
        record = workspace.measure(ref, "quick")
        found[ref] = Measurement.model_validate_json(workspace.store.read(record.tree, "result.json"))
    quality = found[ARTIFACT].quality["checks"]
    test = rows(40, 3)
    swapped = quality.metrics["swapped"]
    assert (swapped.value, swapped.n, swapped.better) == (0.0, sum(r["first"] != r["second"] for r in test), "lower")
    assert quality.metrics["identical"].n == quality.n == 40
    assert "accents" not in quality.metrics  # no row has any
    workspace.register(ARTIFACT, "quick")
    card = (tmp_path / "z" / "model_cards" / "family0-a1.md").read_text()
    assert f"| swapped | 0.0000 (0.0000 to {swapped.high:.4f}) | +0.0 points (" in card
    [one, other] = [of_measurement(found[ref], "t") for ref in (ARTIFACT, REFERENCE)]
    told = compare([one], [other])
    assert [c.change.n for c in told.changes if c.metric == "checks.swapped" and c.change] == [swapped.n]
    assert told.agreement == one.agreement == 1.0, "of the evals that tell of it"


def test_the_code_that_asks_is_in_the_key(tmp_path: Path) -> None:
    workspace = zoo(tmp_path / "z", {"same": "positive"})
    bring_up(workspace, REFERENCE)
    workspace.make("artifact", REFERENCE)
    action = measure_action(workspace.resolver, REFERENCE, "quick")
    assert {"zoosmith.tasks.text_pair_classification.scoring", "zoosmith.tasks.invariance.scoring"} <= {
        *action.run["code"]
    }
    asked = json.loads(json.dumps(action.inputs["evals"]["checks"]))[-1]
    assert asked == {"changes": ["swapped", "identical", "case", "accents", "spacing"], "same": "positive"}


@pytest.mark.parametrize(
    ("checks", "gates", "said"),
    [
        ({}, {}, r"evals.checks.*same is missing"),
        ({"same": "postive"}, {}, r"evals.checks.same: found 'postive'.*did you mean 'positive'"),
        ({"changes": ["swaped"]}, {}, r"evals.checks.changes.*swaped"),
        ({"changes": ["swapped"]}, {"checks.case": {"max": 0}}, r"gates.checks.case: is measured by nothing"),
        ({"same": "positive", "slices": "first"}, {}, r"slices are told of answers that are one class"),
    ],
)
def test_what_cannot_be_checked_is_told(tmp_path: Path, checks: Any, gates: Any, said: str) -> None:
    with pytest.raises(RecipeError, match=said):
        _ = zoo(tmp_path / "z", checks, gates).zoo


def test_changes_of_another_kind_are_told(tmp_path: Path) -> None:
    workspace = zoo(tmp_path / "z", {"changes": ["swapped"]})
    recipe = yaml.safe_load((tmp_path / "z" / "recipes" / "family0.yaml").read_text())
    recipe["evals"]["toy"]["changes"] = ["swapped"]
    write_recipe(workspace.project, recipe, "family0")
    with pytest.raises(RecipeError, match=r"evals.toy: .*`changes` and `same` are of the kind 'invariance'"):
        _ = open_here(workspace.project).zoo


def test_a_task_of_one_text_is_told(tmp_path: Path) -> None:
    workspace = zoo(tmp_path / "z", {"changes": ["swapped"]})
    recipe = yaml.safe_load((tmp_path / "z" / "recipes" / "family0.yaml").read_text())
    recipe["task"]["kind"] = "text-classification"
    del recipe["evals"]["toy"]
    write_recipe(workspace.project, recipe, "family0")
    with pytest.raises(RecipeError, match=r"evals.checks.kind: invariance is checked on pairs of texts"):
        _ = open_here(workspace.project).zoo
