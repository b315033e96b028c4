"""How many texts two splits share, counted in memory that does not grow with the rows.

Digests of texts go to files, each to the one of its first bits, so that a text meets its like in the same file.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Collection
from pathlib import Path

SIZE = 16  # bytes of a digest: two of 10**12 texts are taken for one with a probability of 10**-15
BUCKETS = 64
HELD = 1 << 15  # bytes of one bucket that wait in memory


class Texts:
    """Digests of texts by split, in files below a folder that is made anew."""

    def __init__(self, folder: Path) -> None:
        """Keep files in `folder`; what an interrupted run left there is removed."""
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        self._folder = folder
        self._waiting: dict[tuple[str, int], bytearray] = {}

    def add(self, split: str, text: bytes) -> None:
        """Remember a text of a split."""
        digest = hashlib.blake2b(text, digest_size=SIZE).digest()
        key = split, digest[0] % BUCKETS
        waiting = self._waiting.setdefault(key, bytearray())
        waiting += digest
        if len(waiting) >= HELD:
            self._flush(key)

    def shared(self, split: str, others: Collection[str]) -> int:
        """How many different texts of `split` stand in one of `others` too."""
        return sum(
            len(self._digests(split, i) & set().union(*(self._digests(other, i) for other in others)))
            for i in range(BUCKETS)
        )

    def _flush(self, key: tuple[str, int]) -> None:
        with self._file(*key).open("ab") as file:
            file.write(self._waiting.pop(key))

    def _digests(self, split: str, bucket: int) -> set[bytes]:
        if (split, bucket) in self._waiting:
            self._flush((split, bucket))
        file = self._file(split, bucket)
        data = file.read_bytes() if file.is_file() else b""
        return {data[i : i + SIZE] for i in range(0, len(data), SIZE)}

    def _file(self, split: str, bucket: int) -> Path:
        return self._folder / f"{split}.{bucket}"
