"""Figures as SVG: one look, light and dark, the same bytes for the same figure.

matplotlib is imported when something is drawn, never before.
"""

from __future__ import annotations

import re
from pathlib import Path

from zoosmith.cards.figures import Confusion, Curves, Figure, Pareto
from zoosmith.contract.errors import ZooError

KEY = re.compile(rb'<svg [^>]*data-figure="([0-9a-f]{64})"')


def draw(figure: Figure, key: str) -> str:
    """The figure as SVG text that carries `key`. Raises ZooError where matplotlib is not installed."""
    try:
        import matplotlib  # noqa: F401
    except ModuleNotFoundError as error:
        raise ZooError("plots are drawn with matplotlib, which is missing; pip install 'zoosmith[build]'") from error
    from zoosmith.plots import confusion, curves, pareto, style, svg

    with style.look():
        match figure:
            case Pareto():
                drawn = pareto.draw(figure)
            case Curves():
                drawn = curves.draw(figure)
            case Confusion():
                drawn = confusion.draw(figure)
    halo = isinstance(figure, Pareto)  # its names may cross bars
    return svg.finish(drawn, title=figure.title, text=figure.text, key=key, halo=halo)


def key_of(file: Path) -> str | None:
    """The key of a drawn figure, without reading all of it; None where there is none."""
    if not file.is_file():
        return None
    with file.open("rb") as opened:
        found = KEY.match(opened.read(400))
    return found[1].decode() if found else None


def sources() -> list[Path]:
    """The modules that decide what a drawing looks like."""
    return sorted(Path(__file__).parent.glob("*.py"))
