"""What is built again after a change, what is not, and that `why` names the change."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.table import RECIPE, bring_up, edit, recipe
from tests.support.zoo import doit, rows, write_recipe, write_rows
from zoosmith.build import explain
from zoosmith.build.measuring import measure_action
from zoosmith.build.workspace import Workspace
from zoosmith.recipes.graph import Ref
from zoosmith.store.store import ActionResult

ALL = ("toy-triple", "toy-sextuple")


def why(project: Path, name: str) -> str:
    workspace = Workspace(project)
    return explain.why(workspace, workspace.zoo.find(name))


def bring_up_all(project: Path) -> list[str]:
    return [node for name in ALL for node in bring_up(project, name)]


def pretend_measured(project: Path, name: str) -> None:
    """ActionResult a measurement under the key that measuring `name` here has; the figures play no part."""
    workspace = Workspace(project)
    for ref in (Ref("toy", "plain"), Ref("toy", name)):
        action = measure_action(workspace.resolver, ref, "quick")
        staging = workspace.store.folder("work") / "pretended"
        staging.mkdir()
        (staging / "result.json").write_text(str(ref))
        tree, provenance = workspace.store.add_tree(staging), {"code": action.run["code"]}
        workspace.store.record(ActionResult(action.key, action.inputs, tree, provenance))
        workspace.store.name(action.name, action.key)
        staging.rmdir()


def test_everything_is_made_once(project: Path) -> None:
    assert bring_up_all(project) == ["toy", "words", "plain", "triple", "double", "sextuple"]
    assert bring_up_all(project) == []


def test_a_comment_in_the_recipe_rebuilds_nothing(built: Path) -> None:
    edit(built / "recipes" / "toy.yaml", "summary: Word counts.", "# a comment\nsummary:   'Other words.'")
    assert bring_up_all(built) == []


def test_renaming_an_artifact_rebuilds_nothing(built: Path) -> None:
    text = (built / "recipes" / "toy.yaml").read_text()
    (built / "recipes" / "toy.yaml").write_text(text.replace("double", "twice"))
    assert bring_up(built, "toy-twice") == []


def test_a_changed_parameter_rebuilds_that_artifact_alone(built: Path) -> None:
    edit(built / "recipes" / "toy.yaml", "    from: double\n    params:\n      factor: 3.0", "    from: double")
    assert "params.factor: 3.0 -> 2.0" in why(built, "toy-sextuple")
    assert "params" not in why(built, "toy-triple")
    assert bring_up_all(built) == ["sextuple"]


def test_a_changed_parameter_rebuilds_the_children_whose_parent_changed(built: Path) -> None:
    write_recipe(built, recipe(shards=3))
    told = why(built, "toy-sextuple")
    assert "artifact toy/plain:\n    params.shards: 2 -> 3" in told
    assert "artifact toy/double:\n    waits: toy/plain is not built yet" in told
    assert bring_up(built, "toy-sextuple") == ["plain", "double", "sextuple"]


def test_a_rebuilt_parent_with_equal_bytes_rebuilds_no_child(built: Path) -> None:
    write_recipe(built, recipe(pause_s=0.001))
    assert "params.pause_s: 0.0 -> 0.001" in why(built, "toy-sextuple")
    assert bring_up_all(built) == ["plain"]


def test_a_changed_seed_is_named(built: Path) -> None:
    artifacts = RECIPE["artifacts"]
    write_recipe(built, RECIPE | {"artifacts": artifacts | {"plain": artifacts["plain"] | {"seed": 7}}})
    assert "seed: 42 -> 7" in why(built, "toy-plain")
    assert bring_up(built, "toy-plain") == ["plain"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"""Counts words of each class."""', '"""Counts words."""'),
        ('    """Counts, and shards of noise that take their time."""\n', ""),
        ("def build(job):\n", "# why\ndef build(\n    job,  # the job\n):\n"),
    ],
)
def test_a_docstring_or_comment_in_a_builder_rebuilds_nothing(built: Path, old: str, new: str) -> None:
    edit(built / "builders" / "table.py", old, new)
    assert bring_up_all(built) == []


def test_a_changed_line_in_a_builder_rebuilds_what_it_made(built: Path) -> None:
    edit(built / "builders" / "scaled.py", "value * job.params.factor for", "job.params.factor * value for")
    for name in ("double", "triple"):
        assert f"artifact toy/{name}:\n    code.zoo_builders_scaled: " in why(built, f"toy-{name}")
    assert "toy/plain:" not in why(built, "toy-sextuple")
    assert bring_up_all(built) == ["triple", "double", "sextuple"]


def test_a_changed_line_upstream_stops_where_the_bytes_are_equal(built: Path) -> None:
    edit(
        built / "builders" / "table.py", "weights[token][example.target] += 1.0", "weights[token][example.target] += 1"
    )
    assert "code.zoo_builders_table: " in why(built, "toy-sextuple")
    assert bring_up_all(built) == ["plain"]


def test_other_training_rows_rebuild_who_reads_them(built: Path) -> None:
    write_rows(built / "data" / "train.jsonl", rows(60, seed=9))
    told = why(built, "toy-plain")
    assert "data toy/toy:\n    path: " in told
    assert "artifact toy/plain:\n    waits: toy/toy is not built yet" in told
    assert bring_up(built, "toy-plain") == ["toy", "plain"]


def test_other_rows_for_measuring_rebuild_no_artifact(built: Path) -> None:
    pretend_measured(built, "triple")
    write_rows(built / "data" / "test.jsonl", rows(40, seed=9))
    assert bring_up_all(built) == ["toy"]
    assert "toy/plain: measurement: evals.toy: " in why(built, "toy-triple")


def test_fewer_rows_of_an_eval_measure_again_and_build_nothing(built: Path) -> None:
    pretend_measured(built, "triple")
    evals = {"toy": {"kind": "text-classification", "data": "toy", "rows": 30}}
    write_recipe(built, RECIPE | {"evals": evals})
    assert bring_up_all(built) == []
    assert not Workspace(built).measured(Ref("toy", "triple"), "quick")


def test_a_changed_eval_measures_again_and_builds_nothing(built: Path) -> None:
    pretend_measured(built, "triple")
    assert Workspace(built).measured(Ref("toy", "triple"), "quick")
    evals = {"renamed": {"kind": "text-classification", "data": "toy"}}
    write_recipe(built, RECIPE | {"evals": evals})
    assert bring_up_all(built) == []
    assert not Workspace(built).measured(Ref("toy", "triple"), "quick")
    assert "toy/plain: measurement: evals.renamed: nothing -> " in why(built, "toy-triple")
    assert "toy/plain: measurement: evals.toy: " in why(built, "toy-triple")


def test_a_changed_runtime_measures_again_and_builds_nothing(built: Path) -> None:
    pretend_measured(built, "triple")
    edit(built / "runtimes" / "table.py", ".sum(axis=1)", ".sum(1)")
    assert bring_up_all(built) == []
    assert "toy/plain: measurement: code.zoo_runtimes_table: " in why(built, "toy-triple")


def test_what_is_gone_from_the_store_is_built_again(built: Path) -> None:
    workspace = Workspace(built)
    tree = workspace.resolver.tree("artifact", Ref("toy", "triple"))
    entry = next(entry for entry in workspace.store.tree(tree) or [] if entry.path == "table.json")
    workspace.store.file(entry.sha256).unlink()
    assert "its files are gone from the store" in why(built, "toy-triple")
    assert bring_up_all(built) == ["triple"]


def test_through_doit(project: Path) -> None:
    first = doit(project, "artifact:toy-triple")
    assert first.returncode == 0 and first.stderr.count(": done") == 4
    again = doit(project, "artifact:toy-triple")
    assert again.returncode == 0 and ": done" not in again.stderr
    assert "artifact:toy-triple is up to date" in again.stdout
    edit(project / "recipes" / "toy.yaml", "factor: 3.0\n  sextuple", "factor: 4.0\n  sextuple")
    assert "params.factor: 3.0 -> 4.0" in doit(project, "why", "toy-triple").stdout
    changed = doit(project, "artifact:toy-triple")
    assert "build toy-triple: done" in changed.stderr and changed.stderr.count(": done") == 1
