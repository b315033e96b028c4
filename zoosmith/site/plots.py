"""Plots of quality against latency or size, as numbers for the templates."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from zoosmith.site import chart
from zoosmith.site.gallery import Group, Item, latency
from zoosmith.stats.pareto import front as front_of

NOMINAL_PX = (520, 250)  # labels are placed for a plot of this size; narrower pages hide them
MINI_TICKS = 3
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
    """Both axes."""

    x: chart.Axis
    y: chart.Axis


def scales(items: Sequence[Item], by: str, *, intervals: bool) -> Scales:
    """Axes around the items: x logarithmic; y around the values, or around their intervals."""
    ends = [end for item in items for end in _ends(item, intervals)]
    return Scales(chart.axis(map(X[by], items), log=True), chart.axis(ends, flipped=True))


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
    return Plot(group, by, dots, front, [], axes.x.ticks(ticks), axes.y.ticks(ticks), len(items) <= FEW)


def _distinct(points: Sequence[tuple[float, float]], best: Sequence[int]) -> list[int]:
    """Of equal points on the front the first, so that a step has a length."""
    return [i for place, i in enumerate(best) if place == 0 or points[i] != points[best[place - 1]]]


def minis(group: Group) -> list[Plot]:
    """A small plot of latency for each family of a group, all on the same axes."""
    few = len(group.items) <= FEW
    axes = scales(group.items, "latency", intervals=few)
    return [draw(family, "latency", axes)._replace(intervals=few) for family in by_family(group)]


def by_family(group: Group) -> list[Group]:
    """The group split by recipe, sorted."""
    recipes = sorted({item.row.recipe for item in group.items})
    return [Group(group.compared, group.host, [i for i in group.items if i.row.recipe == id]) for id in recipes]


def _ends(item: Item, intervals: bool) -> tuple[float, ...]:
    assert item.quality is not None
    return (item.quality.value, *item.quality.bounds) if intervals else (item.quality.value,)


def _dot(item: Item, x: float, y: float, axes: Scales, best: bool) -> Dot:
    assert item.quality is not None
    low, high = (axes.y.at(end) for end in item.quality.bounds)
    return Dot(item, axes.x.at(x), axes.y.at(y), low, high, best)


def _steps(best: Sequence[Dot]) -> Iterator[Line]:
    """From each dot level to the next one's x, then up or down to it; from the last to the right edge."""
    for here, there in pairwise(best):
        yield here.x, here.y, there.x, here.y
        yield there.x, here.y, there.x, there.y
    yield best[-1].x, best[-1].y, 100.0, best[-1].y
