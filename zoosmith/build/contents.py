"""What files and folders hold, as digests that are computed again only where the file system tells of a change."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from zoosmith.common.canonical import digest
from zoosmith.contract.errors import ZooError
from zoosmith.store.files import payload, sha256_file


class Contents:
    """Digests by path, remembered."""

    def __init__(self) -> None:
        """Nothing was looked at yet."""
        self._known: dict[Path, tuple[list[Any], str]] = {}

    def digest(self, path: Path, digest_of: Callable[[Path], str]) -> str:
        """`digest_of(path)`, computed again where the file system tells of a change."""
        seen = signature(path)
        if path not in self._known or self._known[path][0] != seen:
            self._known[path] = (seen, digest_of(path))
        return self._known[path][1]


def folder_digest(path: Path) -> str:
    """Digest of a file's bytes, or of all files below a folder. Raises ZooError where there is none."""
    if path.is_file():
        return sha256_file(path)
    if not path.is_dir():
        raise ZooError(f"{path} does not exist; the recipe names it as `path:`")
    return digest([[file.as_posix(), sha256_file(path / file)] for file in payload(path)])


def signature(path: Path) -> list[Any]:
    """What the file system says of a file, or of all below a folder."""
    files = [os.path.join(here, name) for here, _, names in os.walk(path) for name in names]  # noqa: PTH118  # often
    found = []
    for file in files or [str(path)]:
        with suppress(OSError):
            s = os.stat(file)  # noqa: PTH116
            found.append((file, s.st_ino, s.st_size, s.st_mtime_ns, s.st_ctime_ns))
    return sorted(found)
