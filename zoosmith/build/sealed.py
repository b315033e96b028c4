"""What one run leaves in the store for the next to save it work: rows that are believed while their seal holds.

What the rows say of a file holds while its state is the same. As git does with its index, what was young when it was
looked at is not kept: it might be edited once more within the grain of the file system's times.
Source: git, Documentation/technical/racy-git.txt.
"""

from __future__ import annotations

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

GRAIN_S = 2.0  # the coarsest that file systems count in, FAT's


class Sealed:
    """Rows of JSON by key, in a file of a store. One that is damaged, or of other readers, is as good as no file."""

    def __init__(self, store: Path, file: Path, *readers: Path) -> None:
        """`file` below the folder `store`; `readers` are the modules that make the rows. Nothing is read yet."""
        self.store = store
        self.file = file
        self.readers = readers

    def load(self) -> dict[str, Any]:
        """The rows that were saved last, by whatever process; {} where there are none to be believed."""
        try:
            seal, _, body = (heal.read_regular(self.store / self.file) or b"").partition(b"\n")
            return dict(json.loads(body)) if seal == self._seal(body) else {}
        except (OSError, ValueError):
            return {}

    def save(self, rows: dict[str, Any]) -> None:
        """Put `rows` in the place of what is there; where that cannot be, the next run works anew."""
        body = canonical(rows)
        with suppress(OSError):
            heal.place(self.store / self.file, self._seal(body) + b"\n" + body, self.store)

    def _seal(self, body: bytes) -> bytes:
        """Digest of the rows, and of what they were made by."""
        made_by = b"\0".join(os.fsencode(reader) + reader.read_bytes() for reader in self.readers)
        return hashlib.sha256(sys.version.encode() + made_by + b"\0" + body).hexdigest().encode()


def is_settled(newest: float) -> bool:
    """Whether what was last touched at `newest`, in s, is old enough for a later edit to show in its times."""
    return time.time() - newest > GRAIN_S


def state(seen: os.stat_result) -> list[int]:
    """What tells a file that was changed from one that was not."""
    return [seen.st_dev, seen.st_ino, seen.st_size, seen.st_mtime_ns, seen.st_ctime_ns]
