"""The results table, in Markdown, and where it stands in a text."""

from __future__ import annotations

import pytest

from tests.support.cards import REFERENCE, SUBJECT, tables
from zoosmith.cards.card import markdown_table, replace_section, results_table
from zoosmith.contract.errors import ZooError


def test_results_table() -> None:
    head, *rows = results_table([REFERENCE, SUBJECT])
    assert head[0] == "artifact"
    assert rows == [
        ["toy-fp32", "toy.macro_f1", "0.8900 (0.8700 to 0.9100)", "100.0 MB", "2.00", "1 (reference)"],
        ["toy-onnx-int8", "toy.macro_f1", "0.8900 (0.8700 to 0.9100)", "25.0 MB", "2.00", "3.00x (2.75 to 3.25)"],
    ]


def test_markdown_table() -> None:
    assert markdown_table([["a", "b"], ["1", "x|y"]]) == "| a | b |\n|---|---|\n| 1 | x\\|y |"
    assert tables(markdown_table([["a", "b"], ["1", "x|y"]]))[0][2] == ["1", "x\\|y"]


def test_replace_section() -> None:
    text = "head\n<!-- t -->\nold\n<!-- /t -->\ntail <!-- t2 --><!-- /t2 -->\n"
    once = replace_section(text, "t", "new")
    assert once == "head\n<!-- t -->\nnew\n<!-- /t -->\ntail <!-- t2 --><!-- /t2 -->\n"
    assert replace_section(once, "t", "new") == once
    assert replace_section(text, "t2", "x").startswith(text[: text.index("<!-- t2")])


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("", "<!-- t -->"),
        ("<!-- /t -->", "<!-- t -->"),
        ("<!-- t -->", "<!-- /t -->"),
        ("<!-- /t --> <!-- t -->", "<!-- /t -->"),
        ("<!-- t2 --><!-- /t2 -->", "<!-- t -->"),
    ],
)
def test_marks_that_are_missing_or_turned_round(text: str, missing: str) -> None:
    with pytest.raises(ZooError, match=f"^{missing} is missing; a table goes between <!-- t --> and <!-- /t -->$"):
        replace_section(text, "t", "new")
