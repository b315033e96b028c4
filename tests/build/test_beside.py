"""An artifact of another family as a baseline: it answers the same rows, by its own name of each label."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.build.test_invariant import rows, zoo
from tests.support import factor
from tests.support.here import bring_up, open_here
from tests.support.nodes import SMALL, open_joined
from tests.support.zoo import doit, write_recipe, write_rows
from zoosmith.app.doit.opening import needed_by
from zoosmith.app.doit.tasks import Tasks
from zoosmith.bench import measure
from zoosmith.bench.speed import Plan
from zoosmith.build import explain, planned
from zoosmith.build.baselines import CODE
from zoosmith.build.codehash import closure_key, code_digests
from zoosmith.build.reproduce import measure_again
from zoosmith.build.resolve import Unresolved
from zoosmith.build.workspace import Workspace
from zoosmith.contract.errors import ZooError
from zoosmith.execution.action import public_versions
from zoosmith.recipes.graph import Ref
from zoosmith.recipes.yaml import RecipeError
from zoosmith.records.schema import Measurement

EVAL, OTHER = Ref("family0", "toy"), Ref("family1", "a0")


def two(project: Path, baselines: list[str], **other: Any) -> Workspace:
    """Two families over the same pairs; the second has its labels the other way round and in capitals."""
    zoo(project, {"same": "positive"})
    (project / "data1").mkdir()
    for split, count, seed in (("train", 60, 1), ("dev", 20, 2), ("test", 40, 3)):
        capitals = [row | {"label": row["label"].upper()} for row in rows(count, seed)]
        write_rows(project / "data1" / f"{split}.jsonl", capitals)
    recipe = yaml.safe_load((project / "recipes" / "family0.yaml").read_text())
    toy = recipe["data"]["toy"] | {"path": "data1", "labels": ["POSITIVE", "NEGATIVE"]}
    theirs = recipe | {"data": {"toy": toy}, "evals": {"toy": recipe["evals"]["toy"]}} | other
    write_recipe(project, theirs, "family1")
    recipe["evals"]["toy"] |= {"baselines": baselines}
    write_recipe(project, recipe, "family0")
    return open_here(project)


def build(workspace: Workspace, *refs: Ref) -> None:
    for ref in refs:
        bring_up(workspace, ref)
        workspace.make("artifact", ref)


def answers(workspace: Workspace) -> dict[str, Any]:
    record = workspace.make("baselines", EVAL)
    found: dict[str, Any] = json.loads(workspace.store.read(record.tree, "baselines.json"))["baselines"]
    return found


def test_it_answers_as_it_does_in_its_own_family(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measure, "QUICK", Plan(starts=2, turns=2, block_s=0.01))
    workspace = two(tmp_path / "z", ["family1-a0", "majority"])
    build(workspace, OTHER, Ref("family0", "a0"))
    told = answers(workspace)
    assert [*told] == ["family1-a0", "majority"]
    own = Measurement.model_validate_json(
        workspace.store.read(workspace.measure(OTHER, "quick").tree, "result.json")
    ).quality["toy"]
    assert own.classes and own.classes.answers
    mine = [("negative", "positive")[i] for i in told["family1-a0"]["predicted"]]
    assert mine == [name.lower() for name in own.classes.answers.names()[1]]
    assert len(set(mine)) == 2
    measured = Measurement.model_validate_json(
        workspace.store.read(workspace.measure(Ref("family0", "a0"), "quick").tree, "result.json")
    ).quality["toy"]
    assert {name: one.size for name, one in measured.baselines.items()} == {
        "family1-a0": sum(
            entry.size for entry in workspace.store.tree(workspace.resolver.tree("artifact", OTHER)) or ()
        ),
        "majority": None,
    }
    assert measured.classes and measured.classes.answers
    assert measured.baselines["family1-a0"].answers.rows == measured.classes.answers.rows


def test_the_key_of_an_eval_without_one_is_what_it_was(tmp_path: Path) -> None:
    workspace = two(tmp_path / "z", ["majority", "jaro_winkler"])
    build(workspace, Ref("family0", "a0"))
    action = workspace.resolver.action("baselines", EVAL)
    splits = workspace.resolver.data_info(workspace.resolver.tree("data", EVAL))["splits"]
    assert action.inputs == {
        "schema": 1,
        "kind": "baselines",
        "names": ["majority", "jaro_winkler"],
        "fit": splits["train"]["sha256"],
        "asked": [splits["eval"]["sha256"], None],
        "task": {"inputs": ["first", "second"], "labels": ["negative", "positive"]},
        "code": closure_key(code_digests(CODE)),
        "packages": public_versions(("rapidfuzz",)),
    }
    record = workspace.make("baselines", EVAL)
    text = json.loads(workspace.store.read(record.tree, "baselines.json"))
    assert {*text["baselines"]["majority"]} == {"fit", "predicted"}


def test_the_key_holds_the_tree_and_what_opens_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace = two(tmp_path / "z", ["family1-a0"])
    build(workspace, Ref("family0", "a0"))
    bring_up(workspace, OTHER)
    with pytest.raises(Unresolved, match="family1/a0 is not built yet"):
        workspace.resolver.action("baselines", EVAL)
    build(workspace, OTHER)
    inputs = workspace.resolver.action("baselines", EVAL).inputs
    assert inputs["artifacts"] == {"family1-a0": workspace.resolver.tree("artifact", OTHER)}
    assert inputs["fit"] is None, "nothing is fitted"
    assert {*inputs["opening"]["packages"]} == {"numpy", "tokenizers"}
    answers(workspace)
    assert workspace.made("baselines", EVAL)
    with (tmp_path / "z" / "runtimes" / "table.py").open("a") as file:
        file.write("\nMORE = 1\n")
    assert not open_here(tmp_path / "z").made("baselines", EVAL)


def test_one_that_answers_the_same_from_other_bytes_changes_no_tree(tmp_path: Path) -> None:
    project = tmp_path / "z"
    workspace = two(project, ["family1-a0"])
    build(workspace, OTHER, Ref("family0", "a0"))
    before, tree = workspace.make("baselines", EVAL), workspace.resolver.tree("artifact", OTHER)
    file = project / "recipes" / "family1.yaml"
    recipe = yaml.safe_load(file.read_text())
    recipe["artifacts"]["a0"]["params"] = {"seconds": 0.001}
    write_recipe(project, recipe, "family1")
    workspace = open_here(project)
    build(workspace, OTHER)
    assert workspace.resolver.tree("artifact", OTHER) == tree
    assert workspace.made("baselines", EVAL), "the same tree: nothing is asked again"
    recipe["artifacts"]["a0"]["params"] = {"scale": -1.0}
    write_recipe(project, recipe, "family1")
    workspace = open_here(project)
    build(workspace, OTHER)
    after = workspace.make("baselines", EVAL)
    assert after.key != before.key
    assert after.tree != before.tree


def test_one_over_a_base_is_given_it(tmp_path: Path) -> None:
    project = tmp_path / "z"
    workspace = two(project, ["family1-scaled", "family1-a0"])
    for folder, text in (("builders", factor.BUILDER), ("runtimes", factor.RUNTIME)):
        (project / folder / "factor.py").write_text(text, encoding="utf-8")
    recipe = yaml.safe_load((project / "recipes" / "family1.yaml").read_text())
    recipe["artifacts"]["scaled"] = {"builder": "factor", "from": "a0"}
    write_recipe(project, recipe, "family1")
    workspace = open_here(project)
    build(workspace, Ref("family0", "a0"), Ref("family1", "scaled"))
    told = answers(workspace)
    assert told["family1-scaled"]["predicted"] == told["family1-a0"]["predicted"]
    assert told["family1-scaled"]["size"] > told["family1-a0"]["size"]


def test_tasks_and_plans_build_it_first(tmp_path: Path) -> None:
    workspace = two(tmp_path / "z", ["family1-a0"])
    workspace.selected = needed_by(workspace.zoo, ["build:family0-a1"])
    assert workspace.selected == {Ref("family0", "a0"), Ref("family0", "a1"), OTHER}
    tasks = Tasks(workspace)
    [step] = [step for step in tasks.sources() if step["name"] == "baselines:family0/toy"]
    assert "_step:family1/a0" in step["task_dep"]
    assert "family1/a0" in {step["name"] for step in tasks.steps()}
    plan = planned.plan(workspace, Ref("family0", "a1"))
    assert plan.index("build    artifact family1/a0") < plan.index("answer   baselines family0/toy")
    assert "baselines family0/toy:\n    waits: " in explain.why(workspace, Ref("family0", "a1"))
    assert "baselines" not in planned.plan(workspace, OTHER)
    build(workspace, OTHER, Ref("family0", "a1"))
    answers(workspace)
    assert "reuse    baselines family0/toy" in planned.plan(workspace, Ref("family0", "a1"))


def text_family(recipe: dict[str, Any]) -> dict[str, Any]:
    """The keys of a family that classifies one text."""
    toy = recipe["data"]["toy"] | {"columns": {"text": "first", "label": "label"}}
    kind = "text-classification"
    return {
        "data": {"toy": toy},
        "task": recipe["task"] | {"kind": kind},
        "evals": {"toy": {"kind": kind, "data": "toy"}},
    }


def other_labels(recipe: dict[str, Any]) -> dict[str, Any]:
    return {"data": {"toy": recipe["data"]["toy"] | {"labels": ["negative", "positve"]}}}


def from_this_one(recipe: dict[str, Any]) -> dict[str, Any]:
    return {"artifacts": {"a0": recipe["artifacts"]["a0"] | {"from": "family0/a1"}}}


@pytest.mark.parametrize(
    ("name", "changed", "said"),
    [
        ("family1-a9", None, r"found 'family1-a9', which is neither a baseline nor an artifact.*mean 'family1-a"),
        ("edit_distanc", None, r"neither a baseline nor an artifact of this zoo; did you mean 'edit_distance'"),
        ("family0-a1", None, r"found 'family0-a1', which is of this family"),
        ("family1-a0", from_this_one, r"which is made from family0/\w+ of this family: a circle"),
        ("family1-a0", text_family, r"which reads text; the task of this recipe reads first, second"),
        ("family1-a0", other_labels, r"answers otherwise: it has no label 'positive'; did you mean 'positve'"),
    ],
)
def test_one_that_cannot_be_a_baseline_is_told(tmp_path: Path, name: str, changed: Any, said: str) -> None:
    workspace = two(tmp_path / "z", ["majority", name])
    if changed:
        recipe = yaml.safe_load((tmp_path / "z" / "recipes" / "family1.yaml").read_text())
        write_recipe(tmp_path / "z", recipe | changed(recipe), "family1")
    with pytest.raises(RecipeError, match=rf"family0.yaml:\d+: evals.toy.baselines.1: .*{said}"):
        _ = workspace.zoo


def test_labels_that_are_known_late_are_told_by_the_step(tmp_path: Path) -> None:
    workspace = two(tmp_path / "z", ["family1-a0"])
    build(workspace, OTHER, Ref("family0", "a0"))
    action = workspace.resolver.action("baselines", EVAL)
    action.inputs["task"]["labels"] = ["negative", "positive", "neutral"]
    with pytest.raises(ZooError, match=r"it has no label 'neutral'"):
        workspace.runner.run(action)


def test_a_build_brings_it_along_and_its_card_is_written_again(tmp_path: Path) -> None:
    """From nothing; a second run does nothing, and once the other is recorded this card has its figures too."""
    project = tmp_path / "z"
    two(project, ["majority", "family1-a0"])
    done = doit(project, "build:family0-a0")
    assert done.returncode == 0, done.stdout + done.stderr
    assert not (project / "artifacts" / "family1-a0").exists(), "it is in the store alone"
    card = project / "model_cards" / "family0-a0.md"
    first = card.read_text()
    assert "> **Does not beat an artifact of another family**: on toy, family1-a0 (macro_f1 " in first
    assert "family1-a0 answers the same 40 examples (it against this artifact: size " in first
    again = doit(project, "build:family0-a0")
    assert again.returncode == 0
    assert ": done" not in again.stdout, "a second run does nothing"
    assert card.read_text() == first
    other = doit(project, "build:family1-a0")
    assert other.returncode == 0, other.stdout + other.stderr
    assert (
        "[family1-a0](family1-a0.md) answers the same 40 examples (it against this artifact on the same"
        in card.read_text()
    )


def test_what_nodes_built_is_measured_again_beside_what_they_built(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measure, "QUICK", Plan(starts=2, turns=2, block_s=0.01))
    node = replace(SMALL, packages={"numpy": "1.0", "tokenizers": "2.0"})
    mine, joined = two(tmp_path / "z", ["family1-a0"]), open_joined(tmp_path / "z", node)
    build(joined, OTHER, Ref("family0", "a0"))
    told, tree = answers(joined), joined.resolver.tree("artifact", Ref("family0", "a0"))
    with pytest.raises(Unresolved, match="family1/a0 is not built yet"):
        mine.resolver.action("baselines", EVAL)
    again = measure_again(mine, Ref("family0", "a0"), "quick", tree, tree)
    assert [*again.quality["toy"].baselines] == [*told] == ["family1-a0"]
