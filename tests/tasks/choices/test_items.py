"""Items out of rows of every form, and what is said of rows of none."""

from __future__ import annotations

from typing import Any

import pytest

from zoosmith.contract.errors import BuildError
from zoosmith.tasks._choices.items import Item, item

TWO = ["rain", "snow"]


def test_a_context_stands_as_it_is() -> None:
    assert item({"context": "It is wet:", "choices": TWO, "answer": 0}) == Item(
        "It is wet:", "It is wet:", ("rain", "snow"), 0
    )


def test_a_question_is_asked_as_arc_is() -> None:
    found = item({"question": "What is wet?", "choices": {"text": TWO, "label": ["A", "B"]}, "answer": "B"})
    assert found == Item("Question: What is wet?\nAnswer:", "What is wet?", ("rain", "snow"), 1)


def test_a_question_follows_its_context() -> None:
    found = item({"context": "It snows.", "question": "Is it wet?", "choices": ["no", "yes"]})
    assert found == Item("It snows.\nQuestion: Is it wet?\nAnswer:", "It snows.\nIs it wet?", ("no", "yes"), None)


def test_an_activity_makes_it_an_item_of_hellaswag() -> None:
    row = {"activity": "Pets", "context": "A man sits. the dog", "choices": ["[step] barks.", "sleeps."], "answer": "1"}
    assert item(row) == Item("Pets: A man sits. The dog", "Pets: A man sits. The dog", (" barks.", "sleeps."), 1)
    assert item(row | {"opening": "sits. the dog"}).context == "Pets: A man Sits. the dog"


@pytest.mark.parametrize(
    ("choices", "answer", "place"),
    [
        (TWO, 1, 1),
        (TWO, "1", 1),
        (TWO, "B", 1),
        ({"text": TWO, "label": ["1", "2"]}, "2", 1),
        ({"text": TWO, "label": ["1", "2"]}, "1", 0),
        ({"text": TWO, "label": ["1", "2"]}, 2, 1),
        ({"text": [*TWO, "hail"], "label": ["A", "B", "C"]}, "C", 2),
        (TWO, None, None),
    ],
)
def test_an_answer_is_a_place_or_a_label(choices: Any, answer: Any, place: int | None) -> None:
    assert item({"context": "a", "choices": choices, "answer": answer}).answer == place


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"context": 3}, r"column 'context' should be text; found 3\. Map the source's columns"),
        ({"context": None, "question": "a"}, "column 'context' should be text; found nothing"),
        ({"choices": None}, "column 'choices' should be a list of texts.*found nothing"),
        ({"choices": "ab"}, "column 'choices' should be a list of texts.*found 'ab'"),
        ({"choices": [1, 2]}, r"column 'choices' should be a list of texts.*found \[1, 2\]"),
        ({"choices": {"text": TWO, "label": ["A"]}}, "an object of lists `text` and `label`; found"),
        ({"choices": ["rain"]}, "an item has 2 to 26 choices; found 1"),
        ({"answer": 2}, "column 'answer' should name a choice by label or place; found 2; known: 0, 1"),
        ({"answer": "C"}, "by label or place; found 'C'"),
        ({"answer": True}, "by label or place; found True"),
        ({"answer": ""}, "by label or place; found ''"),
        ({"choices": {"text": TWO, "label": ["A", "B"]}, "answer": "0"}, "found '0'; known: A, B"),
    ],
)
def test_a_row_of_another_form_is_told(change: dict[str, Any], message: str) -> None:
    with pytest.raises(BuildError, match=message):
        item({"context": "a", "choices": TWO, "answer": 0} | change)


def test_a_row_without_a_text_is_told() -> None:
    with pytest.raises(BuildError, match="column 'context' should be text; found nothing"):
        item({"choices": TWO, "answer": 0})
