"""Where the links of a card lead on its page, and which files go with it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote, unquote

from zoosmith.common import safe
from zoosmith.contract.errors import ZooError
from zoosmith.site import svg
from zoosmith.site.markdown import outside

CARRIED = (
    ".svg",
    ".png",
    ".jpg",
    ".jpeg",
    ".webp",
    ".gif",
    ".csv",
    ".json",
    ".txt",
)  # none that runs when opened: svg.py reads each SVG


class Links:
    """Links of the cards in one folder. `files` collects what the cards name below it, by path.

    `refused` gives the reason for each drawing that is more than one, by path.
    """

    def __init__(self, folder: Path, pages: Mapping[str, str]) -> None:
        """`pages` gives the page of each card by the card's file name."""
        self.folder = folder
        self.pages = pages
        self.files: dict[str, Path] = {}
        self.refused: dict[str, str] = {}

    def __call__(self, target: str) -> str | None:
        """What a page names instead of `target`; None where that leads nowhere."""
        if target.startswith("#") or outside(target):
            return target
        path, _, anchor = target.partition("#")
        plain = unquote(path)
        if plain in self.pages:
            return quote(self.pages[plain]) + (f"#{anchor}" if anchor else "")
        source = self._source(plain)
        if source is None or not self._only_draws(plain, source):
            return None
        self.files[plain] = source
        return quote(plain)

    def _only_draws(self, plain: str, source: Path) -> bool:
        if plain in self.files or source.suffix.lower() != ".svg":
            return True
        if plain not in self.refused and (fault := svg.fault(source)):
            self.refused[plain] = fault
        return plain not in self.refused

    def _source(self, path: str) -> Path | None:
        """The file below the cards' folder, or None: paths, and links of the file system, never lead out of it."""
        try:
            source = self.folder / safe.path(path)
        except ZooError:
            return None
        inside = source.resolve().is_relative_to(self.folder.resolve())
        return source if inside and source.is_file() and source.suffix.lower() in CARRIED else None
