"""Rows as canonical JSON lines, one file a split."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import IO, Any

from zoosmith.common.canonical import canonical
from zoosmith.contract.errors import ZooError
from zoosmith.sources.faults import BadRow
from zoosmith.sources.overlap import Texts
from zoosmith.sources.table import Row
from zoosmith.store.files import sha256_file


class Written:
    """The splits that are being written: pieces below `scratch` first, for they may come in any order."""

    def __init__(self, out: Path, scratch: Path, beside: Collection[str] = ()) -> None:
        """Write `<split>.jsonl` below `out`; what an interrupted run left in `scratch` is removed.

        beside: columns that are no part of a text, as the label is none.
        """
        self._out = out
        self._beside = {"label", *beside}
        self._folder = scratch / "pieces"
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(parents=True)
        self._texts = Texts(scratch / "texts")
        self._files: dict[tuple[str, int], IO[bytes]] = {}
        self._rows: dict[str, int] = {}

    def add(self, split: str, order: int, row: Row) -> None:
        """Write a row of a split's piece. Raises BadRow for what JSON cannot hold."""
        line = _line(row)
        if (split, order) not in self._files:
            self._files[split, order] = self._piece(split, order).open("wb")
        self._files[split, order].write(line + b"\n")
        self._rows[split] = self._rows.get(split, 0) + 1
        self._texts.add(split, _line({name: value for name, value in row.items() if name not in self._beside}))

    def finish(self, splits: Sequence[str], for_builders: Collection[str]) -> dict[str, dict[str, Any]]:
        """Put each split together; rows and SHA-256 of each, and for the others how many texts builders see too.

        Raises ZooError for a split without rows.
        """
        for file in self._files.values():
            file.close()
        found = {split: self._joined(split) for split in splits}
        seen = [split for split in splits if split in for_builders]
        for split in splits:
            if split not in for_builders:
                found[split]["texts_seen_by_builders"] = self._texts.shared(split, seen)
        return found

    def _joined(self, split: str) -> dict[str, Any]:
        if split not in self._rows:
            raise ZooError(f"the split {split!r} is empty: there is nothing to train on or to measure")
        file = self._out / f"{split}.jsonl"
        with file.open("wb") as whole:
            for key in sorted(key for key in self._files if key[0] == split):
                with self._piece(*key).open("rb") as piece:
                    shutil.copyfileobj(piece, whole)
                self._piece(*key).unlink()
        return {"rows": self._rows[split], "sha256": sha256_file(file)}

    def _piece(self, split: str, order: int) -> Path:
        return self._folder / f"{split}.{order}"


def _line(row: Row) -> bytes:
    try:
        return canonical(row)
    except UnicodeEncodeError as error:
        found = error.object[error.start]
        raise BadRow(f"half a character (the lone surrogate U+{ord(found):04X}), which UTF-8 cannot hold") from None
    except (ValueError, TypeError) as error:  # numbers that are not finite, dates, bytes
        raise BadRow(f"cannot be written as JSON: {error}") from None
