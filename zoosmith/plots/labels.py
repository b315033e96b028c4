"""Where labels go: beside their points, over nothing else, inside the frame. Plain geometry in pixels, y downwards."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

RINGS = (12.0, 20.0, 32.0, 46.0, 62.0, 80.0, 100.0, 124.0, 150.0, 180.0)
DIRECTIONS = (0, 180, 90, 270, 45, 315, 135, 225, 22, 338, 158, 202, 67, 293, 113, 247)
GAP = 2.0
CLEAR = 14.0
COVERING = 16.0


class Box(NamedTuple):
    """A rectangle by its edges."""

    left: float
    top: float
    right: float
    bottom: float

    def overlaps(self, other: Box) -> bool:
        """Whether they share more than an edge."""
        return (
            self.left < other.right and other.left < self.right and self.top < other.bottom and other.top < self.bottom
        )

    def within(self, other: Box) -> bool:
        """Whether no part of it is outside `other`."""
        return (
            self.left >= other.left
            and self.top >= other.top
            and self.right <= other.right
            and self.bottom <= other.bottom
        )

    def grown(self, by: float) -> Box:
        """The box with so much more on each side."""
        return Box(self.left - by, self.top - by, self.right + by, self.bottom + by)


class Label(NamedTuple):
    """A text of `width` by `height` that belongs to the point (x, y)."""

    x: float
    y: float
    width: float
    height: float


def place(labels: Sequence[Label], taken: Iterable[Box], avoided: Sequence[Box], frame: Box) -> list[Box]:
    """A box for each label, near its point, in the order given: the first chooses first.

    No label covers what is `taken`. One that covers nothing of what is `avoided`, and is clearly nearer to its own
    point than to another one, is preferred. Where nothing is free near the point the frame is searched; where nothing
    is free at all, labels may overlap.
    """
    full = [*taken]
    found = []
    for label in labels:
        rivals = [(other.x, other.y) for other in labels if (other.x, other.y) != (label.x, label.y)]
        free = [box for box in _near(label) if _free(box, full, frame)]
        costs = [_cost(box, label, rivals) + COVERING * sum(map(box.overlaps, avoided)) for box in free]
        box = free[costs.index(min(costs))] if free else None
        box = box or next((b for b in _anywhere(label, frame) if _free(b, full, frame)), _beside(label, 0, RINGS[0]))
        found.append(box)
        full.append(box.grown(GAP))
    return found


def _near(label: Label) -> Iterator[Box]:
    for distance in RINGS:
        for angle in DIRECTIONS:
            yield _beside(label, angle, distance)


def _anywhere(label: Label, frame: Box) -> list[Box]:
    """Boxes all over the frame, the nearest first."""
    rows = range(int(frame.top), int(frame.bottom - label.height), 4)
    columns = range(int(frame.left), int(frame.right - label.width), 8)
    anywhere = [Box(x, y, x + label.width, y + label.height) for y in rows for x in columns]
    return sorted(anywhere, key=lambda box: (math.dist(_middle(box), (label.x, label.y)), box))


def _beside(label: Label, angle: float, distance: float) -> Box:
    """The box that begins `distance` from the point in the direction of `angle` (degrees) and leads away from it."""
    across, down = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    left = label.x + across * distance - label.width * _share(across)
    top = label.y + down * distance - label.height * _share(down)
    return Box(left, top, left + label.width, top + label.height)


def _share(towards: float) -> float:
    """How much of a box lies before the place where it begins: half of it where the direction is straight."""
    return 0.5 if abs(towards) < 0.3 else float(towards < 0)


def _free(box: Box, full: Sequence[Box], frame: Box) -> bool:
    return box.within(frame) and not any(box.overlaps(other) for other in full)


def _middle(box: Box) -> tuple[float, float]:
    return ((box.left + box.right) / 2, (box.top + box.bottom) / 2)


def _cost(box: Box, label: Label, rivals: Sequence[tuple[float, float]]) -> float:
    """How far it is from its point, in whole pixels, and how easily it is taken for the label of another one."""
    own = round(_distance(box, label.x, label.y))
    return own + sum(max(0.0, own + CLEAR - _distance(box, x, y)) for x, y in rivals)


def _distance(box: Box, x: float, y: float) -> float:
    return math.dist((x, y), (min(max(x, box.left), box.right), min(max(y, box.top), box.bottom)))


def leader(label: Label, box: Box) -> tuple[float, float] | None:
    """Where a line from the point should end at the box; None where the label is near enough without one."""
    end = (min(max(label.x, box.left), box.right), min(max(label.y, box.top), box.bottom))
    return end if _distance(box, label.x, label.y) > RINGS[1] + 1 else None


def spread(wanted: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Positions near the wanted ones, at least `gap` apart and from `low` to `high` where there is room."""
    order = sorted(range(len(wanted)), key=lambda i: (wanted[i], i))
    placed = [min(max(value, low), high) for value in wanted]
    for before, after in pairwise(order):
        placed[after] = max(placed[after], placed[before] + gap)
    limit = high
    for i in reversed(order):
        placed[i] = min(placed[i], limit)
        limit = placed[i] - gap
    return placed
