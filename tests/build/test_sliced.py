"""Slices in a zoo: kept, measured, gated; what is misspelt is told before anything is built."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.fast import write_fast_zoo
from tests.support.here import bring_up, open_here
from tests.support.zoo import write_recipe
from zoosmith.app.doit.tasks import Tasks
from zoosmith.bench import measure
from zoosmith.bench.speed import Plan
from zoosmith.build.workspace import Workspace
from zoosmith.contract.errors import ZooError
from zoosmith.recipes.graph import Ref
from zoosmith.recipes.yaml import RecipeError
from zoosmith.records.schema import Measurement

REFERENCE, ARTIFACT = Ref("family0", "a0"), Ref("family0", "a1")


def zoo(project: Path, slices: Any = "length", gates: dict[str, Any] | None = None) -> Workspace:
    """Rows of `test` have a `length`; the eval is sliced by it."""
    if not project.exists():
        write_fast_zoo(project)
    file = project / "data" / "test.jsonl"
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    made = [row | {"length": "long" if len(row["text"].split()) > 6 else "short"} for row in rows]
    file.write_text("".join(json.dumps(row) + "\n" for row in made))
    recipe = yaml.safe_load((project / "recipes" / "family0.yaml").read_text())
    recipe["evals"]["toy"]["slices"] = slices
    recipe["artifacts"]["a1"]["gates"] = gates or {}
    write_recipe(project, recipe, "family0")
    return open_here(project)


def test_slices_are_measured_paired_and_gated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measure, "QUICK", Plan(starts=2, turns=2, block_s=0.01))
    workspace = zoo(tmp_path / "z", gates={"toy.accuracy[length=long]": {"max_drop": 1.0}})
    for ref in (REFERENCE, ARTIFACT):
        bring_up(workspace, ref)
        workspace.make("artifact", ref)
        record = workspace.measure(ref, "quick")
    measured = Measurement.model_validate_json(workspace.store.read(record.tree, "result.json"))
    rows = [json.loads(line) for line in (tmp_path / "z" / "data" / "test.jsonl").read_text().splitlines()]
    long = measured.metric("toy.accuracy[length=long]")
    assert long is not None
    assert long.n == sum(row["length"] == "long" for row in rows)
    change = measured.change("toy.accuracy[length=long]")
    assert change is not None
    assert (change.value, change.n) == (0.0, long.n)  # scaled weights give the same classes
    workspace.register(ARTIFACT, "quick")
    [version] = json.loads((tmp_path / "z" / "registry.json").read_text())["artifacts"]["family0-a1"][
        "versions"
    ].values()
    assert version["results"][0]["slices"]["toy.accuracy[length=long]"]["n"] == long.n
    assert "Worst slice of toy: length = " in (tmp_path / "z" / "model_cards" / "family0-a1.md").read_text()


def test_slicing_an_eval_rebuilds_nothing(tmp_path: Path) -> None:
    workspace = zoo(tmp_path / "z", slices=[])
    bring_up(workspace, REFERENCE)
    before = workspace.make("artifact", REFERENCE).key
    workspace = zoo(tmp_path / "z")
    bring_up(workspace, REFERENCE)
    assert workspace.resolver.artifact(REFERENCE).key == before


@pytest.mark.parametrize(
    ("gate", "said"),
    [
        ("toy.accuracy[lenght=long]", r"'toy' is not sliced by 'lenght'; did you mean 'length'\?"),
        ("toy.acuracy[length=long]", r"is measured by nothing; did you mean 'toy.accuracy'\?"),
        ("toy.agreement[length=long]", r"agreement is not told of slices"),
    ],
)
def test_a_gate_that_no_slice_can_have_is_told_when_recipes_are_read(tmp_path: Path, gate: str, said: str) -> None:
    with pytest.raises(RecipeError, match=rf"recipes/family0.yaml:\d+: artifacts.a1.gates.*{said}"):
        _ = zoo(tmp_path / "z", gates={gate: {"min": 0.5}}).zoo


def test_a_gate_on_an_eval_without_slices_is_told(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="the eval 'toy' has no slices; name the column there: `slices: length`"):
        _ = zoo(tmp_path / "z", slices=[], gates={"toy.accuracy[length=long]": {"min": 0.5}}).zoo


def test_a_value_that_no_row_has_is_told_before_anything_is_built(tmp_path: Path) -> None:
    workspace = zoo(tmp_path / "z", gates={"toy.accuracy[length=logn]": {"min": 0.5}})
    bring_up(workspace, ARTIFACT)
    said = r"recipes/family0.yaml:\d+: artifacts.a1.gates.*no row has length = 'logn'; did you mean 'long'\?"
    with pytest.raises(RecipeError, match=said):
        workspace.make("artifact", ARTIFACT)


def test_a_column_that_no_row_has_is_told_by_its_place(tmp_path: Path) -> None:
    workspace = zoo(tmp_path / "z", slices="lenght")
    with pytest.raises(
        ZooError, match=r"no column 'lenght'; did you mean 'length'\? \(named at recipes/family0.yaml:\d+"
    ):
        workspace.make("data", Ref("family0", "toy"))


@pytest.mark.parametrize("column", ["kind", "knid"])
def test_built_in_data_that_names_its_columns_is_asked_when_recipes_are_read(tmp_path: Path, column: str) -> None:
    zoo(tmp_path / "z")
    recipe = yaml.safe_load((tmp_path / "z" / "recipes" / "family0.yaml").read_text())
    recipe["data"]["names"] = {"builtin": "person_names"}
    recipe["evals"]["names"] = {"kind": "text-classification", "data": "names", "slices": column}
    write_recipe(tmp_path / "z", recipe, "family0")
    if column == "kind":
        assert open_here(tmp_path / "z").zoo.families["family0"].recipe.evals["names"].slices == ("kind",)
        return
    said = r"recipes/family0.yaml:\d+: evals.names.slices: names has no column 'knid'; did you mean 'kind'\?"
    with pytest.raises(RecipeError, match=said):
        _ = open_here(tmp_path / "z").zoo


def test_rows_are_read_before_what_they_judge_is_built(tmp_path: Path) -> None:
    """An eval may have data of its own, which no training reads."""
    workspace = zoo(tmp_path / "z")
    recipe = yaml.safe_load((tmp_path / "z" / "recipes" / "family0.yaml").read_text())
    recipe["data"]["other"] = recipe["data"]["toy"]
    recipe["evals"]["further"] = {"kind": "text-classification", "data": "other", "slices": "length"}
    write_recipe(tmp_path / "z", recipe, "family0")
    steps = {step["name"]: step["task_dep"] for step in Tasks(open_here(tmp_path / "z")).steps()}
    assert "_source:data:family0/other" in steps["family0/a0"]
    assert workspace.zoo.families["family0"].recipe.evals["toy"].slices == ("length",)


def test_what_is_no_class_has_no_slices(tmp_path: Path) -> None:
    workspace = zoo(tmp_path / "z")
    recipe = yaml.safe_load((tmp_path / "z" / "recipes" / "family0.yaml").read_text())
    recipe["evals"]["toy"] = {"kind": "perplexity", "data": "toy", "slices": "length"}
    write_recipe(tmp_path / "z", recipe, "family0")
    with pytest.raises(RecipeError, match=r"evals.toy.*slices are told of answers that are one class"):
        _ = open_here(tmp_path / "z").zoo
    assert workspace is not None
