"""A measure over the length of the input or the size of a batch: the artifact and its reference."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zoosmith.cards import figures
from zoosmith.plots import scales, style, svg
from zoosmith.plots.labels import spread

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

HEIGHT, LEFT, TOP, BOTTOM = 300, 56, 84, 48
DODGE = {"this": 1.0, "reference": 1.03, "sibling": 0.97}


def draw(figure: figures.Curves) -> str:
    """The plot as matplotlib's SVG."""
    names = [_name(series) for series in figure.series]
    right = 14 + style.MARGIN + max(style.width(name, style.BODY, bold=True) for name in names)
    made = style.canvas(HEIGHT, figure.title, figure.subtitle)
    ax = style.axes(made, LEFT, TOP, right, BOTTOM)
    _scale(ax, figure)
    style.write(made, style.MARGIN, TOP - 14, figure.y_label, size=12)
    style.write(made, style.WIDTH - right, HEIGHT - 12, figure.x_label, size=12, at="right")
    for series in figure.series:
        _line(ax, series)
    _label(made, ax, figure.series, names, style.WIDTH - right + 12)
    return svg.printed(made)


def _name(series: figures.Series) -> str:
    told = f"{series.name} (reference)" if series.role == "reference" else series.name
    return style.fitted(told, 170, style.BODY, bold=True)


def _scale(ax: Axes, figure: figures.Curves) -> None:
    """Both axes show ratios where they span several-fold; else the upright one starts at nothing."""
    samples = [sample for series in figure.series for sample in series.samples]
    xs = sorted({float(sample.x) for sample in samples})
    tops = [sample.y if sample.p95 is None else sample.p95 for sample in samples]
    if scales.logarithmic(xs):
        ax.set_xscale("log", base=2)
    ax.set_xlim(*scales.padded(xs, 0.05, 0.05, log=scales.logarithmic(xs)))
    ys = [sample.y for sample in samples] + tops
    log = scales.logarithmic(ys)
    if log:
        ax.set_yscale("log")
    ax.set_ylim(*(scales.padded(ys, 0.08, 0.08, log=True) if log else (0, max(ys) * 1.08 or 1.0)))
    scales.set_ticks(ax.yaxis, scales.round_numbers(*ax.get_ylim(), log=log))
    scales.set_ticks(ax.xaxis, scales.apart(ax, xs))


def _line(ax: Axes, series: figures.Series) -> None:
    colour = style.drawn(series.role)
    dodge = DODGE[series.role] if ax.get_xscale() == "log" else 1.0
    xs, ys = [sample.x * dodge for sample in series.samples], [sample.y for sample in series.samples]
    this = series.role == "this"
    line = style.LINE[series.role]
    ax.plot(xs, ys, color=colour, linewidth=2.25 if this else 1.75, linestyle=line, zorder=4 if this else 3)
    ax.plot(
        xs,
        ys,
        marker=style.MARKER[series.role],
        markersize=style.SIZE[series.role] - 1.5,
        markeredgewidth=1.75,
        markeredgecolor=colour,
        markerfacecolor=colour if this else style.drawn("paper"),
        linestyle="",
        clip_on=False,
        zorder=5,
    )
    for x, sample in zip(xs, series.samples, strict=True):
        if sample.p95 is not None:
            ax.vlines([x], sample.y, sample.p95, color=colour, linewidth=1.25, zorder=2)
            ax.plot([x], [sample.p95], marker="_", markersize=7, markeredgewidth=1.25, color=colour, zorder=2)


def _label(made: Figure, ax: Axes, series: tuple[figures.Series, ...], names: list[str], x: float) -> None:
    """Name each curve at its right end."""
    ends = [HEIGHT - float(ax.transData.transform((each.samples[-1].x, each.samples[-1].y))[1]) for each in series]
    for each, name, y in zip(series, names, spread(ends, 18, TOP + 6, HEIGHT - BOTTOM - 6), strict=True):
        style.write(made, x, y + 4.5, name, bold=each.role == "this")
