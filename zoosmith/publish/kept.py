"""What lists show of a registry of many files, kept in the user's cache: found by words, and parsed where it fits.

    {"mark": <digest of the index>, "schema": 1, "sha256": <of all bytes that follow>}
    ["Toy B"]                          names that lists leave out
    ["toy-a","<sha256>",[1, ...]]      a name, the object of its entry, and its brief, or null; one line each

It is used where it is whole and of the index that registry.json has now; so long it says what its leaves say. What
another user could have written is not used at all.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

from zoosmith.common.safe import MAX_JSON_BYTES
from zoosmith.publish import objects
from zoosmith.publish.entries import is_name
from zoosmith.records.brief import Brief
from zoosmith.store.files import write_atomic

SCHEMA = 1
OTHERS = stat.S_IWGRP | stat.S_IWOTH
UTF8 = ("utf-8", "surrogatepass")  # JSON may name halves of a character
TUPLES = [Brief._fields.index(name) for name in ("base", "heads")]


class Lines(Mapping[str, Mapping[str, Any]]):
    """The line of each name in the index, as a leaf has it: `entry` and `brief`."""

    def __init__(self, body: str) -> None:
        """All of the file but its first line."""
        head, *lines = body.rstrip("\n").split("\n")
        self.body = body
        self.left_out: list[str] = json.loads(head)
        self._lines = {_name(line): line for line in lines}

    @classmethod
    def of(cls, leaves: Mapping[str, Any]) -> Lines:
        """Lines that leaves hold; a brief is looked at here, once."""
        briefs = {name: objects.brief_of(line) for name, line in leaves.items()}
        left_out = sorted(name for name, brief in briefs.items() if brief is None or not is_name(name))
        lines = ([name, objects.entry_in(leaves[name]), brief] for name, brief in sorted(briefs.items()))
        return cls("".join(f"{_dumped(line)}\n" for line in (left_out, *lines)))

    def brief(self, name: str) -> Brief | None:
        """What lists show of a name. Raises KeyError."""
        return self.briefs([name])[name]

    def briefs(self, names: Iterable[str]) -> dict[str, Brief | None]:
        """What lists show of names, parsed at once. Raises KeyError."""
        told = json.loads(f"[{','.join(self._lines[name] for name in names)}]")
        return {name: _brief(brief) for name, _, brief in told}

    def holding(self, words: Iterable[str]) -> Iterator[str]:
        """Names of the lines that hold all words, in small letters or large; perhaps of others too."""
        parts = [_dumped(part)[1:-1] for word in words for part in word.lower().split(" ")]
        if not parts:
            yield from self._lines
            return
        lowered = self.body.lower().split("\n")[1:]
        for name, line in zip(self._lines, lowered, strict=False):
            if all(part in line for part in parts):
                yield name

    def __getitem__(self, name: str) -> Mapping[str, Any]:
        """A line, parsed."""
        _, entry, brief = json.loads(self._lines[name])
        return {"entry": entry, "brief": brief}

    def __contains__(self, name: object) -> bool:
        """Whether it is in the index."""
        return name in self._lines

    def __iter__(self) -> Iterator[str]:
        """Names, sorted."""
        return iter(self._lines)

    def __len__(self) -> int:
        """How many there are."""
        return len(self._lines)


def read(file: Path, mark: str | None = None) -> Lines | None:
    """What is kept of the index with this mark, or of whichever was read last; None where nothing is to be used."""
    with suppress(OSError, ValueError, KeyError, TypeError, RecursionError):
        head, _, body = _own(file).partition(b"\n")
        told = json.loads(head)
        known = told["schema"] == SCHEMA and mark in (None, told["mark"])
        if known and told["sha256"] == sha256(body).hexdigest():
            return Lines(body.decode(*UTF8))
    return None


def write(file: Path, mark: str, lines: Lines) -> None:
    """Keep them; a full disk, or a folder of somebody else's, costs only later reads."""
    body = lines.body.encode(*UTF8)
    head = {"mark": mark, "schema": SCHEMA, "sha256": sha256(body).hexdigest()}
    with suppress(OSError):
        write_atomic(file, f"{_dumped(head)}\n".encode() + body)


def _own(file: Path) -> bytes:
    """The bytes of a file that nobody else may write. Raises OSError, for a link and for any other file too."""
    handle = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(handle, "rb") as opened:
        found = os.fstat(handle)
        own = stat.S_ISREG(found.st_mode) and found.st_uid == os.geteuid() and not found.st_mode & OTHERS
        if not own or found.st_size > MAX_JSON_BYTES:
            raise PermissionError(f"{file} is not the user's own")
        return opened.read()


def _brief(told: list[Any] | None) -> Brief | None:
    if told is None:
        return None
    for place in TUPLES:  # which JSON does not have
        told[place] = tuple(told[place])
    return Brief(*told)


def _name(line: str) -> str:
    name = line[2 : line.index('"', 2)]
    return name if "\\" not in name else str(json.loads(line)[0])


def _dumped(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
