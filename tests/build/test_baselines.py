"""Baselines in a zoo: fitted to rows that builders read, kept by what decides them, measured beside the artifacts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.build.test_invariant import ARTIFACT, REFERENCE, rows, zoo
from tests.support.here import bring_up, open_here
from tests.support.zoo import write_recipe, write_rows
from zoosmith.app.doit.tasks import Tasks
from zoosmith.bench import measure
from zoosmith.bench.speed import Plan
from zoosmith.build.workspace import Workspace
from zoosmith.contract.errors import ZooError
from zoosmith.recipes.graph import Ref
from zoosmith.recipes.yaml import RecipeError
from zoosmith.records.schema import Measurement

EVAL = Ref("family0", "toy")
NAMES = ["majority", "edit_distance", "jaro_winkler"]


def with_baselines(project: Path, **changed: Any) -> Workspace:
    """Pairs of words of which the equal ones are positive."""
    if not project.exists():
        zoo(project, {"changes": ["swapped"]})
    recipe = yaml.safe_load((project / "recipes" / "family0.yaml").read_text())
    recipe["evals"]["toy"] |= {"baselines": NAMES} | changed
    write_recipe(project, recipe, "family0")
    return open_here(project)


def test_they_are_scored_on_the_rows_that_artifacts_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measure, "QUICK", Plan(starts=2, turns=2, block_s=0.01))
    workspace = with_baselines(tmp_path / "z", rows=30)
    for ref in (REFERENCE, ARTIFACT):
        bring_up(workspace, ref)
        workspace.make("artifact", ref)
        workspace.make("baselines", EVAL)
        record = workspace.measure(ref, "quick")
    found = Measurement.model_validate_json(workspace.store.read(record.tree, "result.json")).quality["toy"]
    assert found.classes and found.classes.answers
    assert {name: one.answers.rows for name, one in found.baselines.items()} == dict.fromkeys(
        NAMES, found.classes.answers.rows
    )
    true, predicted = found.baselines["edit_distance"].answers.names()
    assert (true, len(true)) == (predicted, 30)  # equal words are 1 alike, others less
    assert "(train, 60 rows)" in found.baselines["edit_distance"].fit
    workspace.register(ARTIFACT, "quick")
    card = (tmp_path / "z" / "model_cards" / "family0-a1.md").read_text()
    assert "> **Does not beat a baseline that takes no model**: on toy, " in card


def test_rows_that_are_measured_fit_nothing(tmp_path: Path) -> None:
    workspace = with_baselines(tmp_path / "z")
    bring_up(workspace, REFERENCE)
    before = workspace.make("baselines", EVAL)
    turned = [row | {"label": "positive" if row["label"] == "negative" else "negative"} for row in rows(40, 3)]
    write_rows(tmp_path / "z" / "data" / "test.jsonl", turned)
    workspace = open_here(tmp_path / "z")
    bring_up(workspace, REFERENCE)
    after = workspace.make("baselines", EVAL)
    assert after.key != before.key
    one, other = (json.loads(workspace.store.read(record.tree, "baselines.json")) for record in (before, after))
    assert one == other


def test_the_key_holds_what_decides_and_a_second_run_is_not_needed(tmp_path: Path) -> None:
    workspace = with_baselines(tmp_path / "z")
    bring_up(workspace, REFERENCE)
    workspace.make("baselines", EVAL)
    assert workspace.made("baselines", EVAL)
    inputs = workspace.resolver.action("baselines", EVAL).inputs
    assert list(inputs["packages"]) == ["rapidfuzz"]
    assert {*inputs} == {"schema", "kind", "names", "fit", "asked", "task", "code", "packages"}
    assert not with_baselines(tmp_path / "z", baselines=["majority"]).made("baselines", EVAL)


def test_measuring_waits_for_them(tmp_path: Path) -> None:
    tasks = Tasks(with_baselines(tmp_path / "z"))
    assert "baselines:family0/toy" in {step["name"] for step in tasks.sources()}
    after = {step["name"]: step["task_dep"] for step in tasks.measurements("quick")}
    assert "_source:baselines:family0/toy" in after["family0-a1"]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"baselines": ["majorty"]}, r"evals.toy.baselines.*majorty.*'majority'"),
        ({"kind": "invariance", "same": "positive"}, r"evals.toy.baselines: baselines answer with one class"),
    ],
)
def test_what_cannot_answer_is_told(tmp_path: Path, changed: dict[str, Any], said: str) -> None:
    with pytest.raises(RecipeError, match=said):
        _ = with_baselines(tmp_path / "z", **changed).zoo


def test_a_task_of_one_text_is_told(tmp_path: Path) -> None:
    workspace = with_baselines(tmp_path / "z")
    recipe = yaml.safe_load((tmp_path / "z" / "recipes" / "family0.yaml").read_text())
    recipe["task"]["kind"] = recipe["evals"]["toy"]["kind"] = "text-classification"
    recipe["evals"].pop("checks")
    write_recipe(workspace.project, recipe, "family0")
    with pytest.raises(RecipeError, match=r"baselines: edit_distance compares two texts; the task takes text"):
        _ = open_here(workspace.project).zoo


def test_without_rows_to_fit_to_it_is_told(tmp_path: Path) -> None:
    workspace = with_baselines(tmp_path / "z")
    recipe = yaml.safe_load((tmp_path / "z" / "recipes" / "family0.yaml").read_text())
    recipe["data"]["other"] = recipe["data"]["toy"] | {"splits": {"eval": "test"}}
    recipe["evals"]["toy"]["data"] = "other"
    recipe["task"] = {"kind": "text-pair-classification", "labels": ["negative", "positive"]}
    recipe["artifacts"] = {"a0": {"builder": "checkpoint", "from": "words"}}
    recipe["evals"].pop("checks")
    write_recipe(workspace.project, recipe, "family0")
    with pytest.raises((RecipeError, ZooError), match="they are fitted to train or dev, and other has eval"):
        _ = open_here(workspace.project).zoo
