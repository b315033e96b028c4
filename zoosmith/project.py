"""The user's zoo: the folder with dodo.py, found from any folder inside it."""

from __future__ import annotations

import os
from pathlib import Path


def find_project(start: Path | None = None) -> Path:
    """`$ZOOSMITH_PROJECT`, or the nearest folder at or above `start` with a dodo.py, or `start` itself."""
    if given := os.environ.get("ZOOSMITH_PROJECT"):
        return Path(given).resolve()
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        if (folder / "dodo.py").is_file():
            return folder
    return here
