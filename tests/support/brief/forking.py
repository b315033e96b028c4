"""Python processes forked from one that has imported what they need: importing is most of what tiny models take.

    owner -> server   {"cwd": ..., "env": ..., "argv": ...}, with descriptors: its standard streams, what it reports on
    process -> owner  its id
    keeper -> owner   its exit status: the server's fork that waits for this one process

`zoosmith.execution.fork_server` does the same for workers. What is timed as a user times it is not forked.
"""

from __future__ import annotations

import importlib
import json
import os
import runpy
import select
import signal
import socket
import struct
import subprocess
import sys
import traceback
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import IO, Any, NamedTuple, NoReturn

LONGEST_REQUEST = 65_536
NUMBER = struct.Struct("i")


class Forked:
    """`python -m MODULE` or `python -P FILE ARGUMENT...`, with what tests' callers use of `subprocess.Popen`."""

    def __init__(
        self,
        modules: Sequence[str],
        command: Sequence[str],
        *,
        path: str = "",
        stdin: int | None = None,
        stdout: int | None = None,
        stderr: int | None = None,
        env: Mapping[str, str] | None = None,
        **_: Any,
    ) -> None:
        """Fork it from a process that has imported `modules`, looked for in `path` first; all streams are text."""
        ends = [_ends(number, asked) for number, asked in enumerate((stdin, stdout, stderr))]
        self._report, report = os.pipe()
        handles = [theirs for _, theirs in ends] + [report]
        about = {"cwd": str(Path.cwd()), "env": os.environ | dict(env or {}), "argv": list(command[1:])}
        server = _server(tuple(modules), path, tuple(sorted((env or {}).items())))
        socket.send_fds(server.control, [json.dumps(about).encode()], handles)
        for handle in handles:
            os.close(handle)
        self.stdin, self.stdout, self.stderr = (ours for ours, _ in ends)
        self.returncode: int | None = None
        (self.pid,) = NUMBER.unpack(os.read(self._report, NUMBER.size))

    def wait(self) -> int:
        """The exit status, negative for a signal, once it has ended."""
        if self.returncode is None:
            (self.returncode,) = NUMBER.unpack(os.read(self._report, NUMBER.size) or NUMBER.pack(-signal.SIGKILL))
            os.close(self._report)
        assert self.returncode is not None
        return self.returncode

    def poll(self) -> int | None:
        """The exit status; None while it runs."""
        if self.returncode is None and not select.select([self._report], [], [], 0)[0]:
            return None
        return self.wait()

    def kill(self) -> None:
        """End it, where it has not ended."""
        if self.poll() is None:
            os.kill(self.pid, signal.SIGKILL)


def _ends(number: int, asked: int | None) -> tuple[IO[str] | None, int]:
    """Our end of a standard stream where it is a pipe, and the descriptor that the process gets."""
    if asked == subprocess.DEVNULL:
        return None, os.open(os.devnull, os.O_RDWR)
    if asked != subprocess.PIPE:
        return None, os.dup(number)
    reading, writing = os.pipe()
    return (os.fdopen(writing, "w"), reading) if number == 0 else (os.fdopen(reading, errors="replace"), writing)


class Server(NamedTuple):
    """The process that forks, which ends with this one, and what reaches it."""

    process: subprocess.Popen[bytes]
    control: socket.socket


@cache
def _server(modules: tuple[str, ...], path: str, env: tuple[tuple[str, str], ...]) -> Server:
    mine, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        command = [sys.executable, "-P", __file__, str(theirs.fileno()), path, *modules]
        process = subprocess.Popen(
            command, pass_fds=(theirs.fileno(),), env=os.environ | dict(env), stdin=subprocess.DEVNULL
        )
    return Server(process, mine)


def serve(control: socket.socket, path: str, *modules: str) -> NoReturn:
    """Import, then fork for each request until nobody can ask any more."""
    sys.path[:0] = [path] if path else []
    for module in modules:
        importlib.import_module(module)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody asks how a keeper ended
    while True:
        line, handles, _, _ = socket.recv_fds(control, LONGEST_REQUEST, 4)
        if not line:
            os._exit(0)
        if os.fork() == 0:
            control.close()
            _keep(handles, **json.loads(line))
        for handle in handles:
            os.close(handle)


def _keep(handles: Sequence[int], **about: Any) -> NoReturn:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    *streams, report = handles
    pid = os.fork()
    if pid == 0:
        os.write(report, NUMBER.pack(os.getpid()))
        os.close(report)
        for number, handle in enumerate(streams):
            os.dup2(handle, number)
            os.close(handle)
        os._exit(_status(**about))
    for handle in streams:
        os.close(handle)
    ended = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)  # its id stays its own until its owner is told
    assert ended is not None
    os.write(report, NUMBER.pack(ended.si_status if ended.si_code == os.CLD_EXITED else -ended.si_status))
    os._exit(0)


def _status(cwd: str, env: Mapping[str, str], argv: list[str]) -> int:
    """Run it as Python would; its exit status."""
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    option, sys.argv = argv[0], argv[1:]
    try:
        if option == "-m":
            runpy.run_module(argv[1], run_name="__main__", alter_sys=True)
        else:
            runpy.run_path(argv[1], run_name="__main__")
    except SystemExit as left:
        if left.code is None or isinstance(left.code, int):
            return left.code or 0
        print(left.code, file=sys.stderr)
        return 1
    except BaseException:
        traceback.print_exc()
        return 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
    return 0


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])), *sys.argv[2:])
