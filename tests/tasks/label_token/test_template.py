"""Prompt templates: which columns they ask for, and what they become."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoosmith.contract.errors import ZooError
from zoosmith.tasks.label_token.template import ends_in_space, filled, placeholders


def test_placeholders_stand_in_order_and_once() -> None:
    assert placeholders("{second}, {first} and {second} {{not}}", ["first", "second"]) == ("second", "first")


@given(st.text(), st.text())
def test_values_stand_as_they_are(first: str, second: str) -> None:
    assert filled("{{1}} {first}|{second}", {"first": first, "second": second}) == f"{{1}} {first}|{second}"


@pytest.mark.parametrize(
    ("prompt", "message"),
    [
        ("Text: {frist}", r"\{frist\} is no column of the data; did you mean 'first'\?"),
        ("Which is it?", r"'Which is it\?' has no placeholder: .* such as \{first\}"),
        ("{first", r"is no template: .*write \{\{ and \}\} for braces"),
        ("{}", r"\{\} is no placeholder"),
        ("{first.name}", r"\{first\.name\} is no placeholder: name a column alone"),
        ("{first!r:>3}", r"\{first!r:>3\} is no placeholder"),
    ],
)
def test_a_bad_template_is_told(prompt: str, message: str) -> None:
    with pytest.raises(ZooError, match=message):
        placeholders(prompt, ["first", "second"])


def test_white_space_at_the_end() -> None:
    assert [ends_in_space(text) for text in ("a:", "a: ", "a:\n", "")] == [False, True, True, False]
