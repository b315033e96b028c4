"""Which evals measure which artifact, through the real commands."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

from tests.support.table import RECIPE, write_table
from tests.support.zoo import doit, write_recipe, write_rows
from zoosmith.build.workspace import Workspace
from zoosmith.recipes.graph import Ref


def asked_apart(project: Path, **gates: Any) -> Path:
    """The zoo of tables with an eval `few`, on rows of its own, that names `double` alone."""
    recipe: dict[str, Any] = copy.deepcopy(RECIPE)
    recipe["data"]["few"] = recipe["data"]["toy"] | {"path": "few", "splits": {"eval": "test"}}
    recipe["evals"]["few"] = {"kind": "text-classification", "data": "few", "artifacts": ["double"]}
    recipe["artifacts"]["triple"]["gates"] = gates
    write_table(project)
    write_rows(project / "few" / "test.jsonl", [{"text": "good", "label": "positive"}] * 5)
    write_recipe(project, recipe)
    return project


def test_an_eval_measures_those_that_it_names_and_the_reference(tmp_path: Path) -> None:
    zoo = asked_apart(tmp_path / "zoo")
    names = ("plain", "double", "triple")
    found = doit(zoo, "run", *(f"build:toy-{name}" for name in names))
    assert found.returncode == 0, found.stderr
    records = Workspace(zoo).records
    asked = {name: {*one.quality} for name in names for one in records.measurements(Ref("toy", name))}
    assert asked == {"plain": {"toy", "few"}, "double": {"toy", "few"}, "triple": {"toy"}}


def test_what_no_eval_asks_of_an_artifact_need_not_be_there(tmp_path: Path) -> None:
    zoo = asked_apart(tmp_path / "zoo")
    (zoo / "few" / "test.jsonl").write_text("no row\n", encoding="utf-8")
    found = doit(zoo, "run", "artifact:toy-triple")
    assert found.returncode == 0, found.stderr
    planned = doit(zoo, "plan", "toy-double")
    assert "data toy/few" in planned.stdout


def test_a_gate_on_an_eval_that_does_not_measure_the_artifact(tmp_path: Path) -> None:
    zoo = asked_apart(tmp_path / "zoo", **{"few.accuracy": {"min": 0.5}})
    found = doit(zoo, "list")
    assert found.returncode != 0
    assert "the eval 'few' does not measure it: add 'triple' to its `artifacts`" in found.stderr
