"""Writes a card's plots. One is drawn only where its figure, or how figures are drawn, has changed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from zoosmith import plots
from zoosmith.build.codehash import code_digests
from zoosmith.cards.figures import Figure
from zoosmith.common.canonical import digest
from zoosmith.store.files import write_atomic


def write_plots(folder: Path, figures: Mapping[str, Figure]) -> list[Path]:
    """Make `folder` hold exactly these figures as NAME.svg; return what was written or removed.

    Raises ZooError where one is to be drawn and matplotlib is missing.
    """
    code = {name: value for name, value in code_digests(*plots.sources()).items() if name.startswith("zoosmith.plots")}
    changed = []
    for name, figure in figures.items():
        file = folder / f"{name}.svg"
        key = digest([figure.model_dump(mode="json"), code])
        if plots.key_of(file) != key:
            write_atomic(file, plots.draw(figure, key).encode())
            changed.append(file)
    for file in sorted(folder.glob("*.svg")):
        if file.stem not in figures:
            file.unlink()
            changed.append(file)
    return changed
