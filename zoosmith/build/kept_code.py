"""What was read of modules, kept from one run to the next: most of a build with nothing to do was parsing its own code.

A row holds while the file is the same by inode, size and the times of content and inode in ns, while the files that its
imports led to are there, and those that were looked for in vain are not.
"""

from __future__ import annotations

import atexit
import os
from pathlib import Path
from typing import Any

from zoosmith.build.sealed import Sealed, is_settled, state

FILE = Path("kept", "code.json")  # below the store
Row = list[Any]  # state of the file, what was read of it, places that its imports were looked for at in vain


class KeptCode:
    """Rows by module and zoo, of one store."""

    def __init__(self, store: Path, *readers: Path) -> None:
        """Below the folder `store`; `readers` are the modules that make the rows. Nothing is read yet."""
        self.store = store
        self._file = Sealed(store, FILE, *readers)
        self._process = os.getpid()
        self._rows: dict[str, Row] | None = None
        self._fresh: dict[str, Row] = {}

    def get(self, path: Path, root: Path) -> Any:
        """What was read of a module whose imports are looked up in `root`; None where that may have changed."""
        if self._rows is None:
            self._rows = self._file.load()
        row = self._rows.get(_key(path, root))
        if row is None or row[0] != state(path.stat()) or any(map(os.path.lexists, row[2])):
            return None
        return row[1] if all(map(os.path.isfile, row[1]["imported"])) else None

    def put(self, path: Path, root: Path, seen: os.stat_result, read: dict[str, Any], absent: list[str]) -> None:
        """Keep what was read of a module that `seen` was the state of before, unless it was too young then."""
        if is_settled(max(seen.st_mtime, seen.st_ctime)):
            self._fresh[_key(path, root)] = [state(seen), read, absent]

    def save(self) -> None:
        """Write what is new, beside what others have written meanwhile; the next run reads anew what cannot be kept."""
        if self._fresh and os.getpid() == self._process and self.store.is_dir():
            rows = self._file.load() | self._fresh
            rows = {key: row for key, row in rows.items() if Path(key.partition("\0")[0]).is_file()}
            self._fresh = {}
            self._file.save(rows)


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
