"""What others may have put into the folder that a pull works in."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path


def _link(at: Path, to: Path) -> None:
    at.parent.mkdir(parents=True, exist_ok=True)
    at.symlink_to(to)


def _second_name(at: Path, of: Path) -> None:
    at.parent.mkdir(parents=True)
    os.link(of, at)


def _fifo(at: Path) -> None:
    at.parent.mkdir(parents=True)
    os.mkfifo(at)


PLANTS: dict[str, Callable[[Path, Path, str], None]] = {  # (folder of the pull, folder elsewhere, SHA-256 of a file)
    "staging leads away": lambda staging, away, sha: _link(staging, away),
    "parts lead away": lambda staging, away, sha: _link(staging / "parts", away),
    "tree leads away": lambda staging, away, sha: _link(staging / "tree", away),
    "part leads away": lambda staging, away, sha: _link(staging / "parts" / sha, away / "work"),
    "part leads to nothing": lambda staging, away, sha: _link(staging / "parts" / sha, away / "new"),
    "old leads away": lambda staging, away, sha: _link(staging.with_name(f"{staging.name}-old"), away),
    "second name": lambda staging, away, sha: _second_name(staging / "parts" / sha, away / "work"),
    "fifo": lambda staging, away, sha: _fifo(staging / "parts" / sha),
}
WORK = b"somebody's work"
