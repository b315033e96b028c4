"""Split expressions: names, slices, and several of them."""

from __future__ import annotations

import re

import pytest

from zoosmith.recipes.splits import EXPRESSION, Part, parts


def test_parts_keep_their_order() -> None:
    assert parts("train[:2000] + train[-50:]+extra") == [
        Part("train[:2000]", "train", None, 2000),
        Part("train[-50:]", "train", -50, None),
        Part("extra", "extra"),
    ]
    assert re.fullmatch(EXPRESSION, "train[:2000] + train[-50:]+extra")
    assert [part.whole for part in parts("a+a[:]+a[0:]+a[1:]+a[:-1]")] == [True, True, True, False, False]


@pytest.mark.parametrize(
    "text", ["", "test[1", "train[:2]+", "train[:10%]", "train[1:2:3]", "train[5]", "[1:2]", "train[-:]", " "]
)
def test_what_is_no_part_is_told(text: str) -> None:
    assert not re.fullmatch(EXPRESSION, text)
    with pytest.raises(ValueError, match=r"is not NAME or NAME\[START:STOP\]"):
        parts(text)
