"""Keys, words and distances."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoosmith.builtin.person_names.text import distance, is_initial, key, words

letters = st.text("abc", max_size=6)


@pytest.mark.parametrize(
    ("word", "expected"),
    [("O'Connor", "oconnor"), ("Zoë", "zoe"), ("Смирнов", "smirnov"), ("Müller", "muller")],
)
def test_key(word, expected):
    assert key(word) == expected


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        ("van der Berg", ["Berg"]),
        ("García López", ["García", "López"]),
        ("Anne-Marie", ["Anne", "Marie"]),
        ("De", ["De"]),
    ],
)
def test_words_without_particles(part, expected):
    assert words(part) == expected


@pytest.mark.parametrize(("part", "yes"), [("J.", True), ("Ж", True), ("Jo", False), ("", False)])
def test_an_initial_is_one_letter(part, yes):
    assert is_initial(part) is yes


@pytest.mark.parametrize(
    ("a", "b", "edits"),
    [("hansen", "hanson", 1), ("robert", "robret", 1), ("ab", "", 2), ("kitten", "sitting", 3)],
)
def test_distance(a, b, edits):
    assert distance(a, b) == edits


@given(letters, letters)
def test_distance_is_symmetric_and_zero_for_equals_only(a, b):
    assert distance(a, b) == distance(b, a)
    assert (distance(a, b) == 0) == (a == b)
