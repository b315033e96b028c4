"""Recipes are checked once, and again when they or the code that judges them change."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.table import RECIPE, edit
from tests.support.zoo import doit, write_recipe
from zoosmith.build import checked, checks
from zoosmith.build.zoo import load_zoo
from zoosmith.recipes.graph import Ref, Zoo
from zoosmith.recipes.yaml import RecipeError


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Artifacts that were checked."""
    names: list[str] = []
    check = checks.check_artifact

    def noted(all_of_them: Zoo, ref: Ref, project: Path) -> None:
        names.append(str(ref))
        check(all_of_them, ref, project)

    monkeypatch.setattr(checks, "check_artifact", noted)
    return names


def test_a_second_look_checks_nothing_and_finds_the_same(project: Path, judged: list[str]) -> None:
    first = load_zoo(project)
    assert len(judged) == len(list(first.artifacts()))
    judged.clear()
    assert list(load_zoo(project).artifacts()) == list(first.artifacts())
    assert judged == []


def test_listing_imports_no_builder_that_is_known_to_be_right(project: Path) -> None:
    builder = project / "builders" / "table.py"
    builder.write_text(builder.read_text() + "\nprint('imported')\n")
    assert "imported" in doit(project, "list").stdout
    second = doit(project, "list")
    assert second.returncode == 0
    assert "toy-plain" in second.stdout
    assert "imported" not in second.stdout


def add_a_recipe(project: Path) -> None:
    (project / "recipes" / "other.yaml").write_bytes((project / "recipes" / "toy.yaml").read_bytes())


def _replaced(file: Path, make: Callable[[Path], object]) -> None:
    file.unlink()
    make(file)


CHANGES: dict[str, Callable[[Path], object]] = {
    "a recipe": lambda project: write_recipe(project, RECIPE | {"summary": "Another one."}),
    "a recipe more": add_a_recipe,
    "a builder": lambda project: edit(project / "builders" / "table.py", "shards: int = 2", "shards: int = 3"),
    "a runtime": lambda project: edit(project / "runtimes" / "table.py", '"""Tables', '"""The tables'),
    "a module beside dodo.py": lambda project: (project / "helper.py").write_text("X = 1"),
    "a builder more": lambda project: (project / "builders" / "other.py").write_text("broken ("),
    "a mark of something else": lambda project: (project / checked.KEPT).write_bytes(b"\xff\x00"),
    "a pipe in its place": lambda project: _replaced(project / checked.KEPT, os.mkfifo),
    "a folder in its place": lambda project: _replaced(project / checked.KEPT, os.mkdir),
    "no mark": lambda project: (project / checked.KEPT).unlink(),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_changes_is_checked_again(change: str, project: Path, judged: list[str]) -> None:
    load_zoo(project)
    judged.clear()
    CHANGES[change](project)
    load_zoo(project)
    assert judged


def test_what_is_wrong_is_told_each_time(project: Path) -> None:
    load_zoo(project)
    artifacts = RECIPE["artifacts"] | {"plain": RECIPE["artifacts"]["plain"] | {"params": {"shard": 2}}}
    write_recipe(project, RECIPE | {"artifacts": artifacts})
    for _ in range(2):
        with pytest.raises(RecipeError, match=r"shard\b.*did you mean 'shards'"):
            load_zoo(project)


def test_a_zoo_that_cannot_be_written_is_read_all_the_same(project: Path, judged: list[str]) -> None:
    (project / "artifacts").write_text("in the way")
    for _ in range(2):
        judged.clear()
        assert load_zoo(project).families
        assert judged


def test_a_link_to_nothing_is_no_code(project: Path) -> None:
    load_zoo(project)
    (project / "builders" / ".#table.py").symlink_to("somebody@somewhere")
    assert load_zoo(project).families
