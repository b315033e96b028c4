"""Recipes of a project: which files are read."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from tests.support.zoo import ROOT, write_project, write_recipe
from zoosmith.build.recipe_files import recipe_files
from zoosmith.build.zoo import load_what_holds, load_zoo
from zoosmith.recipes.yaml import RecipeError


def test_both_endings_of_yaml_are_read(tmp_path: Path) -> None:
    """A recipe that ends in .yml was passed over without a word once."""
    (tmp_path / "recipes").mkdir()
    for name in ("first.yaml", "second.yml", "README.md", ".third.yaml"):
        (tmp_path / "recipes" / name).write_text("")
    own = {id: file.name for id, file in recipe_files(tmp_path).items() if file.is_relative_to(tmp_path)}
    assert own == {"first": "first.yaml", "second": "second.yml"}


def test_two_files_of_one_id_are_told(tmp_path: Path) -> None:
    (tmp_path / "recipes").mkdir()
    for name in ("first.yaml", "first.yml"):
        (tmp_path / "recipes" / name).write_text("")
    with pytest.raises(RecipeError, match=r"first\.yml and first\.yaml are both the recipe 'first'; keep one"):
        recipe_files(tmp_path)


@pytest.mark.parametrize(
    ("name", "key", "said"),
    [
        ("Bad Name.yaml", "Bad Name", r"Bad Name\.yaml: a recipe's file name is its id"),
        (
            "names-demo.yml",
            "names-demo",
            r"names-demo\.yml and names-demo\.yaml are both the recipe 'names-demo'; keep one",
        ),
        ("caf\udce9.yaml", "caf\udce9", "a recipe's file name is its id"),
        ("pipe.yaml", "pipe", r"recipes/pipe\.yaml: cannot be read: it is no regular file"),
        ("folder.yaml", "folder", r"recipes/folder\.yaml: cannot be read: it is no regular file"),
        ("link.yaml", "link", r"recipes/link\.yaml: cannot be read: No such file"),
    ],
)
def test_a_file_that_can_be_no_recipe_stops_itself_alone(tmp_path: Path, name: str, key: str, said: str) -> None:
    project = write_project(tmp_path / "zoo")
    text = (ROOT / "recipes" / "names-demo.yaml").read_bytes()
    for copied in ("other.yaml", *(["names-demo.yaml"] if key == "names-demo" else [])):
        (project / "recipes" / copied).write_bytes(text)
    file = project / "recipes" / name
    make = {"pipe": os.mkfifo, "folder": Path.mkdir, "link": lambda path: path.symlink_to("nowhere")}
    make.get(key, lambda path: path.write_bytes(text))(file)
    zoo, broken = load_what_holds(project)
    assert list(broken) == [key] and "other" in zoo.families and key not in zoo.families
    assert re.search(said, str(broken[key]))
    with pytest.raises(RecipeError, match=said):
        load_zoo(project)


def test_a_split_that_a_builtin_lacks_is_told_at_once(tmp_path: Path) -> None:
    project = write_project(tmp_path / "zoo")
    recipe: dict[str, object] = {
        "schema": 1,
        "summary": "A language model.",
        "license": "mit",
        "bases": {"small": {"path": "bases/small"}},
        "data": {"founding": {"builtin": "founding_texts"}},
        "task": {"kind": "text-generation", "data": "founding", "max_length": 64},
        "evals": {"founding": {"kind": "perplexity", "data": "founding", "split": "evl"}},
        "reference": "fp32",
        "artifacts": {"fp32": {"builder": "checkpoint", "from": "small"}},
    }
    write_recipe(project, recipe, "toy")
    message = (
        r"evals\.founding\.split: found 'evl', which founding_texts does not have: it has calibration, eval; "
        "did you mean 'eval'"
    )
    with pytest.raises(RecipeError, match=message):
        load_zoo(project)
    write_recipe(project, recipe | {"evals": {"founding": {"kind": "perplexity", "data": "founding"}}}, "toy")
    load_zoo(project)
