"""Whether a folder holds what was delivered to it: by what the file system says, and by content."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from zoosmith.common.canonical import digest
from zoosmith.store import heal
from zoosmith.store.files import sha256_file
from zoosmith.store.store import Store


def fingerprint(folder: Path, tree: str) -> str:
    """Digest over a tree's own and what the file system says of each thing in the folder, extra ones too.

    The inode and the kernel's time of change are part of it: no tool that copies, edits in place or sets times back
    keeps both.
    """
    return digest([tree, sorted(_seen(folder))])


def faults(store: Store, tree: str, folder: Path) -> list[str]:
    """What lies in the folder that is not as in the tree, byte for byte: one line each."""
    wanted = {entry.path: entry for entry in store.tree(tree) or ()}
    found = {path.relative_to(folder).as_posix(): path for path in _files(folder)}
    lines = [f"{name} is missing" for name in sorted(wanted.keys() - found.keys())]
    for name, path in sorted(found.items()):
        if name not in wanted:
            lines.append(f"{name} is no part of it")
        elif not heal.is_regular(path, wanted[name].size) or sha256_file(path) != wanted[name].sha256:
            lines.append(f"{name} has other bytes")
    return lines


def _seen(folder: Path) -> Iterator[list[str | int]]:
    for path in _files(folder):
        stat = path.lstat()
        yield [
            str(path.relative_to(folder)),
            stat.st_mode,
            stat.st_ino,
            stat.st_size,
            stat.st_mtime_ns,
            stat.st_ctime_ns,
        ]


def _files(folder: Path) -> Iterator[Path]:
    """Everything below the folder but folders; links are not followed, and count themselves."""
    for here, below, names in os.walk(folder):
        yield from (Path(here, name) for name in names)
        yield from (path for name in below if (path := Path(here, name)).is_symlink())
