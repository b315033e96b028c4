"""Whoever asks whether a result is up to date goes by the machine that it was built for, without a cluster too."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.here import open_here
from tests.support.nodes import SMALL, open_joined
from tests.support.table import edit, nodes
from tests.support.zoo import doit
from zoosmith.app.cli.commands import ls
from zoosmith.app.doit import room
from zoosmith.build import explain, planned
from zoosmith.build.built_for import FOLDER, as_built, otherwise, recall, recalled, with_otherwise
from zoosmith.build.machine import Machine
from zoosmith.build.rebuild import check
from zoosmith.build.workspace import Workspace
from zoosmith.contract.errors import ZooError
from zoosmith.recipes.graph import Ref
from zoosmith.store.store import ActionResult

PLAIN, TRIPLE = Ref("toy", "plain"), Ref("toy", "triple")
LAST = (
    "it was last built for nodes of host class small, and keys here are those of this machine; "
    "`--profile small` asks for it"
)


def build(workspace: Workspace, ref: Ref = TRIPLE) -> ActionResult:
    for kind, node in nodes(workspace, ref):
        made = workspace.make(kind, node)
    return made


def changed(project: Path) -> None:
    """What is built for this machine is out of date from here on."""
    edit(project / "recipes" / "toy.yaml", "factor: 3.0\n  sextuple", "factor: 5.0\n  sextuple")


@pytest.fixture
def there(built: Path) -> Path:
    """The zoo whose toy-triple has changed, and was then built by nodes of the class small."""
    changed(built)
    workspace = open_joined(built)
    build(workspace)
    workspace.deliver(TRIPLE)
    return built


def marks(project: Path) -> dict[str, str]:
    return {one.name: one.mark for one in ls.listed(project, "toy")}


def test_a_result_is_remembered_with_the_class_that_it_was_made_for(there: Path) -> None:
    store = Workspace(there).store
    assert (store.made_for("toy/triple"), store.made_for("toy/double")) == ("small", "")
    assert store.made_for("toy/data/toy") == "", "rows are the driver's"
    assert recalled(store) == ["small"] and recall(store, "small") == Machine(SMALL, "small")


def test_it_is_there_for_those_who_ask_without_a_cluster(there: Path) -> None:
    mine = open_here(there)
    assert mine.resolver.finished("artifact", TRIPLE) is None
    theirs = as_built(mine, TRIPLE)
    assert theirs.profile == "small" and theirs.delivered(TRIPLE)
    assert theirs.resolver.action("artifact", TRIPLE).inputs["python"] == "3.99"
    assert (mine.profile, mine.resolver.python) != (theirs.profile, theirs.resolver.python)
    assert marks(there) == {
        **dict.fromkeys(("toy-plain", "toy-double", "toy-sextuple"), "in the store"), "toy-triple": "built",
    }  # fmt: skip


def test_what_has_moved_on_is_stale_all_the_same(there: Path) -> None:
    edit(there / "recipes" / "toy.yaml", "factor: 5.0", "factor: 7.0")
    assert marks(there)["toy-triple"] == "stale"


def test_what_is_there_for_the_machine_that_asks_is_that(there: Path) -> None:
    mine = open_here(there)
    build(mine)
    build(open_joined(there))
    assert mine.store.made_for("toy/triple") == "small" and as_built(mine, TRIPLE) is mine


def test_what_this_machine_built_is_not_asked_of_the_class_in_the_file(built: Path) -> None:
    (built / "zoosmith.toml").write_text('[executor]\naddress = "ray:auto"\nprofile = "small"\n')
    workspace = Workspace(built)
    assert workspace.profile == "small" and as_built(workspace, TRIPLE).profile == ""
    assert marks(built)["toy-triple"] == "in the store"
    with pytest.raises(
        ZooError, match=r"what nodes of host class 'small' have is not known on this machine; `doit plan"
    ):
        _ = workspace.resolver
    build(open_joined(built))
    assert Workspace(built).resolver.finished("artifact", TRIPLE), "what they announced last is kept"


def test_a_class_that_says_something_else_now_has_new_keys(there: Path) -> None:
    newer = replace(SMALL, python="3.100")
    joined = open_joined(there, newer)
    assert joined.resolver.finished("artifact", TRIPLE) is None
    assert recall(joined.store, "small") == Machine(newer, "small")
    assert marks(there)["toy-triple"] == "stale"


@pytest.mark.parametrize("damage", [b"", b"[]", b'{"profile": {}}', None])
def test_what_is_kept_and_damaged_counts_as_not_known(there: Path, damage: bytes | None) -> None:
    file = there / "artifacts" / ".store" / FOLDER / "small.json"
    told = json.loads(file.read_bytes())
    told["profile"]["python"] = "3.98"
    file.write_bytes(json.dumps(told).encode() if damage is None else damage)
    assert recalled(Workspace(there).store) == [] and recall(Workspace(there).store, "../x") is None
    with pytest.raises(ZooError, match=r"'small' have is not known on this machine"):
        as_built(open_here(there), TRIPLE)
    assert marks(there)["toy-triple"] == "stale"
    _ = open_joined(there).resolver
    assert marks(there)["toy-triple"] == "built", "asking the nodes puts it right"


def test_plan_and_why_say_for_which_machine_they_answer(there: Path) -> None:
    mine, theirs = open_here(there), open_joined(there)
    assert otherwise(mine, TRIPLE) == LAST and otherwise(mine, PLAIN) is otherwise(theirs, TRIPLE) is None
    plan = planned.plan(mine, TRIPLE).splitlines()
    assert plan[:2] == ["toy-triple:", f"  {LAST}"]
    assert planned.plan(theirs, TRIPLE).splitlines()[0] == "toy-triple, for nodes of host class small:"
    assert "  reuse    artifact toy/triple" in planned.plan(theirs, TRIPLE)
    assert "MiB here" not in planned.plan(open_joined(there, replace(SMALL, python="3.100")), TRIPLE)
    why = explain.why(mine, TRIPLE).splitlines()
    assert why[:2] == ["toy-triple would be built or measured again:", f"  {LAST}"]
    assert any(line.endswith(f"python: 3.99 -> {mine.resolver.python}") for line in why)
    assert explain.why(theirs, TRIPLE).startswith("toy-triple would be built or measured again for nodes of host class")


def test_another_machines_package_is_no_mystery(built: Path) -> None:
    edit(built / "builders" / "scaled.py", 'FORMAT = "table"', 'REQUIRES = ("zoo_kernels",)\nFORMAT = "table"')
    assert marks(built)["toy-triple"] == "-", "what cannot be told here ends no list"
    joined = open_joined(built, replace(SMALL, packages={"zoo-kernels": "2.0"}))
    build(joined)
    assert (marks(built)["toy-triple"], marks(built)["toy-double"]) == ("in the store", "-")
    mine, double = open_here(built), Ref("toy", "double")
    known = r"zoo_kernels is not installed.*; it was last built for nodes of host class small"
    with pytest.raises(ZooError, match=known), with_otherwise(mine, TRIPLE):
        planned.plan(mine, TRIPLE)
    with (
        pytest.raises(ZooError, match=r"zoo_kernels is not installed; run `make install`$"),
        with_otherwise(mine, double),
    ):
        planned.plan(mine, double)


def test_it_is_rebuilt_where_it_was_built(there: Path) -> None:
    joined = open_joined(there, profile="")
    same, told = check(as_built(joined, TRIPLE), TRIPLE)
    assert same and "the rebuild gives the same bytes" in told
    alone = open_here(there)
    with pytest.raises(
        ZooError, match=r"toy-triple is there as it is built by nodes of host class small, and this mach"
    ):
        check(as_built(alone, TRIPLE), TRIPLE)


def test_the_commands_go_by_it(there: Path) -> None:
    alone = doit(there, "check", "toy-triple")
    assert alone.returncode == 1 and alone.stderr.endswith("add `--executor ray:auto` to have it rebuilt by one\n")
    delivered = doit(there, "check", "--delivered", "toy-triple")
    assert (delivered.returncode, delivered.stdout) == (0, "toy-triple: every file is as it was built\n")
    why = json.loads(doit(there, "why", "toy-triple", "--json").stdout)
    assert (why["profile"], why["otherwise"]) == ("", LAST)
    unknown = doit(there, "check", "--delivered", "toy-triple", "--profile", "l4")
    assert unknown.returncode == 1 and unknown.stderr.startswith(
        "ERROR: what nodes of host class 'l4' have is not known"
    )


def test_local_asks_for_this_machine_whatever_the_file_says(built: Path) -> None:
    (built / "zoosmith.toml").write_text('[executor]\naddress = "ray:auto"\nprofile = "small"\n')
    workspace = Workspace(built)
    room.locate(workspace, {"executor": "local", "profile": ""})
    assert (workspace.where, workspace.profile) == ("local", "")
    with pytest.raises(ZooError, match="steps run on this machine alone"):
        room.locate(workspace, {"executor": "local", "profile": "small"})
