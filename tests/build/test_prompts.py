"""A recipe's prompt is checked when recipes are read: line, key, what was found, the nearest column."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from tests.support.labelled import PROMPT
from tests.support.zoo import write_project, write_recipe, write_rows
from zoosmith.build.zoo import load_zoo
from zoosmith.recipes.graph import Zoo
from zoosmith.recipes.yaml import RecipeError

RECIPE: dict[str, Any] = {
    "schema": 1,
    "summary": "Names that are asked about.",
    "license": "apache-2.0",
    "bases": {"model": {"path": "bases/model"}},
    "data": {
        "names": {
            "path": "data",
            "columns": {"first": "one", "second": "two", "kind": "kind", "label": "label"},
            "labels": ["no", "yes"],
            "splits": {"train": "train", "eval": "test"},
        },
        "others": {"path": "data", "columns": {"first": "one", "label": "label"}, "splits": {"eval": "test"}},
    },
    "task": {"kind": "label-token", "data": "names", "prompt": PROMPT},
    "evals": {"names": {"kind": "label-token", "data": "names"}},
    "reference": "fp32",
    "artifacts": {"fp32": {"builder": "from_gguf", "from": "model"}},
}


def loaded(project: Path, **changes: Any) -> Zoo:
    """The zoo of RECIPE, with parts of its task, or its evals, changed."""
    recipe = copy.deepcopy(RECIPE)
    recipe["evals"] = changes.pop("evals", recipe["evals"])
    recipe["task"] |= changes
    write_recipe(write_project(project), {k: v for k, v in recipe.items() if v is not None}, "asked")
    write_rows(project / "data" / "test.jsonl", [{"one": "a", "two": "b", "label": "yes"}])
    return load_zoo(project)


def test_a_prompt_of_columns_is_taken(tmp_path: Path) -> None:
    assert loaded(tmp_path).families["asked"].recipe.task.prompt == PROMPT


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"prompt": "Is {frist} {second}?"}, r"asked\.yaml:\d+: task\.prompt: cannot be filled: \{frist\} is no col"),
        ({"prompt": "Is {frist} {second}?"}, r"did you mean 'first'\?"),
        ({"prompt": "Is it {label}?"}, r"\{label\} is no column of the data"),
        ({"prompt": "Is it?"}, r"task\.prompt: cannot be filled: 'Is it\?' has no placeholder: .* such as \{first\}"),
        ({"prompt": None}, r"task\.prompt: cannot ask: is missing: label-token asks a language model"),
        ({"kind": "text-generation"}, r"task\.prompt: is for tasks that ask a language model; text-gen"),
        ({"kind": "text-generation", "prompt": None, "symmetric": True}, r"task\.symmetric: is for tasks of two texts"),
        ({"kind": "text-generation", "prompt": None, "chat": True}, r"task\.chat: is for tasks that ask"),
        (
            {"evals": {"others": {"kind": "label-token", "data": "others"}}},
            r"evals\.others\.data: its rows cannot fill the prompt, which asks for first, second: \{second\} is no",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_told_before_anything_is_built(
    tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    changes = {"evals": {"text": {"kind": "perplexity", "data": "names"}}} | changes if "kind" in changes else changes
    with pytest.raises(RecipeError, match=message):
        loaded(tmp_path, **changes)


@pytest.mark.parametrize("kind", ["label-token", "text-pair-classification"])
@pytest.mark.parametrize("example", ["One text", ["One", "two", "three"]])
def test_an_example_has_as_many_texts_as_the_task_takes(tmp_path: Path, kind: str, example: Any) -> None:
    changes: dict[str, Any] = {"task": RECIPE["task"] if kind == "label-token" else {"kind": kind, "data": "names"}}
    recipe = RECIPE | changes | {"example": ["Ann Lee", "Lee, Ann"]}
    if kind != "label-token":
        recipe |= {"evals": {"names": {"kind": kind, "data": "names"}}}
    project = write_project(tmp_path)
    write_rows(project / "data" / "test.jsonl", [{"one": "a", "two": "b", "label": "yes"}])
    write_recipe(project, recipe, "asked")
    assert load_zoo(project).families["asked"].recipe.example == ("Ann Lee", "Lee, Ann")
    write_recipe(project, recipe | {"example": example}, "asked")
    found = 1 if isinstance(example, str) else 3
    told = rf"asked\.yaml:\d+: example: has {found} text\(s\); the task takes 2: first, second"
    with pytest.raises(RecipeError, match=told):
        load_zoo(project)


@pytest.mark.parametrize("example", ["", [" ", "Lee"], "a ``` of three"])
def test_an_example_is_a_text_that_fits_a_block_of_code(tmp_path: Path, example: Any) -> None:
    write_recipe(write_project(tmp_path), RECIPE | {"example": example}, "asked")
    with pytest.raises(RecipeError, match=r"asked\.yaml:\d+: example.*: expected a text for cards to ask with"):
        load_zoo(tmp_path)
