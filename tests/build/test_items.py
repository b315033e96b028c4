"""Columns that an eval's kind needs are asked for when a recipe is read: line, key, what is missing, what is near."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.zoo import write_project, write_recipe, write_rows
from zoosmith.build.zoo import load_zoo
from zoosmith.recipes.graph import Zoo
from zoosmith.recipes.yaml import RecipeError

COLUMNS = {"question": "q", "choices": "options", "answer": "key"}


def loaded(project: Path, kind: str, columns: dict[str, str]) -> Zoo:
    """A zoo whose only eval is of this kind, on rows with these columns."""
    recipe: dict[str, Any] = {
        "schema": 1,
        "summary": "Questions.",
        "license": "apache-2.0",
        "bases": {"model": {"path": "bases/model"}},
        "data": {"arc": {"path": "data", "columns": columns, "splits": {"eval": "test"}}},
        "task": {"kind": "text-generation"},
        "evals": {"arc": {"kind": kind, "data": "arc"}},
        "reference": "fp32",
        "artifacts": {"fp32": {"builder": "from_gguf", "from": "model"}},
    }
    write_recipe(write_project(project), recipe, "asked")
    write_rows(project / "data" / "test.jsonl", [{"q": "a"}])
    return load_zoo(project)


@pytest.mark.parametrize("kind", ["multiple-choice", "multiple-choice-letter"])
@pytest.mark.parametrize("also", [{}, {"context": "q"}])
def test_questions_with_choices_are_taken(tmp_path: Path, kind: str, also: dict[str, str]) -> None:
    assert loaded(tmp_path, kind, COLUMNS | also).families["asked"].recipe.evals["arc"].kind == kind


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (
            {"choice": "options", "question": "q", "answer": "key"},
            r"mapped to choices: name it .*did you mean 'choice'\?",
        ),
        ({"choices": "options", "question": "q", "label": "key"}, "no column is mapped to answer"),
        ({"choices": "options", "text": "q", "answer": "key"}, "no column is mapped to context or question"),
        (
            {"choices": "options", "question": "q", "answer": "key", "activity": "q"},
            "no column is mapped to context: name it",
        ),
    ],
)
def test_a_missing_column_is_told_before_anything_is_built(
    tmp_path: Path, columns: dict[str, str], message: str
) -> None:
    with pytest.raises(
        RecipeError, match=rf"asked\.yaml:\d+: evals\.arc\.data: its rows cannot be asked about: .*{message}"
    ):
        loaded(tmp_path, "multiple-choice", columns)
