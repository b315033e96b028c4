"""What `doit list` said is believed only of the zoo that it was said of."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.table import RECIPE, edit
from tests.support.zoo import doit, write_recipe
from zoosmith.build import listed

SAID = "toy: Words.\n"


def kept(project: Path) -> str | None:
    """What is believed of the zoo as it is."""
    mark = listed.mark(project)
    return listed.kept(project, mark) if mark else None


@pytest.fixture
def said(project: Path) -> Path:
    """A zoo of which something was said."""
    (project / "artifacts").mkdir(exist_ok=True)
    mark = listed.mark(project)
    assert mark
    listed.keep(project, mark, SAID)
    return project


def a_recipe_more(project: Path) -> None:
    (project / "recipes" / "other.yaml").write_bytes((project / "recipes" / "toy.yaml").read_bytes())


CHANGES: dict[str, Callable[[Path], object]] = {
    "a recipe": lambda project: write_recipe(project, RECIPE | {"summary": "Another one."}),
    "a recipe more": a_recipe_more,
    "no recipe": lambda project: (project / "recipes" / "toy.yaml").unlink(),
    "a recipe that is no text": lambda project: (project / "recipes" / "toy.yaml").write_bytes(b"\xff"),
    "a recipe of no name": lambda project: (project / "recipes" / "No Id.yaml").write_text("{}"),
    "a builder": lambda project: edit(project / "builders" / "table.py", "shards: int = 2", "shards: int = 3"),
    "a builder more": lambda project: (project / "builders" / "other.py").write_text("broken ("),
    "another dodo.py": lambda project: (project / "dodo.py").write_text("def task_mine(): ..."),
    "no dodo.py": lambda project: (project / "dodo.py").unlink(),
    "damage": lambda project: edit(project / listed.FILE, "Words", "Swords"),
    "a folder in its place": lambda project: ((project / listed.FILE).unlink(), (project / listed.FILE).mkdir()),
    "nothing kept": lambda project: (project / listed.FILE).unlink(),
}


def test_what_was_said_holds_while_nothing_changes(said: Path) -> None:
    assert kept(said) == SAID


@pytest.mark.parametrize("change", CHANGES)
def test_after_a_change_it_does_not(change: str, said: Path) -> None:
    CHANGES[change](said)
    assert kept(said) is None


def test_where_nothing_can_be_kept_nothing_is(project: Path) -> None:
    mark = listed.mark(project)
    assert mark
    listed.keep(project, mark, SAID)
    assert kept(project) is None
    assert not (project / "artifacts").exists()


def test_a_second_list_says_the_same_and_reads_no_recipe(project: Path) -> None:
    first = doit(project, "list")
    assert not (project / "artifacts" / ".store").exists(), "a list makes no store"
    code = (
        "import sys; sys.argv = ['doit', 'list']\n"
        "from doit.doit_cmd import DoitMain\n"
        "code = DoitMain().run(sys.argv[1:])\n"
        "print(code, [m for m in ('zoosmith.recipes.schema', 'zoosmith.build.workspace') if m in sys.modules])"
    )
    below = project / "recipes"
    again = subprocess.run([sys.executable, "-c", code], cwd=below, capture_output=True, text=True, check=True).stdout
    assert again == first.stdout + "0 []\n"
    assert "toy-plain" in first.stdout
    write_recipe(project, RECIPE | {"summary": "Another one."})
    assert "Another one." in doit(project, "list").stdout
    (project / "builders" / "other.py").write_text("broken (")
    for _ in range(2):
        told = doit(project, "list")
        assert told.returncode == 3
        assert "other.py" in told.stderr
