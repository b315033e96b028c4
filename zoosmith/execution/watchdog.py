"""Child processes that end with their parent, however the parent ends.

The parent keeps the write end of the child's standard input open. When it closes, because the parent
exited, crashed or was killed, the child leaves at once and takes its process group along.
"""

from __future__ import annotations

import os
import runpy
import signal
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import NoReturn


def watch(handle: int) -> None:
    """Leave at once, with the whole process group, when `handle` reports end of file.

    The leader of a group forks a watcher too, which ends the group though a library keeps the interpreter busy
    for minutes. Call it before any thread is started.
    """
    group = os.getpid() if os.getpgrp() == os.getpid() else None
    if group is not None:
        guard(handle)
    threading.Thread(target=_wait, args=(handle, group), daemon=True, name="watchdog").start()


def guard(handle: int) -> None:
    """As `watch` for the leader of a group, by the watcher alone: no thread is started."""
    if os.fork() == 0:
        _let_go_of_all_but(handle)
        _wait(handle, os.getpgrp())


def _wait(handle: int, group: int | None) -> NoReturn:
    while os.read(handle, 4096):
        pass
    if group is not None:
        os.killpg(group, signal.SIGKILL)
    os._exit(1)


def _let_go_of_all_but(handle: int) -> None:
    """The watcher must keep neither locks nor pipes of the worker open."""
    for descriptor in [int(path.name) for path in Path("/proc/self/fd").iterdir()]:
        if descriptor != handle:
            with suppress(OSError):
                os.close(descriptor)


def first_line(handle: int) -> bytes:
    """Read byte by byte: a buffered reader would swallow the end of file that the watchdog waits for."""
    line = b""
    while not line.endswith(b"\n"):
        byte = os.read(handle, 1)
        if not byte:
            os._exit(1)
        line += byte
    return line


def main() -> None:
    """`python -m zoosmith.execution.watchdog MODULE ARG ...`: run a module, such as pip, with a watchdog."""
    watch(os.dup(0))
    sys.argv = sys.argv[1:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
