"""What was read of modules, kept from one run to the next: most of a build with nothing to do was parsing its own code.

A row holds while the file is the same by inode, size and the times of content and inode in ns, while the files that its
imports led to are there, and those that were looked for in vain are not. As git does with its index, what was young
when it was looked at is not kept: it might be edited once more within the grain of the file system's times.
Source: git, Documentation/technical/racy-git.txt.
"""

from __future__ import annotations

import atexit
import hashlib
import json
import os
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from zoosmith.common.canonical import canonical
from zoosmith.store import heal

FILE = Path("kept", "code.json")  # below the store
GRAIN_S = 2.0  # the coarsest that file systems count in, FAT's
Row = list[Any]  # state of the file, what was read of it, places that its imports were looked for at in vain


class KeptCode:
    """Rows by module and zoo, of one store. A file that is damaged, or of another version of the reader, is no file."""

    def __init__(self, store: Path, *readers: Path) -> None:
        """Below the folder `store`; `readers` are the modules that make the rows. Nothing is read yet."""
        self.store = store
        self.readers = readers
        self._process = os.getpid()
        self._rows: dict[str, Row] | None = None
        self._fresh: dict[str, Row] = {}

    def get(self, path: Path, root: Path) -> Any:
        """What was read of a module whose imports are looked up in `root`; None where that may have changed."""
        if self._rows is None:
            self._rows = self._load()
        row = self._rows.get(_key(path, root))
        if row is None or row[0] != state(path.stat()) or any(map(os.path.lexists, row[2])):
            return None
        return row[1] if all(map(os.path.isfile, row[1]["imported"])) else None

    def put(self, path: Path, root: Path, seen: os.stat_result, read: dict[str, Any], absent: list[str]) -> None:
        """Keep what was read of a module that `seen` was the state of before, unless it was too young then."""
        if time.time() - max(seen.st_mtime, seen.st_ctime) > GRAIN_S:
            self._fresh[_key(path, root)] = [state(seen), read, absent]

    def save(self) -> None:
        """Write what is new, beside what others have written meanwhile; the next run reads anew what cannot be kept."""
        if self._fresh and os.getpid() == self._process and self.store.is_dir():
            rows = self._load() | self._fresh
            rows = {key: row for key, row in rows.items() if Path(key.partition("\0")[0]).is_file()}
            self._fresh = {}
            with suppress(OSError):
                heal.place(self.store / FILE, self._sealed(canonical(rows)), self.store)

    def _load(self) -> dict[str, Row]:
        try:
            seal, _, body = (heal.read_regular(self.store / FILE) or b"").partition(b"\n")
            return dict(json.loads(body)) if seal == self._seal(body) else {}
        except (OSError, ValueError):
            return {}

    def _sealed(self, body: bytes) -> bytes:
        return self._seal(body) + b"\n" + body

    def _seal(self, body: bytes) -> bytes:
        """Digest of the rows, and of what they were made by."""
        made_by = b"\0".join(os.fsencode(reader) + reader.read_bytes() for reader in self.readers)
        return hashlib.sha256(sys.version.encode() + made_by + b"\0" + body).hexdigest().encode()


def state(seen: os.stat_result) -> list[int]:
    """What tells a file that was changed from one that was not."""
    return [seen.st_dev, seen.st_ino, seen.st_size, seen.st_mtime_ns, seen.st_ctime_ns]


def missing(file: Path) -> str:
    """What has to appear before there can be such a file: the topmost of its folders that is not there, or itself."""
    there = file
    while not os.path.lexists(there.parent):
        there = there.parent
    return str(there)


def _key(path: Path, root: Path) -> str:
    return f"{path}\0{root}"


def save_at_exit(kept: KeptCode) -> None:
    """When this process ends in order, and not in the processes that it starts."""
    atexit.register(kept.save)
