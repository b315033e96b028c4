"""Counts by true class and answer: numbers in cells, shaded by the share of their row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zoosmith.cards import figures
from zoosmith.plots import style, svg

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LARGEST, SMALLEST, NARROWEST = 84.0, 34.0, 400.0
ROOMY = 56.0
LABEL, GAP, SLANT = 130.0, 8.0, 45.0
DARKEST = 0.55  # ink stays readable on it: contrast above 4.5 in both schemes (WCAG 2.2, criterion 1.4.3)
DIGIT_SIZES = (13.0, 12.0, 11.0, 10.0, 9.0, 8.0, 7.0, 6.0)


def draw(figure: figures.Confusion) -> str:
    """The plot as matplotlib's SVG. It is as wide as its classes need, and never narrower than other plots."""
    labels = [style.fitted(label, LABEL, style.BODY) for label in figure.labels]
    widest = max(style.width(label, style.BODY) for label in labels)
    left = style.MARGIN + 20 + widest + GAP
    cell = min(LARGEST, max(SMALLEST, (style.WIDTH - left - style.MARGIN) / len(labels)))
    level = widest <= cell - 6
    top = style.HEAD + 26 + (18 if level else widest * 0.71 + 14)
    right = style.MARGIN if level else style.MARGIN + widest * 0.71
    across = max(NARROWEST, left + cell * len(labels) + right)
    made = style.canvas(top + cell * len(labels) + style.MARGIN, figure.title, figure.subtitle, width=across)
    _cells(made, figure.counts, left, top, cell)
    _names(made, labels, left, top, cell, level=level)
    return svg.printed(made)


def _cells(made: Figure, counts: tuple[tuple[int, ...], ...], left: float, top: float, cell: float) -> None:
    size = next((s for s in DIGIT_SIZES if _longest(counts, s) <= cell - 4), DIGIT_SIZES[-1])
    for i, row in enumerate(counts):
        for j, count in enumerate(row):
            share = count / max(sum(row), 1)
            x, y = left + j * cell, top + i * cell
            _square(made, x, y, cell, share, right=i == j)
            lift = 7 if cell >= ROOMY else 0
            style.write(
                made, x + cell / 2, y + cell / 2 + size * 0.36 - lift, str(count), size=size, at="center", bold=i == j
            )
            if cell >= ROOMY:
                style.write(made, x + cell / 2, y + cell / 2 + 18, f"{share:.1%}", size=11, at="center", colour="ink")


def _longest(counts: tuple[tuple[int, ...], ...], size: float) -> float:
    return max(style.width(str(count), size, bold=True) for row in counts for count in row)


def _square(made: Figure, x: float, y: float, cell: float, share: float, *, right: bool) -> None:
    """One cell; right answers have a frame, so that they are seen without colour."""
    from matplotlib.patches import Rectangle

    across, down = made.get_size_inches() * 72
    inset = 1.5
    corner = ((x + inset) / across, 1 - (y + cell - inset) / down)
    side = cell - 2 * inset
    shape = {"xy": corner, "width": side / across, "height": side / down, "transform": made.transFigure}
    made.add_artist(Rectangle(**shape, facecolor=style.drawn("cell"), alpha=share * DARKEST, edgecolor="none"))
    edge = ("ink", 1.5) if right else ("grid", 0.75)
    made.add_artist(Rectangle(**shape, facecolor="none", edgecolor=style.drawn(edge[0]), linewidth=edge[1]))


def _names(made: Figure, labels: list[str], left: float, top: float, cell: float, *, level: bool) -> None:
    middle = cell * len(labels) / 2
    style.write(made, left, style.HEAD + 18, "answered", size=12, colour="soft")
    style.write(made, style.MARGIN + 8, top + middle, "true class", size=12, colour="soft", at="center", turn=90)
    for i, label in enumerate(labels):
        centre = i * cell + cell / 2
        style.write(made, left - GAP, top + centre + 4.5, label, at="right")
        if level:
            style.write(made, left + centre, top - GAP, label, at="center")
        else:
            style.write(made, left + centre + 4, top - GAP, label, turn=SLANT)
