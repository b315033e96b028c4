"""Recipes of a project: which files are read."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.zoo import write_project, write_recipe
from zoosmith.build.recipe_files import recipe_files
from zoosmith.build.zoo import load_zoo
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
