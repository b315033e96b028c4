"""Baselines answer from the texts alone, by cuts that other rows gave."""

from __future__ import annotations

import pytest

from zoosmith.recipes import schema
from zoosmith.toolkit.baselines.answers import BY_SIMILARITY, Rows, answered

LABELS = ("no", "yes")
PAIRS = [("John Smith", "JOHN SMITH"), ("Ann Lee", "Ann Lee"), ("John Smith", "Ann Lee"), ("Bo", "Zoë")]
FIT = Rows(PAIRS, [1, 1, 0, 0])  # type: ignore[arg-type]


@pytest.mark.parametrize("name", BY_SIMILARITY)
def test_alike_is_yes_whatever_the_case(name: str) -> None:
    found = answered(name, FIT, [("Maria Garcia", "maria garcia"), ("Maria Garcia", "Tom Bo")], LABELS)
    assert found.predicted == [1, 0]
    assert found.fit.startswith("no, yes from 0.")


def test_edit_distance_is_that_over_the_longer_text() -> None:
    """One letter of four apart is 0.75 alike: just above, and just below, a cut of 0.75 and 0.76."""
    low, high = (Rows([("abcd", "abcx"), ("a" * 50, "a" * k + "b" * (50 - k))], [1, 0]) for k in (37, 25))
    assert answered("edit_distance", low, [("abcd", "abcx")], LABELS).fit == "no, yes from 0.745"
    assert answered("edit_distance", high, [("abcd", "abcx")], LABELS).fit == "no, yes from 0.625"


def test_a_class_that_no_similarity_is_for_is_told_as_such() -> None:
    half, none, whole = ("ab", "ax"), ("a", "x"), ("a", "a")
    fit = Rows([half, half, half, none, whole], [2, 0, 1, 1, 1])
    found = answered("edit_distance", fit, [whole, half], ("no", "partial", "yes"))
    assert found == ([1, 0], "no, partial from 0.750, yes never")


def test_the_majority_is_that_of_the_rows_it_is_fitted_to() -> None:
    fit = Rows([("a", "b")] * 3, [0, 1, 1])
    assert answered("majority", fit, [("x", "x"), ("y", "z")], LABELS) == ([1, 1], "always yes, 0.667 of the rows")


def test_the_recipe_knows_every_baseline() -> None:
    assert {"majority", *BY_SIMILARITY} == set(schema.WITHOUT_MODEL)
