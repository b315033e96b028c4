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


@pytest.mark.parametrize("levels", [101, 5_000, 200_000])
@pytest.mark.parametrize("text", ["summary: {lists}", "x: {mappings}", "x:\n  {items}", "{keys}", "{links}"])
def test_what_is_nested_without_end_is_told(text: str, levels: int) -> None:
    """libyaml's binding ends the process at 20,000 levels."""
    told = text.format(
        lists="[" * levels + "]" * levels,
        mappings="{a: " * levels + "1" + "}" * levels,
        items="- " * levels,
        keys="? " * levels,
        links="a0: &a0 [x]\n" + "".join(f"a{i}: &a{i} [*a{i - 1}]\n" for i in range(1, min(levels, 5_000))),
    )
    begun = time.monotonic()
    with pytest.raises(RecipeError, match=r"bad\.yaml:\d+: lists or mappings are nested too deeply"):
        document(told, "bad.yaml")
    assert time.monotonic() - begun < 5


def test_a_hundred_levels_are_read() -> None:
    assert str(document("x: " + "[" * 99 + "]" * 99, "good.yaml")["x"]) == "[" * 99 + "]" * 99


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


@pytest.mark.parametrize("number", ["9" * 5_000, "0x" + "f" * 5_000, "-0b" + "1" * 20_000, "1" + ":59" * 5_000])
@pytest.mark.parametrize("at", ["schema: 1", "summary: A toy.", "from: fp32}"])
def test_a_number_of_thousands_of_digits_is_told_by_its_start(number: str, at: str) -> None:
    new = f"from: fp32, params: {{a: [{number}]}}}}" if at.startswith("from") else f"{at.partition(':')[0]}: {number}"
    with pytest.raises(RecipeError, match=r"^bad\.yaml:\d+: found '.{199}\.\.\., a number of over 512 digits") as told:
        parse(edited(SMALL, (at, new)), "bad.yaml")
    assert len(str(told.value)) < 500


@pytest.mark.parametrize(
    "new", ["from: fp32, {key}: 1}", "from: fp32, params: {{{key}: 1, {key}: 2}}}", "from: fp32, ? {key} : &x [*x]}"]
)
def test_a_long_key_is_told_by_its_start(new: str) -> None:
    with pytest.raises(RecipeError, match=r"^bad\.yaml:\d+: ") as told:
        parse(edited(SMALL, ("from: fp32}", new.replace("{key}", "k" * 900).replace("{{", "{"))), "bad.yaml")
    assert len(str(told.value)) < 500
