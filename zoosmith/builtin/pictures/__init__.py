"""Drawn pictures with questions that have one right answer, so that models that see are measured without a hub.

`color` is one plain colour, as in many a first test of such models, which any of them passes; `colors`, `count` and
`position` need a look: which colour is where, how many squares, in which corner. As many rows of each kind.
"""

from __future__ import annotations

import random

from pydantic import Field

from zoosmith.builtin.pictures.kinds import KINDS
from zoosmith.common.picture import data_url, png
from zoosmith.contract.params import Params as BaseParams

REQUIRES = ()
LABELS = ()
COLUMNS = {"image": "image", "question": "question", "answer": "answer"}
SLICES = ("kind",)
LICENSE = "apache-2.0"
Row = dict[str, str]


class Params(BaseParams):
    """Rows of each kind in `eval`, and the seed of the draw; kinds: those that are drawn, all if empty."""

    rows: int = Field(default=50, ge=1)
    seed: int = 7
    kinds: tuple[str, ...] = ()


def generate(params: Params) -> dict[str, list[Row]]:
    """Split -> rows with image (a data URL), question, answer and kind. Raises ValueError for a kind that is none."""
    if unknown := sorted(set(params.kinds) - KINDS.keys()):
        raise ValueError(f"kinds: {unknown[0]!r} is none of {', '.join(KINDS)}")
    made = []
    for kind in params.kinds or KINDS:
        draw = random.Random(f"{params.seed}:{kind}")
        for i in range(params.rows):
            drawn = KINDS[kind](draw, i)
            picture = data_url(png(drawn.pixels, drawn.palette))
            made.append({"image": picture, "question": drawn.question, "answer": drawn.answer, "kind": kind})
    return {"eval": made}
