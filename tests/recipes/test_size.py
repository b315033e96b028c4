"""Aliases that stand for more than a machine holds, and messages about long values."""

from __future__ import annotations

import time

import pytest

from tests.support.recipes import SMALL, edited
from zoosmith.recipes.yaml import RecipeError, document, parse

LEVELS = 30  # 9 ** 30 values when written out


def bomb(inner: str, first: str = "x") -> str:
    """Each line names the one before nine times."""
    lines = [f"a0: &a0 {first}"]
    lines += [f"a{i}: &a{i} {inner.format(', '.join([f'*a{i - 1}'] * 9))}" for i in range(1, LEVELS)]
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize(
    "text",
    [
        bomb("[{}]"),
        bomb("{{<<: [{}]}}", "{k: v}"),
        "summary: &s " + "x" * 1_000 + "\nlimits: [" + ", ".join(["*s"] * 2_000) + "]\n",
        "summary: " + "x" * 2_000_000 + "\n",
    ],
    ids=["lists", "merged mappings", "long text", "one long text"],
)
def test_what_would_fill_memory_is_told_at_once(text: str) -> None:
    begun = time.monotonic()
    with pytest.raises(
        RecipeError, match=r"^bad\.yaml:\d+: with its aliases written out this has over 1,048,576 char"
    ) as told:
        document(text, "bad.yaml")
    assert len(str(told.value)) < 300
    assert time.monotonic() - begun < 5


def test_an_alias_in_what_it_names_is_told() -> None:
    with pytest.raises(RecipeError, match=r"bad\.yaml:2: this anchor stands inside what it names"):
        document("schema: 1\nsummary: &s [*s]\n", "bad.yaml")


def test_lists_without_end_are_told() -> None:
    with pytest.raises(RecipeError, match=r"bad\.yaml:1: lists or mappings are nested too deeply"):
        document("summary: " + "[" * 5_000 + "]" * 5_000, "bad.yaml")


@pytest.mark.parametrize("begin", ["[", "{", "- ", "? "])
def test_nesting_that_would_end_the_process_is_told(begin: str) -> None:
    """libyaml follows it on the stack of C, of which Python knows nothing: a segmentation fault."""
    with pytest.raises(RecipeError, match=r"bad\.yaml:1: lists or mappings are nested too deeply"):
        document(begin * 1_000_000, "bad.yaml")


def test_aliases_that_save_a_few_lines_are_read() -> None:
    told = document("a: &a {x: 1, y: 2}\nb: {<<: *a, y: 3}\nc: [*a, *a]\n", "good.yaml")
    assert told == {"a": {"x": 1, "y": 2}, "b": {"x": 1, "y": 3}, "c": [{"x": 1, "y": 2}] * 2}


def test_a_long_value_is_told_by_its_start() -> None:
    text = edited(SMALL, ("schema: 1", "schema: " + "[1, 2, 3, " * 1 + "7, " * 5_000 + "8]"))
    with pytest.raises(RecipeError, match=r"schema: found \[1, 2, 3, 7, .*\.\.\.: ") as told:
        parse(text, "bad.yaml")
    assert len(str(told.value)) < 500
