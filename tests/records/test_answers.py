"""Packed answers: small, exact, and paired only with answers to the same rows."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from zoosmith.records.answers import Answers, pack, packed_answers, paired, unpack


@st.composite
def answered(draw: st.DrawFn) -> tuple[list[int], int]:
    classes = draw(st.integers(2, 300))
    return draw(st.lists(st.integers(0, classes - 1), max_size=200)), classes


@given(answered())
def test_what_is_packed_comes_out_again(given: tuple[list[int], int]) -> None:
    indices, classes = given
    assert unpack(pack(indices, classes), len(indices), classes) == indices


def test_packed_by_hand() -> None:
    # Two bits each for three classes: 00 01 10 00 01, filled up to 0001 1000 0100 0000.
    assert pack([0, 1, 2, 0, 1], 3) == "GEA="


def test_an_evaluation_set_takes_a_line() -> None:
    assert len(pack([1] * 872, 2)) == 148
    assert len(pack([2] * 1500, 3)) == 500


@pytest.mark.parametrize(
    ("text", "n", "classes", "told"),
    [("GEA=", 9, 3, "2 bytes; 9 of 3"), ("/w==", 4, 3, "outside 0..2"), ("G*A=", 5, 3, "no base64")],
)
def test_damaged_answers_are_refused(text: str, n: int, classes: int, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        unpack(text, n, classes)


def test_only_classes_are_packed() -> None:
    with pytest.raises(ValueError, match=r"outside 0\.\.1"):
        pack([0, 2], 2)


TEXTS = [("a",), ("b",), ("c",)]


def test_pairs_are_counted_by_label_whatever_the_order_of_the_outputs() -> None:
    first = packed_answers(TEXTS, [0, 1, 1], [0, 1, 0], ("bad", "good"))
    second = packed_answers(TEXTS, [1, 0, 0], [1, 0, 0], ("Good", "Bad"))
    assert paired(first, second) == Counter({(0, 0, 0): 1, (1, 1, 1): 1, (1, 0, 1): 1})


@pytest.mark.parametrize(
    "other",
    [
        packed_answers([("a",), ("b",), ("other",)], [0, 1, 1], [0, 1, 0], ("bad", "good")),
        packed_answers(TEXTS, [0, 1, 0], [0, 1, 0], ("bad", "good")),
        packed_answers(TEXTS[:2], [0, 1], [0, 1], ("bad", "good")),
        packed_answers(TEXTS, [0, 1, 1], [0, 1, 0], ("bad", "good", "fair")),
    ],
    ids=["other text", "other truth", "fewer rows", "other labels"],
)
def test_answers_to_other_rows_are_not_paired(other: Answers) -> None:
    assert paired(packed_answers(TEXTS, [0, 1, 1], [0, 1, 0], ("bad", "good")), other) is None


def test_a_record_with_damaged_answers_is_refused() -> None:
    sound = packed_answers(TEXTS, [0, 1, 1], [0, 1, 0], ("bad", "good")).model_dump()
    with pytest.raises(ValidationError, match="3 of 2 classes take 1"):
        Answers.model_validate(sound | {"predicted": "AAAA"})
