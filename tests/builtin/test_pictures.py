"""Drawn pictures show what their answers say."""

from __future__ import annotations

import io
from collections import Counter
from typing import Any

import pytest

from zoosmith.builtin.pictures import Params, generate
from zoosmith.builtin.pictures.kinds import COLOURS, CORNERS, MOST
from zoosmith.common.picture import of_data_url

ROWS = generate(Params(rows=24))["eval"]


def pixels(row: dict[str, str]) -> Any:
    from PIL import Image

    return Image.open(io.BytesIO(of_data_url(row["image"]))).convert("RGB")


def of_kind(kind: str) -> list[dict[str, str]]:
    return [row for row in ROWS if row["kind"] == kind]


def test_the_same_rows_come_again_and_another_seed_draws_others() -> None:
    assert generate(Params(rows=24))["eval"] == ROWS
    assert generate(Params(rows=24, seed=8))["eval"] != ROWS


def test_each_kind_has_as_many_rows_and_each_answer_its_turn() -> None:
    assert set(Counter(row["kind"] for row in ROWS).values()) == {24}
    assert Counter(row["answer"] for row in of_kind("count")) == {str(i): 4 for i in range(1, MOST + 1)}
    assert Counter(row["answer"] for row in of_kind("position")) == dict.fromkeys(CORNERS, 6)


def test_a_plain_picture_has_the_colour_of_its_answer() -> None:
    for row in of_kind("color"):
        assert pixels(row).getcolors() == [(64 * 64, COLOURS[row["answer"]])]


def test_the_half_that_is_asked_for_has_the_colour_of_its_answer() -> None:
    for row in of_kind("colors"):
        at = 5 if "left half" in row["question"] else 60
        assert pixels(row).getpixel((at, 30)) == COLOURS[row["answer"]]


def test_as_many_squares_are_drawn_as_the_answer_says() -> None:
    for row in of_kind("count"):
        painted = sum(n for n, colour in pixels(row).getcolors() if colour != COLOURS["white"])
        assert painted == int(row["answer"]) * 15 * 15


def test_the_square_is_in_the_corner_of_the_answer() -> None:
    for row in of_kind("position"):
        left, top, right, bottom = pixels(row).convert("L").point(lambda v: 255 * (v < 250)).getbbox()
        down, across = CORNERS[row["answer"]]
        assert ((top + bottom) / 2 > 32, (left + right) / 2 > 32) == (bool(down), bool(across))


def test_a_kind_that_is_none_is_told() -> None:
    with pytest.raises(ValueError, match="'coulour' is none of color, colors, count, position"):
        generate(Params(kinds=("coulour",)))
