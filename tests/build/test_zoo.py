"""Recipes of a project: which files are read."""

from __future__ import annotations

from pathlib import Path

import pytest

from zoosmith.build.zoo import recipe_files
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
