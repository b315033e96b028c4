"""What lm-evaluation-harness makes of HellaSwag's texts; the expected ones are its own, see `oracle.py`."""

from __future__ import annotations

import pytest

from zoosmith.tasks._choices.hellaswag import cleaned, context_of


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (" Wash the pot. [title] Dry it. [step] Take a cloth. ", "Wash the pot.. Dry it. Take a cloth."),
        ("[header] How to wash [title] Begin", " How to wash. Begin"),
        ("a   b", "a  b"),
        ("an [open bracket", "an [open bracket"),
        ("", ""),
    ],
)
def test_tags_go_and_two_spaces_become_one_once(text: str, expected: str) -> None:
    assert cleaned(text) == expected


@pytest.mark.parametrize("context", ["A man sits. the dog", "A man sits."])
def test_the_beginning_of_the_ending_is_in_upper_case_whichever_column_has_it(context: str) -> None:
    assert context_of("Pets", context, "the dog") == "Pets: A man sits. The dog"


def test_capitals_within_the_beginning_are_lost_as_they_are_there() -> None:
    assert context_of("Pets", "He calls. the dog Rex", "the dog Rex") == "Pets: He calls. The dog rex"


def test_an_empty_beginning_is_that_of_an_article() -> None:
    assert context_of("Home", "[header] How to wash [title] Begin.", "") == "Home: How to wash. Begin."


@pytest.mark.parametrize(
    ("context", "expected"),
    [
        ("A man sits. He smiles. the dog", "A man sits. He smiles. The dog"),
        ("He asks why? they", "He asks why? They"),
        ("A man sits. The dog", "A man sits. The dog"),
        ("a man", "a man"),
        ("[header] How to wash [title] Begin. then rest", "How to wash. Begin. then rest"),
    ],
)
def test_without_that_column_it_is_what_follows_the_last_sentence(context: str, expected: str) -> None:
    assert context_of("Pets", context) == f"Pets: {expected}"
