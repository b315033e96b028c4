"""Tables in README.md: which rows, of which host, and what a wrong mark says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support import records
from tests.support.table import write_table
from zoosmith.build.tables import as_json, subjects, update_readme
from zoosmith.build.workspace import Workspace
from zoosmith.cards.family import under
from zoosmith.contract.errors import ZooError
from zoosmith.recipes.graph import Ref
from zoosmith.records.family import Subject


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """toy-plain was measured on two hosts, toy-double on one of them, and later on neither better."""
    workspace = Workspace(write_table(tmp_path))
    for name, hosts in (("plain", ("a-host", "z-host")), ("double", ("a-host",))):
        build = records.build(f"toy-{name}", artifact=name, recipe="toy", format="table", parents={}, bases=[])
        for host in hosts:
            about = {"suite": "full", "reference": "toy-plain", "reference_digest": records.sha("toy-plain")}
            measured = records.measurement(f"toy-{name}", host=records.host(host), **about)
            workspace.records.register(Ref("toy", name), build, measured)
    return workspace


def fill(workspace: Workspace, mark: str) -> str:
    page = workspace.project / "README.md"
    page.write_text(f"before\n<!-- {mark} -->\nold\n<!-- /results toy -->\nafter\n", encoding="utf-8")
    update_readme(workspace)
    return page.read_text(encoding="utf-8")


def test_a_table_speaks_of_one_host_where_it_can(workspace: Workspace) -> None:
    assert {row.measured.host.id for row in subjects(workspace, "toy")} == {"a-host"}
    assert "`z-host`" not in fill(workspace, "results toy")


def test_all_rows_or_those_named(workspace: Workspace) -> None:
    whole = fill(workspace, "results toy")
    assert "| toy-plain |" in whole and "| toy-double (recommended) |" in whole and "old" not in whole
    assert "Of the 2 measured on `a-host`, [toy-double](model_cards/toy-double.md) is the fastest and " in whole
    assert " and the smallest that loses at most 1 point; [toy-plain](" in whole
    assert "[All of `toy`](model_cards/families/toy.md). Measured on `a-host`" in whole
    some = fill(workspace, "results toy: double")
    assert "| toy-double (recommended) |" in some and "| toy-plain |" not in some
    assert some.startswith("before\n<!-- results toy: double -->\n| ")
    assert update_readme(workspace) == []


def test_marks_that_are_wrong_say_so(workspace: Workspace) -> None:
    with pytest.raises(ZooError, match="results toy: dobule`: toy has no artifact 'dobule'; did you mean 'double'"):
        fill(workspace, "results toy: dobule")
    (workspace.project / "README.md").write_text("<!-- results toy -->\n", encoding="utf-8")
    with pytest.raises(ZooError, match="<!-- /results toy --> is missing"):
        update_readme(workspace)


def test_the_line_under_a_table_says_what_the_milliseconds_are_of() -> None:
    of_call = under([Subject(records.build(), records.measurement())])
    of_token = under([Subject(records.build(), records.language())])
    assert "batch 1, tokenizer included;" in of_call
    assert "batch 1, milliseconds of one generated token;" in of_token
    assert "tokenizer included" not in of_token


def test_rows_as_json_have_the_figures_of_the_host_that_the_table_shows(workspace: Workspace) -> None:
    rows = list(as_json(workspace, "toy"))
    assert [set(row) for row in rows] == [{"name", "recipe", "card", "figures"}] * 2
    assert [(row["name"], row["card"]) for row in rows] == [
        ("toy-plain", "model_cards/toy-plain.md"),
        ("toy-double", "model_cards/toy-double.md"),
    ]
    assert {row["figures"]["host"] for row in rows} == {"a-host"}
    assert json.loads(json.dumps(rows)) == rows
