"""Keys, distances, misspellings and layouts."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoosmith.builtin.person_names.text import Layout, Name, distance, key, misspell, write

words = st.text("abc", max_size=6)


@pytest.mark.parametrize(
    ("word", "expected"),
    [("O'Connor", "oconnor"), ("Zoë", "zoe"), ("Смирнов", "smirnov"), ("Müller", "muller")],
)
def test_key(word, expected):
    assert key(word) == expected


@pytest.mark.parametrize(
    ("a", "b", "edits"),
    [("hansen", "hanson", 1), ("robert", "robret", 1), ("ab", "", 2), ("kitten", "sitting", 3)],
)
def test_distance(a, b, edits):
    assert distance(a, b) == edits


@given(words, words)
def test_distance_is_symmetric_and_zero_for_equals_only(a, b):
    assert distance(a, b) == distance(b, a)
    assert (distance(a, b) == 0) == (a == b)


@given(st.text("abcdefghijklmnopqrstuvwxyz", min_size=2, max_size=12), st.integers())
def test_a_misspelling_is_one_edit_after_the_first_letter(word, seed):
    wrong = misspell(word, random.Random(seed))
    assert wrong[0] == word[0]
    assert distance(word, wrong) == 1


@pytest.mark.parametrize(
    ("layout", "expected"),
    [
        (Layout(), "Zoë A. O'Connor"),
        (Layout("comma"), "O'Connor, Zoë A."),
        (Layout("comma", "upper-surname"), "O'CONNOR, Zoë A."),
        (Layout("swapped"), "Zoë A. O'Connor"),
        (Layout(case="lower", ascii=True, bare=True), "zoe a oconnor"),
        (Layout(case="upper"), "ZOË A. O'CONNOR"),
    ],
)
def test_write(layout, expected):
    assert write(Name("Zoë", "A.", "O'Connor"), layout) == expected


def test_write_parts_alone_and_without_capitals():
    assert write(Name("Zoë", "", "Ott"), Layout("swapped")) == "Ott Zoë"
    assert write(Name("", "", "Ott"), Layout("comma")) == "Ott"
    assert write(Name("ნინო", "", ""), Layout(case="upper")) == "ნინო"
    assert write(Name("ნინო", "", ""), Layout(ascii=True)) == "Nino"
