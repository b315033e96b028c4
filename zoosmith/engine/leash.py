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


def watch(handle: int) -> None:
    """Leave at once, with the whole process group, when `handle` reports end of file."""

    def wait() -> None:
        while os.read(handle, 4096):
            pass
        if os.getpgrp() == os.getpid():
            os.killpg(os.getpid(), signal.SIGKILL)
        os._exit(1)

    threading.Thread(target=wait, daemon=True, name="leash").start()


def first_line(handle: int) -> bytes:
    """Read byte by byte: a buffered reader would swallow the end of file that the leash waits for."""
    line = b""
    while not line.endswith(b"\n"):
        byte = os.read(handle, 1)
        if not byte:
            os._exit(1)
        line += byte
    return line


def main() -> None:
    """`python -m zoosmith.engine.leash MODULE ARG ...`: run a module, such as pip, on a leash."""
    watch(os.dup(0))
    sys.argv = sys.argv[1:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
