"""The one look of all plots: sizes in CSS pixels, colours for light and dark, marks that differ without colour.

Colours of data are Okabe and Ito's, which people with any colour blindness tell apart. Source: Okabe and Ito
(2008), Color Universal Design. Each is drawn as a stand-in, which `svg` replaces by a CSS variable.
"""

from __future__ import annotations

import unicodedata
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH = 460
TITLE, BODY, SMALL = 15.0, 13.0, 11.5
MARGIN = 16
HEAD = 52


class Colour(NamedTuple):
    """What is drawn, and what it becomes on white and on dark paper."""

    drawn: str
    light: str
    dark: str


PALETTE = {
    "paper": Colour("#010101", "#ffffff", "#0d1117"),
    "ink": Colour("#010102", "#1f2328", "#f0f6fc"),
    "soft": Colour("#010103", "#59636e", "#9198a1"),
    "grid": Colour("#010104", "#d1d9e0", "#3d444d"),
    "this": Colour("#010105", "#d55e00", "#e69f00"),
    "reference": Colour("#010106", "#0072b2", "#56b4e9"),
    "sibling": Colour("#010107", "#59636e", "#9198a1"),
    "cell": Colour("#010108", "#0072b2", "#56b4e9"),
}
MARKER = {"this": "D", "reference": "s", "sibling": "o"}
SIZE = {"this": 9.0, "reference": 7.5, "sibling": 7.5}
LINE = {"this": "solid", "reference": (0, (5, 2.5)), "sibling": (0, (1, 1.5))}
FONT = "DejaVu Sans"  # travels with matplotlib; wider than what viewers take instead, so labels fit


def drawn(name: str) -> str:
    """The stand-in of a colour of the palette."""
    return PALETTE[name].drawn


@contextmanager
def look() -> Iterator[None]:
    """matplotlib's own defaults with ours on top, whatever a user's matplotlibrc says; as it was afterwards."""
    import matplotlib

    with matplotlib.rc_context(), warnings.catch_warnings():
        matplotlib.rcdefaults()
        matplotlib.rc("axes.spines", right=False, top=False)
        matplotlib.rc("font", family=FONT)
        matplotlib.rc("svg", fonttype="none", hashsalt="zoosmith")
        matplotlib.rc("text", parse_math=False)  # a label may hold dollar signs
        warnings.filterwarnings("ignore", message="Glyph .* missing from")  # viewers have fonts of every script
        yield


def canvas(height: float, title: str, subtitle: str, *, width: float = WIDTH) -> Figure:
    """A figure of so many pixels with title and subtitle at its top left."""
    from matplotlib.figure import Figure

    made = Figure(figsize=(width / 72, height / 72), dpi=72, facecolor=drawn("paper"), edgecolor="none")
    room = width - 2 * MARGIN
    write(made, MARGIN, 24, fitted(title, room, TITLE, bold=True), size=TITLE, bold=True)
    write(made, MARGIN, 42, fitted(subtitle, room, SMALL), size=SMALL, colour="soft")
    return made


def write(
    figure: Figure,
    x: float,
    y: float,
    text: str,
    *,
    size: float = BODY,
    colour: str = "ink",
    bold: bool = False,
    at: str = "left",
    turn: float = 0.0,
) -> None:
    """Text whose baseline starts (or ends, or has its middle) `x` right of and `y` below the top left corner."""
    width, height = figure.get_size_inches() * 72
    figure.text(
        x / width,
        1 - y / height,
        text,
        size=size,
        color=drawn(colour),
        weight="bold" if bold else "normal",
        ha=at,
        va="baseline",
        rotation=turn,
        rotation_mode="anchor",
    )


def axes(figure: Figure, left: float, top: float, right: float, bottom: float) -> Axes:
    """Axes that leave so many pixels free on each side, with horizontal grid lines and quiet ticks."""
    width, height = figure.get_size_inches() * 72
    made = figure.add_axes(
        (left / width, bottom / height, (width - left - right) / width, (height - top - bottom) / height)
    )
    made.set_facecolor("none")
    made.grid(axis="y", color=drawn("grid"), linewidth=1)
    made.set_axisbelow(True)
    made.tick_params(length=4, color=drawn("soft"), labelcolor=drawn("soft"), labelsize=SMALL, which="major")
    made.tick_params(length=0, which="minor", labelbottom=False, labelleft=False)
    made.tick_params(axis="y", length=0, pad=6)
    made.spines["left"].set_visible(False)
    made.spines["bottom"].set_color(drawn("soft"))
    return made


def plain(text: str) -> str:
    """One line of text that XML may hold and that steers no display: what is no such character becomes U+FFFD.

    Joiners stay, which scripts of Iran and India need. Source: XML 1.0 (fifth edition), production 2.
    """
    joined = " ".join(text.split())
    return "".join(c if c.isprintable() or c in "\u200c\u200d" else "\N{REPLACEMENT CHARACTER}" for c in joined)


def width(text: str, size: float, *, bold: bool = False) -> float:
    """Pixels that a line of text takes in the font that it is laid out in. Wide characters take an em."""
    wide = sum(unicodedata.east_asian_width(char) in "WF" for char in text)
    narrow = "".join(char for char in text if unicodedata.east_asian_width(char) not in "WF")
    return size * (wide + _ems(narrow, bold))


@cache
def _ems(text: str, bold: bool) -> float:
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    font = FontProperties(family=FONT, weight="bold" if bold else "normal", size=100)
    return float(text_to_path.get_text_width_height_descent(text, font, ismath=False)[0]) / 100


def fitted(text: str, room: float, size: float, *, bold: bool = False) -> str:
    """The text, plain, and cut with an ellipsis where it is wider than `room` pixels."""
    text = plain(text)
    if width(text, size, bold=bold) <= room:
        return text
    keep = len(text)
    while keep > 1 and width(text[:keep].rstrip() + "…", size, bold=bold) > room:
        keep -= 1
    return text[:keep].rstrip() + "…"
