"""What a process really read: files that Python opened or imported, and what native libraries have mapped.

Python tells it to audit hooks (PEP 578: the events `open`, `import`, `sqlite3.connect`, `socket.connect` and those of
programs that are started), the kernel in /proc/self/maps (proc_pid_maps(5)). What is forked tells the same through a
file without a name. What a library reads by system calls of its own and has closed again is not seen, and of a program
only itself and the files that its words name.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

READ, MADE = b"r", b"w"
PROGRAMS = ("subprocess.Popen", "os.system", "os.posix_spawn")


class Witness:
    """Hears of every file that this process opens from now on. A process cannot let go of an audit hook."""

    def __init__(self) -> None:
        """Begin to listen."""
        self.opened: dict[str, None] = {}
        self.written: set[str] = set()
        self.connected: set[str] = set()
        self._before = set(mapped())
        self._process, self._forked = os.getpid(), tempfile.TemporaryFile(buffering=0)  # noqa: SIM115  # `stop` ends it
        self._inode = os.fstat(self._forked.fileno()).st_ino
        self._hears = True
        sys.addaudithook(self._hear)

    def stop(self) -> None:
        """Listen no more, and take what forked processes have told."""
        self._hears = False
        with self._forked as told:
            for line in os.pread(told.fileno(), os.fstat(told.fileno()).st_size, 0).split(b"\0")[:-1]:
                self._keep(os.fsdecode(line[1:]), line[:1])

    def read(self) -> list[Path]:
        """Files that were opened for reading or are mapped, and are no folders.

        What was written first is left out, and so is what was mapped before: a process that is forked inherits that.
        """
        found = dict.fromkeys([*self.opened, *(name for name in mapped() if name not in self._before)])
        return [path for name in found if name not in self.written and (path := Path(name)).is_file()]

    def _hear(self, event: str, given: tuple[Any, ...]) -> None:
        if not self._hears:
            return
        if event == "open":
            self._hear_open(given[0], given[2])
        elif event == "import" and given[1]:  # a library's file; modules in Python are opened
            self._note(os.path.abspath(given[1]))  # noqa: PTH100  # of a string, at every import
        elif event == "sqlite3.connect":
            self._hear_open(given[0], os.O_RDONLY)
        elif event in PROGRAMS:
            self._hear_program(given[:2], given[2] if event == "subprocess.Popen" else None)
        elif event == "socket.connect" and isinstance(given[1], tuple):
            self.connected.add(str(given[1][0]))

    def _hear_program(self, given: tuple[Any, ...], folder: Any) -> None:
        """A program that is started in a folder reads, as far as one can tell, itself and what its words name."""
        told = [word for each in given for word in (each if isinstance(each, list | tuple) else [each])]
        texts = [os.fsdecode(word) for word in told if isinstance(word, str | bytes | os.PathLike)]
        for word in {part.strip("'\"") for text in texts for part in (text, *text.split())}:
            file = os.path.join(os.fsdecode(folder or ""), word)  # noqa: PTH118  # of a string, which may be no path
            if os.path.isfile(file):  # noqa: PTH113
                self._hear_open(file, os.O_RDONLY)

    def _hear_open(self, path: Any, flags: Any) -> None:
        if not isinstance(path, str | bytes | os.PathLike):
            return
        name = os.path.abspath(os.fsdecode(path))  # noqa: PTH100  # as above
        flags = flags if isinstance(flags, int) else os.O_RDONLY
        if name not in self.opened and (flags & (os.O_TRUNC | os.O_EXCL) or not os.path.lexists(name)):
            self._note(name, MADE)  # here: what is read of it later is our own
        elif flags & os.O_ACCMODE != os.O_WRONLY:
            self._note(name)

    def _note(self, name: str, how: bytes = READ) -> None:
        if self._keep(name, how) and os.getpid() != self._process:
            with suppress(
                OSError
            ):  # a full disk; or the process has closed what it was given, perhaps for another file
                if os.fstat(self._forked.fileno()).st_ino == self._inode:
                    os.write(self._forked.fileno(), how + os.fsencode(name) + b"\0")

    def _keep(self, name: str, how: bytes) -> bool:
        """Whether it is new."""
        if how == MADE:
            new = name not in self.written
            self.written.add(name)
            return new
        return name not in self.opened and self.opened.setdefault(name) is None


def mapped() -> list[str]:
    """Files that this process has mapped now."""
    try:
        lines = Path("/proc/self/maps").read_text().splitlines()
    except OSError:
        return []
    found = (line.split(maxsplit=5) for line in lines)
    return [parts[5] for parts in found if len(parts) == 6 and parts[5].startswith("/") and not _is_shared(parts[1])]


def _is_shared(rights: str) -> bool:
    """Whether a mapping is there to be written to, as a library's own database is: no input."""
    return "w" in rights and "s" in rights


def outside(files: Iterable[Path], homes: Iterable[Path]) -> list[Path]:
    """Those of the files that lie below none of the folders, by their name and by where links lead."""
    kept = [str(home) for home in {*homes, *(home.resolve() for home in homes)}]
    below = tuple(f"{home.rstrip('/')}/" for home in kept)
    names = [file for file in files if not str(file).startswith(below) and str(file) not in kept]
    return [file for file in names if not str(file.resolve()).startswith(below)]
