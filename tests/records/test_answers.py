"""Packed answers: small, exact, and paired only with answers to the same rows."""

from __future__ import annotations

import base64
import zlib
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from zoosmith.records.answers import (
    Answers,
    Floats,
    pack,
    pack_floats,
    packed_answers,
    packed_details,
    paired,
    unpack,
    unpack_floats,
)


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


@given(st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), max_size=60))
def test_numbers_of_32_bits_come_out_again_exactly(values: list[float]) -> None:
    assert unpack_floats(pack_floats(values), len(values)) == values
    assert Floats(n=len(values), packed=pack_floats(values)).values() == values


def test_numbers_are_little_endian_float32_compressed() -> None:
    raw = zlib.decompress(base64.b64decode(pack_floats([1.0, -2.5])))
    assert raw == bytes.fromhex("0000803f000020c0")


DAMAGED = [
    ("G*A=", 1, "no compressed base64"),
    (base64.b64encode(b"plain").decode(), 1, "no compressed base64"),
    (pack_floats([1.0, 2.0]), 1, "1 take 4"),
    (pack_floats([1.0]), 2, "4 bytes or more; 2 take 8"),
    (base64.b64encode(zlib.compress(bytes(10**6))).decode(), 3, "13 bytes or more; 3 take 12"),
    (base64.b64encode(zlib.compress(bytes.fromhex("0000c07f"))).decode(), 1, "not finite"),
]


@pytest.mark.parametrize(("text", "n", "told"), DAMAGED, ids=[case[2] for case in DAMAGED])
def test_damaged_numbers_are_refused_and_a_bomb_is_not_unpacked(text: str, n: int, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        unpack_floats(text, n)
    with pytest.raises(ValidationError, match=told):
        Floats(n=n, packed=text)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 1e39])
def test_what_float32_cannot_hold_is_not_packed(value: float) -> None:
    with pytest.raises(ValueError, match=r"not finite|too large for float32"):
        pack_floats([value])


def test_details_of_classes_hold_packed_answers() -> None:
    told = {"kind": "classes", "labels": ["bad", "good"], "confusion": [[1, 0], [1, 1]], "per_class": {}}
    made = packed_details(told | {"true": [0, 1, 1], "predicted": [0, 1, 0]}, [["a"], ["b"], ["c"]])
    assert made is not None
    assert made.pop("answers") == packed_answers(TEXTS, [0, 1, 1], [0, 1, 0], ("bad", "good")), "as it always was"
    assert made == told


def test_details_of_documents_are_packed_by_name() -> None:
    told: dict[str, Any] = {"kind": "documents", "outcomes": {"nats": [1.5, 2.0], "tokens": [3, 4]}}
    made = packed_details(told, [["one"], ["two"]])
    assert made is not None
    assert {name: Floats.model_validate(one).values() for name, one in made["outcomes"].items()} == told["outcomes"]
    other = packed_details(told, [["one"], ["other"]])
    assert other is not None and made["rows"] != other["rows"], "other documents do not pair"
    with pytest.raises(ValueError, match="'nats' has 2 numbers; expected one for each of 3 documents"):
        packed_details(told, [["one"], ["two"], ["three"]])


def test_a_task_may_have_no_details_or_some_of_its_own() -> None:
    assert packed_details(None, []) is None
    assert packed_details({"kind": "other", "x": 1}, []) == {"kind": "other", "x": 1}


def test_labels_that_differ_by_case_alone_stay_apart() -> None:
    before = packed_answers([("a",), ("b",), ("c",)], [0, 1, 2], [0, 1, 1], ("us", "US", "other"))
    after = packed_answers([("a",), ("b",), ("c",)], [1, 0, 2], [1, 1, 2], ("US", "us", "other"))
    assert paired(before, after) == Counter({(2, 2, 2): 1, (0, 0, 2): 1, (1, 0, 1): 1})  # US, other, us
