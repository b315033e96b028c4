"""A function that is killed before each of its calls to the file system in turn."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Container
from typing import Any, NoReturn

SYSTEM = ("posix", "fcntl", "_io", "io")
READING = frozenset((
    "stat", "lstat", "fstat", "statvfs", "fstatvfs", "access", "listdir", "scandir", "readlink", "getcwd", "fspath",
    "getpid", "getppid", "getuid", "geteuid", "getgid", "getegid", "umask", "urandom", "sysconf", "get_terminal_size",
    "sched_getaffinity", "uname", "read", "pread", "readv", "readinto", "readall", "readline", "readlines", "peek",
    "fileno", "isatty", "readable", "writable", "seekable", "getvalue", "getbuffer", "text_encoding", "decode",
    "is_dir", "is_file", "is_symlink", "inode", "__enter__", "_path_splitroot_ex", "_path_normpath",
    "waitstatus_to_exitcode", "get_inheritable", "get_blocking",
))  # fmt: skip
"""Change nothing that outlives a process: a kill before one of them leaves what a kill before the next other call does.

`umask` changes its process alone.
"""
CHANGING = ("open", "write", "fsync", "mkdir", "rename", "replace", "unlink", "rmdir", "link", "ioctl", "ftruncate")


def kill_at_every_call(
    action: Callable[[], object], look: Callable[[], object], most: int = 2000, names: Container[str] | None = None
) -> int:
    """Run `action` in a child that SIGKILL ends before its first call, then before its second, and so on.

    Calls are those that Python makes to C functions of `posix`, `fcntl` and `io` but for READING, or to some `names` of
    these. `look` is called after each child; what a child left is there for the next one. Returns how many calls the
    last, undisturbed child made.
    """
    for calls in range(most):
        pid = os.fork()
        if pid == 0:
            _act(action, calls, names)
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        look()
        if status == 0:
            return calls
        assert status == -signal.SIGKILL, f"the child ended with exit status {status}"
    raise AssertionError(f"not at the end after {most} kills")


def kill_before(call: int, names: Container[str] | None = None) -> Callable[[], int]:
    """SIGKILL for this process before that call of this thread, the first being 0; only those of `names` count.

    Without `names`, all that are not READING.

    Returns what tells how many there were.
    """
    left = call

    def count(_: Any, event: str, function: Any) -> None:
        nonlocal left
        if event != "c_call" or _module(function) not in SYSTEM:
            return
        if function.__name__ not in READING if names is None else function.__name__ in names:
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            left -= 1

    sys.setprofile(count)
    return lambda: call - left


def _act(action: Callable[[], object], calls: int, names: Container[str] | None) -> NoReturn:
    kill_before(calls, names)
    try:
        action()
    except BaseException:
        sys.excepthook(*sys.exc_info())
        os._exit(1)
    os._exit(0)


def _module(function: Any) -> str | None:
    """Where a C function comes from; for a method, where its object's type does."""
    return function.__module__ or type(function.__self__).__module__
