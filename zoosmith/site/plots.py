"""Plots of quality against latency or size, as numbers for the templates."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from zoosmith.contract.metric import DIVERGENCES
from zoosmith.site import chart
from zoosmith.site.gallery import Compared, Group, Item, latency
from zoosmith.stats.pareto import front as front_of

NOMINAL_PX = (520, 250)  # labels are placed for a plot of this size; narrower pages hide them
MINI_TICKS = 3
DECADES = 20  # times the least divergence: from there on an axis is logarithmic
APART = 6.0  # percent between marks
FEW = 12  # up to so many dots intervals are drawn too
X = {"latency": latency, "size": lambda item: item.row.size_total / 1e6}
Line = tuple[float, float, float, float]  # x1, y1, x2, y2 in percent


class Dot(NamedTuple):
    """An artifact in a plot, in percent; `low` and `high` are the ends of its interval."""

    item: Item
    x: float
    y: float
    low: float
    high: float
    best: bool


class Plot(NamedTuple):
    """A plot: `by` is latency or size, `front` the lines that join what nothing beats."""

    group: Group
    by: str
    dots: list[Dot]
    front: list[Line]
    labels: list[tuple[Dot, chart.Label]]
    x_ticks: list[chart.Tick]
    y_ticks: list[chart.Tick]
    intervals: bool


class Scales(NamedTuple):
    """Both axes. `least`: what is smaller is drawn there; it stands for 0 on a logarithmic axis."""

    x: chart.Axis
    y: chart.Axis
    least: float = -math.inf

    def up(self, value: float) -> float:
        """Where a figure of quality stands, in percent."""
        return self.y.at(max(value, self.least))

    def up_ticks(self, about: int) -> list[chart.Tick]:
        """Marks on the upright axis, 0 among them where it has one."""
        ticks = self.y.ticks(about)
        if self.least <= 0:
            return ticks
        zero = chart.Tick("0", self.y.at(self.least))
        return [zero, *(tick for tick in ticks if zero.at - tick.at > APART)]


def scales(items: Sequence[Item], by: str, *, intervals: bool) -> Scales:
    """Axes around the items: x logarithmic; y around the values, or around their intervals.

    Divergences that are orders of magnitude apart get a logarithmic axis too, with 0, which the reference has, below.
    """
    x, ends = chart.axis(map(X[by], items), log=True), [end for item in items for end in _ends(item, intervals)]
    if not all(map(apart, items)):
        return Scales(x, chart.axis(ends, flipped=True))
    values = [item.quality.value for item in items if item.quality and item.quality.value > 0]
    if not values or max(values) < DECADES * min(values):
        return Scales(x, chart.axis(ends, flipped=True))
    least = min(values) / 3
    return Scales(x, chart.axis([least, *(end for end in ends if end > least)], log=True, flipped=True), least)


def apart(item: Item) -> bool:
    """Whether its headline is a divergence from the reference that is 0 at best, such as KL."""
    compared = item.compared
    return compared is not None and compared.lower and compared.metric.partition(".")[2] in DIVERGENCES


def plot(group: Group, by: str) -> Plot:
    """A plot of a whole group, with labels on the front where they fit."""
    few = len(group.items) <= FEW
    drawn = draw(group, by, scales(group.items, by, intervals=few), ticks=5)
    wanted = [(i, dot.item.name) for i, dot in enumerate(drawn.dots) if dot.best]
    placed = chart.labels(wanted, [(dot.x, dot.y) for dot in drawn.dots], *NOMINAL_PX)
    return drawn._replace(labels=[(drawn.dots[label.point], label) for label in placed])


def draw(group: Group, by: str, axes: Scales, ticks: int = MINI_TICKS) -> Plot:
    """A plot of a group on given axes, without labels."""
    x_of: Callable[[Item], float] = X[by]
    items = sorted(group.items, key=x_of)
    points = [(x_of(item), item.quality.value if item.quality else 0.0) for item in items]
    best = _distinct(points, front_of(points, lower=group.compared.lower))
    dots = [_dot(item, x, y, axes, i in best) for i, (item, (x, y)) in enumerate(zip(items, points, strict=True))]
    front = list(_steps([dots[i] for i in best]))
    return Plot(group, by, dots, front, [], axes.x.ticks(ticks), axes.up_ticks(ticks), len(items) <= FEW)


def _distinct(points: Sequence[tuple[float, float]], best: Sequence[int]) -> list[int]:
    """Of equal points on the front the first, so that a step has a length."""
    return [i for place, i in enumerate(best) if place == 0 or points[i] != points[best[place - 1]]]


def minis(groups: Sequence[Group]) -> list[Plot]:
    """A small plot of latency for each group; those of one metric, data set and host are on the same axes."""
    shared: dict[tuple[Compared, str], list[Item]] = {}
    for group in groups:
        shared.setdefault((group.compared, group.host), []).extend(group.items)
    few = {key: len(items) <= FEW for key, items in shared.items()}
    axes = {key: scales(items, "latency", intervals=few[key]) for key, items in shared.items()}
    keys = [(group.compared, group.host) for group in groups]
    return [
        draw(group, "latency", axes[key])._replace(intervals=few[key]) for group, key in zip(groups, keys, strict=True)
    ]


def _ends(item: Item, intervals: bool) -> tuple[float, ...]:
    assert item.quality is not None
    return (item.quality.value, *item.quality.bounds) if intervals else (item.quality.value,)


def _dot(item: Item, x: float, y: float, axes: Scales, best: bool) -> Dot:
    assert item.quality is not None
    low, high = (axes.up(end) for end in item.quality.bounds)
    return Dot(item, axes.x.at(x), axes.up(y), low, high, best)


def _steps(best: Sequence[Dot]) -> Iterator[Line]:
    """From each dot level to the next one's x, then up or down to it; from the last to the right edge."""
    for here, there in pairwise(best):
        yield here.x, here.y, there.x, here.y
        yield there.x, here.y, there.x, there.y
    yield best[-1].x, best[-1].y, 100.0, best[-1].y
