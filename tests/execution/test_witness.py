"""What a process is seen to read."""

from __future__ import annotations

import mmap
import os
import sqlite3
import subprocess
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


def test_a_program_and_what_its_words_name_is_seen_and_a_database_too(tmp_path: Path) -> None:
    """What they read themselves no hook tells."""
    names = ("word", "two words", "shell", "below", "script", "made")
    word, spaced, shell, below, script, made = (tmp_path / name for name in names)
    for file in (word, spaced, shell, below):
        file.write_text("text")
    script.write_text("#!/bin/sh\n")
    script.chmod(0o755)
    rows = tmp_path / "rows"
    sqlite3.connect(rows).close()
    witness = Witness()
    try:
        subprocess.run(["cat", word, spaced, "no file"], check=False, capture_output=True)
        subprocess.run(f"cat '{shell}' > {made}", shell=True, check=True)
        subprocess.run(["cat", below.name], cwd=tmp_path, check=True, capture_output=True)
        os.system(str(script))
        sqlite3.connect(rows).close()
        seen = {path for path in witness.read() if path.is_relative_to(tmp_path)}
    finally:
        witness.stop()
    assert seen == {word, spaced, shell, below, script, rows}


def test_what_a_forked_process_reads_is_seen_and_what_it_makes_is_its_own(tmp_path: Path) -> None:
    (tmp_path / "opened").write_text("text")
    witness = Witness()
    process = os.fork()
    if process == 0:
        (tmp_path / "made").write_text("text")
        for name in ("made", "opened", "opened"):
            (tmp_path / name).read_text()
        os._exit(0)
    assert os.waitpid(process, 0)[1] == 0
    witness.stop()
    assert {path for path in witness.read() if path.is_relative_to(tmp_path)} == {tmp_path / "opened"}
