"""Cards of what this project would make otherwise now say so at their top, and a command lists them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.support import records
from tests.support.table import bring_up, edit
from tests.support.zoo import doit
from zoosmith.build import explain
from zoosmith.build.describe import build_record
from zoosmith.build.moved import moved
from zoosmith.build.workspace import Workspace
from zoosmith.recipes.graph import Ref

NAMES = ("plain", "double", "triple", "sextuple")
TOP = "> **Not what this project makes now**: "
CODE = "builder `scaled`, what it imports, its tools or its task have changed"


@pytest.fixture
def recorded(built: Path) -> Path:
    """The zoo with a card of each artifact, of what it makes."""
    record(built, *NAMES)
    return built


def record(project: Path, *names: str) -> None:
    workspace = Workspace(project)
    for name in names:
        build = build_record(workspace.resolver, Ref("toy", name))
        plain = workspace.resolver.tree("artifact", Ref("toy", "plain"))
        about = {"reference": "toy-plain", "reference_digest": plain, "tree_digest": build.tree_digest}
        own = {"versus": None, "speedup": None} if name == "plain" else {}
        workspace.records.register(Ref("toy", name), build, records.measurement(build.name, **about, **own))


def reasons(project: Path) -> dict[str, list[str]]:
    workspace = Workspace(project)
    found = workspace.records.snapshot()
    told = {name: moved(workspace.zoo, project, found, Ref("toy", name)) for name in NAMES}
    return {name: why for name, why in told.items() if why}


def card(project: Path, name: str) -> str:
    Workspace(project).records.render_all()
    return (project / "model_cards" / f"toy-{name}.md").read_text()


def test_another_host_with_other_packages_moves_nothing_on(built: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a builder that claims answers, threads and instruction sets of its host are in the key."""
    edit(built / "builders" / "scaled.py", 'FORMAT = "table"', 'FORMAT = "table"\nREPRODUCES = "logits"')
    bring_up(built, "toy-sextuple")
    record(built, "double", "sextuple")
    monkeypatch.setattr("zoosmith.toolkit.torch.processor.flags", lambda: frozenset({"sse2"}))
    monkeypatch.setattr("zoosmith.build.key_parts.python_version", lambda: "3.99")
    monkeypatch.setattr("zoosmith.build.key_parts.public_versions", lambda names: dict.fromkeys(names, "0.0.1"))
    assert reasons(built) == {}
    edit(built / "builders" / "scaled.py", "value * job.params.factor", "job.params.factor * value")
    assert reasons(built)["double"] == [CODE]


def test_other_versions_of_what_a_builder_imports_move_nothing_on(
    recorded: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zoosmith.build.key_parts.version_of_module", lambda name: "0.0.2")
    assert reasons(recorded) == {}
    for file in (recorded / "results").rglob("build.json"):
        body = json.loads(file.read_text())
        assert [*body["provenance"].pop("imports")] == ["numpy"]
        file.write_text(json.dumps(body))
    assert reasons(recorded)["double"][0] == CODE, "a record from before they were kept does not say"


def test_what_was_just_made_has_not_moved_on(recorded: Path) -> None:
    assert reasons(recorded) == {}
    text = card(recorded, "sextuple")
    assert TOP not in text
    assert "Tolerance: none. Every step claims equal bytes" in text
    assert explain.moved_on(Workspace(recorded), []) == []


def test_it_is_told_without_the_store_and_what_is_installed(recorded: Path) -> None:
    """As in a fresh checkout: the record and the project are all that there is."""
    shutil.rmtree(recorded / "artifacts")
    shutil.rmtree(recorded / "data")
    assert reasons(recorded) == {}
    edit(recorded / "builders" / "scaled.py", "value * job.params.factor", "job.params.factor * value")
    assert set(reasons(recorded)) == {"double", "triple", "sextuple"}


def test_a_builder_that_changed_is_told_with_all_that_is_made_from_it(recorded: Path) -> None:
    edit(recorded / "builders" / "scaled.py", "value * job.params.factor", "job.params.factor * value")
    assert reasons(recorded) == {
        "double": [CODE], "triple": [CODE], "sextuple": [CODE, "its parent toy-double has moved on"],
    }  # fmt: skip
    text = card(recorded, "double")
    assert text.index(TOP + CODE) < text.index("3.00x ("), "before any figure"
    assert "Every step claims equal bytes" not in text and "doit check toy-double" not in text
    assert "It cannot be made again from this project" in text


def test_a_comment_moves_nothing(recorded: Path) -> None:
    edit(recorded / "builders" / "scaled.py", '"""Multiplies every weight."""', '"""Multiplies."""\n# all of them')
    assert reasons(recorded) == {}


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("    from: plain\n    params:\n      factor: 3.0", "    from: plain\n    params:\n      factor: 4.0",
         "parameters `factor` are others"),
        ("    from: plain\n    params:\n      factor: 3", "    from: plain\n    seed: 7\n    params:\n      factor: 3",
         "its seed is 7 now, then 42"),
        ("  triple:\n    builder: scaled\n    from: plain", "  triple:\n    builder: scaled\n    from: double",
         "it is made from toy/double now"),
        ("max_length: 32", "max_length: 31", CODE),
    ],
)  # fmt: skip
def test_a_recipe_that_changed_is_told_by_what_it_says_now(recorded: Path, old: str, new: str, told: str) -> None:
    edit(recorded / "recipes" / "toy.yaml", old, new)
    assert reasons(recorded)["triple"][0] == told


def test_a_parameter_that_a_record_does_not_know_was_not_asked_for(recorded: Path) -> None:
    """The builder has gained it since: it is another one where the recipe names it, and not where it is left out."""
    for name in ("double", "triple"):
        file = recorded / "results" / "toy" / name / "build.json"
        told = json.loads(file.read_text())
        del told["params"]["factor"]
        file.write_text(json.dumps(told))
    assert reasons(recorded) == {"triple": ["parameters `factor` are others"]}


def test_rows_read_otherwise_are_told_of_what_reads_rows(recorded: Path) -> None:
    edit(recorded / "recipes" / "toy.yaml", "train: train", "train: 'train[:50]'")
    assert reasons(recorded) == {
        "plain": ["its rows are of other data now: `splits` changed"],
        "double": ["its parent toy-plain has moved on"],
        "triple": ["its parent toy-plain has moved on"],
        "sextuple": ["its parent toy-double has moved on"],
    }


def test_a_record_from_before_rows_were_recorded_says_nothing_of_them(recorded: Path) -> None:
    for file in (recorded / "results").glob("*/*/build.json"):
        told = json.loads(file.read_text())
        del told["data"]["source"]
        file.write_text(json.dumps(told))
    edit(recorded / "recipes" / "toy.yaml", "train: train", "train: 'train[:50]'")
    assert reasons(recorded) == {}


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("data: toy\nreference", "data: toy\n    rows: 20\nreference", "its eval `toy` asks otherwise now: `rows`"),
        ("evals:\n  toy:", "evals:\n  tuy:", "its eval `tuy` was added since; its eval `toy` is asked no more"),
    ],
)
def test_evals_that_ask_otherwise_now_are_told_of_all_that_they_measure(
    recorded: Path, old: str, new: str, told: str
) -> None:
    """The artifact is the same, and would be built from this project; its figures are of other questions."""
    edit(recorded / "recipes" / "toy.yaml", old, new)
    assert reasons(recorded) == {}
    assert explain.moved_on(Workspace(recorded), ["toy-double"]) == [f"toy-double: {told}"]
    assert len(explain.moved_on(Workspace(recorded), [])) == len(NAMES)
    text = card(recorded, "double")
    assert text.index(TOP + told) < text.index("3.00x ("), "before any figure"
    assert "Tolerance: none. Every step claims equal bytes" in text


def test_an_eval_of_others_is_none_of_its_own(recorded: Path) -> None:
    more = "evals:\n  more:\n    kind: text-classification\n    data: toy\n    artifacts: [triple]\n  toy:"
    edit(recorded / "recipes" / "toy.yaml", "evals:\n  toy:", more)
    told = explain.moved_on(Workspace(recorded), [])
    assert [line.partition(":")[0] for line in told] == ["toy-plain", "toy-triple"], "the reference is asked always"


def test_a_parent_made_anew_is_told_until_its_child_is_made_again(recorded: Path) -> None:
    edit(recorded / "builders" / "table.py", "+= 1.0", "+= 2.0")
    assert reasons(recorded)["double"] == ["its parent toy-plain has moved on"]
    bring_up(recorded, "toy-plain")
    record(recorded, "plain")
    assert "plain" not in reasons(recorded)
    assert reasons(recorded)["double"] == ["its parent toy-plain was made anew since, another tree"]
    assert TOP in card(recorded, "double") and TOP not in card(recorded, "plain")
    bring_up(recorded, "toy-double")
    record(recorded, "double")
    assert "double" not in reasons(recorded) and TOP not in card(recorded, "double")


def test_the_command_lists_them_and_fails_only_when_asked(recorded: Path) -> None:
    assert doit(recorded, "plan", "--moved", "--check").stdout == "nothing recorded has moved on\n"
    edit(recorded / "builders" / "scaled.py", "value * job.params.factor", "job.params.factor * value")
    said = doit(recorded, "plan", "--moved")
    assert said.returncode == 0
    assert said.stdout.splitlines()[:2] == [f"toy-double: {CODE}", f"toy-triple: {CODE}"]
    assert doit(recorded, "plan", "--moved", "--check").returncode == 1
    assert doit(recorded, "plan", "--moved", "--check", "toy-plain").returncode == 0
    alone = doit(recorded, "plan", "--check")
    assert alone.returncode == 1 and "`doit plan --moved --check`" in alone.stderr
    plan = doit(recorded, "plan", "toy-double").stdout
    assert f"the recorded results are of what has moved on: {CODE}" in plan
