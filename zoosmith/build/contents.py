"""What files and folders hold, as digests that are computed again only where the file system tells of a change.

Digests of what is large are kept in the store: a base of many GB is read for its key once, not by every command.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from zoosmith.build.sealed import Sealed, is_settled, state
from zoosmith.common.canonical import digest
from zoosmith.common.text import not_utf8, show
from zoosmith.common.units import sized
from zoosmith.contract.errors import ZooError
from zoosmith.sources.pick import below
from zoosmith.store.files import sha256_file

FILE = Path("kept", "contents.json")  # below the store
LARGE = 32 * 10**6  # bytes that take longer to hash than a kept digest takes to find
LONG = 2 * 10**9  # bytes that take more than 2 s

Seen = list[list[Any]]
DigestOf = Callable[[Path], str]


class Contents:
    """Digests by path and by how they are made, remembered."""

    def __init__(self, store: Path) -> None:
        """Of what is large in the folder `store` too. Nothing was looked at yet."""
        self._store = store
        self._file = Sealed(store, FILE, Path(__file__))
        self._known: dict[str, tuple[Seen, str]] = {}

    def digest(self, path: Path, digest_of: DigestOf) -> str:
        """`digest_of(path)`, computed again where the file system tells of a change."""
        seen = signature(path)
        found = self._remembered(_key(path, digest_of), seen)
        return self._read(path, seen, digest_of) if found is None else found

    def is_soon_told(self, path: Path, digest_of: DigestOf) -> bool:
        """Whether the digest is known, or what lies at `path` is small."""
        seen = signature(path)
        return _size(seen) < LARGE or self._remembered(_key(path, digest_of), seen) is not None

    def _remembered(self, key: str, seen: Seen) -> str | None:
        if key not in self._known and _size(seen) >= LARGE and key in (kept := self._file.load()):
            self._known[key] = (kept[key][0], kept[key][1])
        known = self._known.get(key)
        return known[1] if known and known[0] == seen else None

    def _read(self, path: Path, seen: Seen, digest_of: DigestOf) -> str:
        if _size(seen) >= LONG:
            show(f"reading {path.name}, {sized(_size(seen))}, for what it holds; once, until it changes", to=sys.stderr)
        found = digest_of(path)
        self._known[_key(path, digest_of)] = (seen, found)
        if _size(seen) >= LARGE and self._store.is_dir() and is_settled(_newest(seen)) and signature(path) == seen:
            self._keep(_key(path, digest_of), [seen, found])
        return found

    def _keep(self, key: str, row: list[Any]) -> None:
        rows = self._file.load() | {key: row}
        self._file.save({key: row for key, row in rows.items() if Path(key.partition("\0")[0]).exists()})


def folder_digest(path: Path) -> str:
    """Digest of a file's bytes, or of all files below a folder. Raises ZooError where there is none."""
    if path.is_file():
        return sha256_file(path)
    if not path.is_dir():
        raise ZooError(f"{path} does not exist; the recipe names it as `path:`")
    return digest([[file.as_posix(), sha256_file(path / file)] for file in files_below(path)])


def files_below(folder: Path) -> list[Path]:
    """Files below a folder of rows, relative and sorted; links to files are followed, as a hub's cache has them.

    Raises ZooError for links to folders and to nothing, special files, and names that are no UTF-8.
    """
    found = []
    for path in sorted(folder.rglob("*")):
        name, linked = path.relative_to(folder), path.is_symlink()
        if not_utf8([str(name)]):
            raise ZooError(f"{str(path)!a}: its name is no UTF-8; call it otherwise, or move it out of {folder}")
        if path.is_file():
            found.append(name)
        elif linked or not path.is_dir():
            what = "a link to a folder" if path.is_dir() else "a link to nothing" if linked else "a special file"
            raise ZooError(f"{path} is {what}: put files there, or links to files, or move it out of {folder}")
    return found


def signature(path: Path) -> Seen:
    """What the file system says of a file, or of all below a folder; links are followed, as they are for the digest."""
    files = [os.path.join(path, name) for name in below(path)]  # noqa: PTH118  # often
    found: Seen = []
    for file in files or [str(path)]:
        with suppress(OSError):
            found.append([file, *state(os.stat(file))])  # noqa: PTH116
    return sorted(found)


def _size(seen: Seen) -> int:
    return sum(row[3] for row in seen)


def _newest(seen: Seen) -> float:
    return float(max(max(row[4:6]) for row in seen)) / 1e9


def _key(path: Path, digest_of: DigestOf) -> str:
    return f"{path}\0{digest_of.__module__}.{digest_of.__qualname__}"
