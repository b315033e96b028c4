"""Records of an eval whose rows have a `kind`, with answers that a test counts by hand."""

from __future__ import annotations

from typing import Any

from tests.support import records
from zoosmith.records.membership import packed
from zoosmith.records.schema import Measurement
from zoosmith.records.scores import Quality

# 10 typos of which 5 are right, 20 nicknames of which 18 are right, and one title, which is right.
KINDS = ["typo"] * 10 + ["nickname"] * 20 + ["title"]
TRUE = [i % 2 for i in range(31)]
WRONG = {0, 1, 2, 3, 4, 10, 11}
MINE = [1 - t if i in WRONG else t for i, t in enumerate(TRUE)]
THEIRS = [1 - t if i in {0, 29} else t for i, t in enumerate(TRUE)]


def quality(predicted: list[int] = MINE, kinds: list[str] = KINDS) -> dict[str, Any]:
    """Scores of the eval `toy`, sliced by `kind`."""
    right = sum(a == b for a, b in zip(TRUE, predicted, strict=True)) / len(TRUE)
    made = records.quality(right, n=len(TRUE), answers=records.answered(TRUE, predicted))
    return made | {"slices": {"kind": packed(kinds).model_dump()}}


def scored(predicted: list[int] = MINE, kinds: list[str] = KINDS) -> Quality:
    return Quality.model_validate(quality(predicted, kinds))


def measurement(name: str = "toy-onnx-int8", kinds: list[str] = KINDS, **changed: Any) -> Measurement:
    """An artifact that answered `MINE` beside a reference that answered `THEIRS`."""
    versus = records.versus()
    versus["toy"]["answers"] = records.answered(TRUE, THEIRS).model_dump()
    told = {"quality": {"toy": quality(kinds=kinds)}, "versus": versus}
    return records.measurement(name, **(told | changed))
