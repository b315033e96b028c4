"""Lines of text files, counted as editors count them."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from pathlib import Path

from zoosmith.contract.errors import ZooError

OTHERS = {
    codecs.BOM_UTF32_LE: "UTF-32", codecs.BOM_UTF32_BE: "UTF-32", codecs.BOM_UTF16_LE: "UTF-16",
    codecs.BOM_UTF16_BE: "UTF-16",
}  # fmt: skip
LFS = b"version https://git-lfs.github.com/spec/"


def lines_of(file: Path) -> Iterator[tuple[int, str]]:
    """Number, from 1, and text of each line, its end included, without a byte order mark.

    Raises ZooError naming file and line for what is not UTF-8.
    """
    number = 0
    with file.open("rb") as whole:
        for chunk in whole:
            for line in chunk.splitlines(keepends=True):  # a lone carriage return ends one too
                number += 1
                yield number, _decoded(file, number, line if number > 1 else _start(file, line))


def _start(file: Path, line: bytes) -> bytes:
    """The first line without a mark. Raises ZooError for a file that is no text in UTF-8 by its first bytes."""
    for mark, name in OTHERS.items():
        if line.startswith(mark):
            raise ZooError(f"{file}:1: the file is {name}; save it as UTF-8, such as by `iconv -f {name} -t UTF-8`")
    if b"\0" in line:
        how = "UTF-16BE" if line.startswith(b"\0") else "UTF-16LE"
        raise ZooError(
            f"{file}:1: the line holds zero bytes: the file is UTF-16 without a mark, or no text; if it is text, save "
            f"it as UTF-8, such as by `iconv -f {how} -t UTF-8`"
        )
    refuse_pointer(file, line)
    return line.removeprefix(codecs.BOM_UTF8)


def refuse_pointer(file: Path, start: bytes) -> None:
    """Raise ZooError for a file that git-lfs has not fetched yet, by its first bytes."""
    if start.startswith(LFS):
        raise ZooError(f"{file}:1: a pointer of git-lfs, not the file itself; `git lfs pull` fetches it")


def _decoded(file: Path, number: int, line: bytes) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError as error:
        bad, before = line[error.start], line[: error.start].decode()
        seen = line.decode("cp1252", errors="replace").strip()[:60]
        raise ZooError(
            f"{file}:{number}: unreadable row: byte 0x{bad:02X} after {len(before)} characters is not UTF-8; in "
            f"Latin-1 (Windows-1252) the line reads {seen!r}; if that is right, `iconv -f WINDOWS-1252 -t UTF-8` "
            "converts the file"
        ) from None
