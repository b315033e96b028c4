"""The plot of a family page: one family at full width, with the names that matter and without what squashes the rest.

Names are placed for two widths; a style sheet shows one set or the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from zoosmith.plots.labels import Box, Label, leader, place
from zoosmith.records import words
from zoosmith.site import plots
from zoosmith.site.family import Family
from zoosmith.site.gallery import Group, Item

SIZES = {"roomy": (1000.0, 380.0), "tight": (285.0, 380.0)}  # pixels of the plot's area that names are placed for
LETTER, LINE = 6.9, 15.0  # pixels of 12 px type
MARK = 7.0  # pixels from the middle of a mark to its edge
MOST = {"roomy": 16, "tight": 9}  # names, the most important first
FAR = 10  # times the margin: what is worse by more stands below the plot, in words


class Name(NamedTuple):
    """A name beside its dot: offsets in pixels from the dot, SVG's text-anchor, and where a leader ends."""

    dot: plots.Dot
    text: str
    role: str
    dx: float
    dy: float
    anchor: str
    line: tuple[float, float] | None


class Wide(NamedTuple):
    """A plot with `names` by width, and the items that are too far off to be drawn: worse by more than `far`."""

    plot: plots.Plot
    names: dict[str, list[Name]]
    left_out: list[Item]
    far: str


def wide(family: Family, group: Group, by: str) -> Wide:
    """The plot of `group`, the artifacts of one family on the host that leads, `by` latency or size."""
    near = [item for item in group.items if not _far(item)] or list(group.items)
    drawn = Group(group.compared, group.host, near)
    few = len(near) <= plots.FEW
    plot = plots.draw(drawn, by, plots.scales(near, by, intervals=few), ticks=6)
    names = {width: _names(plot, family, *size, MOST[width]) for width, size in SIZES.items()}
    left_out = [item for item in group.items if item not in near]
    far = [words.exactly(FAR * q.matters, q.unit) for item in left_out if (q := item.quality) and q.matters]
    return Wide(plot, names, left_out, far[0] if far else "")


def _far(item: Item) -> bool:
    """Whether it is surely worse than the reference by so much that it would squash the rest of a linear axis."""
    quality, change = item.quality, item.change
    if quality is None or change is None or quality.matters is None or plots.apart(item):
        return False
    return change.gain(quality.sign).high < -FAR * quality.matters


def _names(plot: plots.Plot, family: Family, width: float, height: float, most: int) -> list[Name]:
    """What is chosen first, then the reference, then the rest of the front from the left."""
    wishes = family.wishes
    wanted = [dot for dot in plot.dots if dot.item.name in wishes or dot.item.is_reference or dot.best]
    wanted.sort(key=lambda dot: (dot.item.name not in wishes, not dot.item.is_reference, dot.x))
    wanted = wanted[:most]
    texts = [text_of(dot.item) for dot in wanted]
    labels = [
        Label(dot.x * width / 100, dot.y * height / 100, len(text) * LETTER, LINE)
        for dot, text in zip(wanted, texts, strict=True)
    ]
    marks = [_around(dot.x * width / 100, dot.y * height / 100) for dot in plot.dots]
    frame = Box(-20, -16, width + 12, height - 4)
    boxes = place(labels, marks, _lines(plot, width, height), frame)
    return [
        _name(dot, text, label, box, wishes) for dot, text, label, box in zip(wanted, texts, labels, boxes, strict=True)
    ]


def text_of(item: Item) -> str:
    """The name within its family, short; the reference is told as such."""
    name = item.row.artifact if len(item.row.artifact) <= 24 else item.row.artifact[:23] + "\N{HORIZONTAL ELLIPSIS}"
    return f"{name} (reference)" if item.is_reference else name


def _name(dot: plots.Dot, text: str, label: Label, box: Box, wishes: dict[str, list[str]]) -> Name:
    role = "chosen" if dot.item.name in wishes else "reference" if dot.item.is_reference else "front"
    end = leader(label, box)
    line = (round(end[0] - label.x, 1), round(end[1] - label.y, 1)) if end else None
    if box.left >= label.x:
        at, anchor = box.left, "start"
    elif box.right <= label.x:
        at, anchor = box.right, "end"
    else:
        at, anchor = (box.left + box.right) / 2, "middle"
    return Name(dot, text, role, round(at - label.x, 1), round(box.bottom - 4 - label.y, 1), anchor, line)


def _around(x: float, y: float) -> Box:
    return Box(x - MARK, y - MARK, x + MARK, y + MARK)


def _lines(plot: plots.Plot, width: float, height: float) -> Sequence[Box]:
    """What the front covers; its steps are level or upright."""
    scaled = [
        (x1 * width / 100, y1 * height / 100, x2 * width / 100, y2 * height / 100) for x1, y1, x2, y2 in plot.front
    ]
    return [Box(min(x1, x2) - 1, min(y1, y2) - 1, max(x1, x2) + 1, max(y1, y2) + 1) for x1, y1, x2, y2 in scaled]
