"""What a process is seen to read."""

from __future__ import annotations

import mmap
from pathlib import Path

from zoosmith.execution.witness import Witness


def test_files_that_are_opened_or_mapped_are_seen_and_what_was_mapped_before_is_not(tmp_path: Path) -> None:
    """A process that is forked inherits the mappings of the one that forked it."""
    early, late, opened, made = (tmp_path / name for name in ("early", "late", "opened", "made"))
    for file in (early, late, opened):
        file.write_bytes(b"bytes")
    with early.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ):
        witness = Witness()
        try:
            opened.read_bytes()
            made.write_bytes(b"bytes")
            made.read_bytes()
            with late.open("rb") as other, mmap.mmap(other.fileno(), 0, access=mmap.ACCESS_READ):
                seen = {path for path in witness.read() if path.is_relative_to(tmp_path)}
        finally:
            witness.stop()
    assert seen == {opened, late}
