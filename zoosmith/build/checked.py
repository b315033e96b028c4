"""Recipes that were found right need no second check while they, and the code that judged them, stay as they are.

A check imports every builder, task and runtime that a recipe names, which takes as long as all else that listing tasks
does. What is kept is one digest of what went into the check: where it differs, or cannot be read, all is checked anew.
What a user's plug-in imports from folders of its own in the zoo is not part of it; an artifact's own parameters are
validated once more when it is built.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import pydantic

from zoosmith.common.canonical import digest
from zoosmith.plugins import KINDS, PACKAGE
from zoosmith.store import heal

KEPT = Path("artifacts", ".checked")
TICK_S = 0.02  # longer than a tick of the kernel, the grain of a file's times


def fingerprint(project: Path, texts: Mapping[str, str]) -> str:
    """Digest of the recipes' texts by file, and of path, size and time of change of each file that judges them."""
    homes = [PACKAGE, KINDS["builders"], *(project / kind for kind in KINDS)]
    return digest(
        {
            "recipes": dict(texts),
            "code": sorted({line for home in homes for line in _code(home)} | set(_beside(project))),
            "packages": [sys.version, pydantic.VERSION],
            "project": (project / "dodo.py").is_file(),  # without it the folder's own plug-ins count for nothing
        }
    )


def is_known(project: Path, mark: str) -> bool:
    """Whether recipes and code with this fingerprint were found right before."""
    try:
        return heal.read_regular(project / KEPT) == mark.encode()
    except OSError:
        return False


def remember(project: Path, mark: str) -> None:
    """Keep a fingerprint; where nothing can be written, the next run checks again."""
    with suppress(OSError):
        heal.place(project / KEPT, mark.encode(), (project / KEPT).parent)


def _beside(project: Path) -> Iterator[str]:
    """The modules beside dodo.py, which plug-ins may import."""
    return (_state(str(file)) for file in project.glob("*.py") if file.is_file())


def _code(home: Path | str) -> Iterator[str]:
    with suppress(OSError), os.scandir(home) as entries:
        for entry in entries:
            if entry.is_dir():
                yield from _code(entry.path) if entry.name != "__pycache__" and not entry.is_symlink() else ()
            elif entry.name.endswith(".py"):
                with suppress(FileNotFoundError):  # a link to nothing, as editors keep beside a file that is open
                    yield _state(entry.path)


def _state(path: str) -> str:
    """Size and times of a file, once an edit from now on would show in them: of a young one that takes a tick."""
    stat = os.stat(path)  # noqa: PTH116  # hundreds of files in each command
    while 0 <= time.time() - max(stat.st_mtime, stat.st_ctime) <= TICK_S:
        time.sleep(TICK_S)
        stat = os.stat(path)  # noqa: PTH116
    return f"{path} {stat.st_size} {stat.st_mtime_ns} {stat.st_ctime_ns}"
