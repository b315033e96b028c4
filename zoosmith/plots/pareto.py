"""Quality against latency of a family, with the front of what nothing beats."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from zoosmith.cards import figures
from zoosmith.plots import scales, style, svg
from zoosmith.plots.labels import Box, Label, leader, place

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 340, 56, style.MARGIN, 84, 48
WIDE = style.WIDTH - LEFT - RIGHT
LINE_HEIGHT = 16.0
FEW = 9  # up to so many artifacts each has its name and its interval
FIRST = {"this": 0, "reference": 1, "sibling": 2}


def draw(figure: figures.Pareto) -> str:
    """The plot as matplotlib's SVG."""
    made = style.canvas(HEIGHT, figure.title, figure.subtitle)
    ax = style.axes(made, LEFT, TOP, RIGHT, BOTTOM)
    _scale(ax, figure)
    told = tuple(point for point in figure.points if _told(point, figure))
    lead = f"{_metric(figure)}, {figure.better} is better; bars: 95 % interval"
    style.write(made, style.MARGIN, TOP - 14, lead, size=12)
    style.write(made, style.WIDTH - RIGHT, HEIGHT - 12, "p50 latency in ms, lower is better", size=12, at="right")
    if len(told) < len(figure.points):
        style.write(made, style.MARGIN, HEIGHT - 12, "small: the rest of the family", size=12)
    steps = _front(ax, figure)
    for point in figure.points:
        (_mark if point in told else _speck)(ax, point)
    _name(made, ax, told, figure.points, steps)
    return svg.printed(made)


def _told(point: figures.Point, figure: figures.Pareto) -> bool:
    """Whether it has a name: of many artifacts this one, the reference and the front."""
    return len(figure.points) <= FEW or point.front or point.role != "sibling"


def _scale(ax: Axes, figure: figures.Pareto) -> None:
    latencies = [point.ms for point in figure.points]
    log = scales.logarithmic(latencies)
    if log:
        ax.set_xscale("log")
    last = [point for point in figure.points if point.ms == max(latencies) and _told(point, figure)]
    room = max((style.width(_text(point), style.BODY, bold=True) for point in last), default=20) + 20
    ax.set_xlim(*scales.padded(latencies, 40 / (WIDE - 40 - room), room / (WIDE - 40 - room), log=log))
    shown = [y for p in figure.points for y in ((p.low, p.high, p.value) if _told(p, figure) else (p.value,))]
    ax.set_ylim(*scales.padded(shown, 0.08, 0.08, log=False))
    ticks = scales.round_numbers(*scales.padded(latencies, 0.1, 0.1, log=log), log=log)
    scales.set_ticks(ax.xaxis, scales.apart(ax, ticks))
    scales.set_ticks(ax.yaxis, scales.round_numbers(*ax.get_ylim(), log=False))


def _mark(ax: Axes, point: figures.Point) -> None:
    """The artifact with its interval; hollow where another beats it."""
    colour = style.drawn(point.role)
    ax.vlines([point.ms], point.low, point.high, color=colour, linewidth=1.5, zorder=3)
    caps = [point.low, point.high]
    ax.plot([point.ms] * 2, caps, marker="_", markersize=8, markeredgewidth=1.5, color=colour, linestyle="", zorder=3)
    ax.plot(
        [point.ms],
        [point.value],
        marker=style.MARKER[point.role],
        markersize=style.SIZE[point.role],
        markeredgewidth=2,
        markeredgecolor=colour,
        markerfacecolor=colour if point.front else style.drawn("paper"),
        linestyle="",
        clip_on=False,
        zorder=5 if point.role == "this" else 4,
    )


def _speck(ax: Axes, point: figures.Point) -> None:
    """One of many, which the card's table names."""
    colour = style.drawn("soft")
    ax.plot([point.ms], [point.value], marker="o", markersize=4, color=colour, alpha=0.7, linestyle="", zorder=3)


def _metric(figure: figures.Pareto) -> str:
    return figure.metric if figure.unit in ("share", "") else f"{figure.metric} in {figure.unit}"


def _front(ax: Axes, figure: figures.Pareto) -> list[tuple[float, float]]:
    """Draw the staircase on whose worse side, and right of it, everything is beaten; return its corners (ms, value)."""
    front = sorted({(point.ms, point.value) for point in figure.points if point.front})
    corners = [(front[0][0], ax.get_ylim()[figure.better == "lower"])]
    for ms, value in front:
        corners += [(ms, corners[-1][1]), (ms, value)]
    corners.append((ax.get_xlim()[1], front[-1][1]))
    x, y = zip(*corners, strict=True)
    ax.plot(x, y, color=style.drawn("soft"), linewidth=1.25, linestyle=(0, (4, 3)), zorder=2)
    return corners


def _name(
    made: Figure,
    ax: Axes,
    told: tuple[figures.Point, ...],
    points: tuple[figures.Point, ...],
    steps: list[tuple[float, float]],
) -> None:
    """Write the names of those `told` beside their points, over no other one, and the front's name at its end."""
    frame = Box(LEFT, TOP, style.WIDTH - RIGHT + 8, HEIGHT - BOTTOM)
    ordered = sorted(told, key=lambda point: (FIRST[point.role], point.ms, -point.value, point.name))
    texts = [_text(point) for point in ordered]
    labels = [
        Label(
            *_pixels(ax, point.ms, point.value), style.width(text, style.BODY, bold=point.role == "this"), LINE_HEIGHT
        )
        for point, text in zip(ordered, texts, strict=True)
    ]
    end = _pixels(ax, *steps[-1])
    front = Label(end[0] - 40, end[1], style.width("Pareto front", style.SMALL), LINE_HEIGHT)
    marks, bars = _marks(ax, points), [*_bars(ax, told), *_lines(ax, steps)]
    boxes = place(labels, marks, bars, frame)
    boxes += place([front], [*marks, *boxes], bars, frame)
    for point, text, label, box in zip(ordered, texts, labels, boxes, strict=False):
        if line := leader(label, box):
            _leader(made, (label.x, label.y), line)
        style.write(made, box.left, box.bottom - 4, text, bold=point.role == "this")
    style.write(made, boxes[-1].left, boxes[-1].bottom - 4, "Pareto front", size=style.SMALL, colour="soft")


def _text(point: figures.Point) -> str:
    told = f"{point.name} (reference)" if point.role == "reference" else point.name
    return style.fitted(told, 220, style.BODY, bold=point.role == "this")


def _pixels(ax: Axes, x: float, y: float) -> tuple[float, float]:
    """Pixels from the top left corner of the figure."""
    right, up = ax.transData.transform((x, y))
    return float(right), HEIGHT - float(up)


def _marks(ax: Axes, points: tuple[figures.Point, ...]) -> list[Box]:
    """What the points cover."""
    places = [_pixels(ax, point.ms, point.value) for point in points]
    return [Box(x - 7, y - 7, x + 7, y + 7) for x, y in places]


def _bars(ax: Axes, points: tuple[figures.Point, ...]) -> list[Box]:
    """What their intervals cover."""
    ends = [(_pixels(ax, point.ms, point.high), _pixels(ax, point.ms, point.low)) for point in points]
    return [Box(x - 5, top, x + 5, bottom) for (x, top), (_, bottom) in ends]


def _lines(ax: Axes, steps: list[tuple[float, float]]) -> list[Box]:
    """What the staircase covers; its steps are level or upright."""
    corners = [_pixels(ax, x, y) for x, y in steps]
    return [
        Box(min(a[0], b[0]), min(a[1], b[1]), max(a[0], b[0]), max(a[1], b[1])).grown(1) for a, b in pairwise(corners)
    ]


def _leader(made: Figure, start: tuple[float, float], end: tuple[float, float]) -> None:
    from matplotlib.lines import Line2D

    x, y = zip(start, end, strict=True)
    xs, ys = [value / style.WIDTH for value in x], [1 - value / HEIGHT for value in y]
    made.add_artist(Line2D(xs, ys, color=style.drawn("soft"), linewidth=0.75, zorder=1))
