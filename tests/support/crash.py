"""A function that is killed before each of its calls to the file system in turn."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from typing import Any, NoReturn

CHANGES = {
    "open", "fcntl.flock", "fcntl.ioctl", "os.chmod", "os.mkdir", "os.remove", "os.rename", "os.rmdir",
    "shutil.rmtree", "tempfile.mkstemp",
}  # fmt: skip


def kill_at_every_call(action: Callable[[], object], look: Callable[[], object], most: int = 400) -> int:
    """Run `action` in a child that SIGKILL ends before its first call, then before its second, and so on.

    `look` is called after each child; what a child left is there for the next one. Returns the number of calls
    that the last, undisturbed child made. Calls are seen as audit events: sys.addaudithook (PEP 578).
    """
    for calls in range(most):
        pid = os.fork()
        if pid == 0:
            _act(action, calls)
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        look()
        if status == 0:
            return calls
        assert status == -signal.SIGKILL, f"the child ended with exit status {status}"
    raise AssertionError(f"not at the end after {most} kills")


def _act(action: Callable[[], object], calls: int) -> NoReturn:
    left = calls

    def count(event: str, _: Any) -> None:
        nonlocal left
        if event in CHANGES:
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            left -= 1

    sys.addaudithook(count)
    try:
        action()
    except BaseException:
        sys.excepthook(*sys.exc_info())
        os._exit(1)
    os._exit(0)
