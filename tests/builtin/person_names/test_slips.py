"""Misspellings."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoosmith.builtin.person_names.slips import misspell
from zoosmith.builtin.person_names.text import distance


@given(st.text("abcdefghijklmnopqrstuvwxyz", min_size=2, max_size=12), st.integers())
def test_a_misspelling_is_near_and_keeps_the_first_letter(word, seed):
    wrong = misspell(word, random.Random(seed))
    assert wrong[0] == word[0]
    assert 1 <= distance(word, wrong) <= 2


@pytest.mark.parametrize("wrong", ["Kolomon", "Solomoniki", "Solomqn", "Solom0n", "Solornon", "Soolomon", "Slomon"])
def test_slips_misreadings_and_mishearings_occur(wrong):
    made = {misspell("Solomon", random.Random(seed)) for seed in range(3000)}
    assert (wrong in made) is (wrong in ("Solomqn", "Solom0n", "Solornon", "Soolomon", "Slomon"))


@pytest.mark.parametrize(("word", "heard"), [("Marcus", "Markus"), ("Josef", "Joseph"), ("Meier", "Mieer")])
def test_what_sounds_alike_is_exchanged(word, heard):
    assert heard in {misspell(word, random.Random(seed)) for seed in range(3000)}


def test_a_word_of_one_script_without_slips_of_a_keyboard_still_goes_wrong():
    assert misspell("ნინო", random.Random(1)) != "ნინო"
