"""A registry of one file becomes one of many (`zoosmith.publish.objects`)."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from zoosmith.contract.errors import ZooError
from zoosmith.publish import objects
from zoosmith.publish.ledger import InFolder
from zoosmith.publish.opening import FILE, folder_url
from zoosmith.store.files import write_atomic
from zoosmith.store.locks import flock


class Migrated(NamedTuple):
    """What was written: artifacts, files (0 where it was of this form already) and their bytes."""

    folder: str
    artifacts: int
    files: int
    size: int


def migrate(location: str) -> Migrated:
    """Write the objects, then registry.json over the old one. Raises ZooError for what is no folder with a registry."""
    base = folder_url(location)
    folder = Path(unquote(urlsplit(base).path))
    if urlsplit(base).scheme != "file" or not (folder / FILE).is_file():
        raise ZooError(f"{location} is no folder with a {FILE}; a registry is migrated where it lies")
    if (folder / "dodo.py").is_file():
        raise ZooError(
            f"{folder} is a zoo, whose registry is kept in git as one file; migrate the folder it publishes to"
        )
    with flock(folder / ".lock"):
        book = InFolder(folder)
        if book.root is not None:
            return Migrated(str(folder), len(list(book.names())), 0, 0)
        root, made = objects.whole(book.registry)
        files = size = 0
        for digest, data in made:
            _write(folder / objects.path_of(digest), data)
            files, size = files + 1, size + len(data)
        os.sync()  # one for all: tens of thousands of files, none of which is named before this
        write_atomic(folder / FILE, root.text())
    return Migrated(str(folder), len(book.registry.artifacts), files, size)


def _write(path: Path, data: bytes) -> None:
    """An object, unless it is there whole: a migration that was ended goes on."""
    if path.is_file() and path.read_bytes() == data:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
