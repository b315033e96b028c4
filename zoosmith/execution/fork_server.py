"""Workers forked from a process that has imported what they need.

Importing torch and transformers takes longer than most conversions do. A fork server imports them once and forks
itself for each worker, which is as if it were started anew, but for modules that are there already. Nothing else ever
happens in it: it has opened no artifact, and has no threads of Python's that a fork would lose. It ends with its
owner, whose end of the socket closes.

    owner -> fork_server   {"imports": [...]}, answered with one byte when they are imported
    owner -> fork_server   {"numbers": [...]} with the worker's descriptors, the last one for what follows
    worker -> owner    its process id, a line, once it leads a process group
    keeper -> owner    its exit status, a line: the fork server's fork that waits for this one worker
"""

from __future__ import annotations

import fcntl
import gc
import importlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, NoReturn

from zoosmith.contract.errors import ZooError
from zoosmith.execution import watchdog as watchdog

NVIDIA = Path("/proc/driver/nvidia/version")
LONGEST_REQUEST = 65_536
MOST_HANDLES = 8
OUT_OF_THE_WAY = 200
AGAIN = "run the same command again, and where it happens again fewer steps at once"


def can_fork() -> bool:
    """Whether workers may be forked: not beside an NVIDIA driver, which refuses a fork of a process that has met it."""
    return not NVIDIA.exists()


class ForkedWorker:
    """A worker forked by a fork server, with what we use of `subprocess.Popen`."""

    def __init__(self, report: int, stdin: IO[bytes]) -> None:
        """The worker that tells its id and, through its keeper, its exit status on the descriptor `report`."""
        self.stdin = stdin
        self.returncode: int | None = None
        self._report = os.fdopen(report, "r")
        self.pid = int(self._report.readline() or 0)
        if not self.pid:
            stdin.close()
            raise ZooError("a worker could not be forked; the machine has no memory or no process left for it")
        self._ended = threading.Event()
        threading.Thread(target=self._await_end, daemon=True, name="forked-worker").start()

    def _await_end(self) -> None:
        with self._report:
            self.returncode = int(self._report.readline() or -signal.SIGKILL)
        self._ended.set()

    def poll(self) -> int | None:
        """The exit status, negative for a signal; None while it runs."""
        return self.returncode

    def wait(self) -> int:
        """The exit status, once it has ended."""
        self._ended.wait()
        assert self.returncode is not None
        return self.returncode


class ForkServer:
    """The owner's side. It may be used from several threads."""

    def __init__(self, environment: Mapping[str, str], cwd: Path, log: IO[bytes]) -> None:
        """Start the process, with its workers' environment and folder; what goes wrong in it is told in `log`."""
        self._lock = threading.Lock()
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "zoosmith.execution.fork_server", str(theirs.fileno())],
                pass_fds=(theirs.fileno(),), env=environment, stdin=subprocess.PIPE, stdout=log, stderr=log,
                start_new_session=True, cwd=cwd,
            )  # fmt: skip

    def prepare(self, modules: Sequence[str]) -> None:
        """Return when they are imported, or cannot be: then the worker will tell. Raises ZooError if it died."""
        with self._lock, suppress(OSError):
            self._control.send(json.dumps({"imports": modules}).encode())
            if self._control.recv(1):
                return
        names = ", ".join(modules)
        raise ZooError(f"the process that workers are forked from died while it imported {names}; {AGAIN}")

    def start(self, log: IO[bytes], kept: Sequence[int]) -> ForkedWorker:
        """Fork a worker that has the descriptors `kept`, under the same numbers, as leader of a process group."""
        reader, writer = os.pipe()
        report, report_writer = os.pipe()
        numbers = [0, 1, 2, *kept]
        try:
            request = json.dumps({"numbers": numbers}).encode()
            handles = [reader, log.fileno(), log.fileno(), *kept, report_writer]
            with self._lock:
                socket.send_fds(self._control, [request], handles)
        except OSError as error:
            os.close(writer)
            os.close(report)
            raise ZooError(f"the process that workers are forked from is gone ({error.strerror}); {AGAIN}") from error
        finally:
            os.close(reader)
            os.close(report_writer)
        return ForkedWorker(report, os.fdopen(writer, "wb"))

    def close(self) -> None:
        """End it; its workers go on."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._control.close()
        self._process.wait()


def main() -> NoReturn:
    """Serve the socket whose number is the first argument until its other end closes."""
    watchdog.guard(0)  # an import may go on for seconds after the owner was killed
    control = socket.socket(fileno=int(sys.argv[1]))
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody asks how a keeper ended
    while True:
        line, handles, _, _ = socket.recv_fds(control, LONGEST_REQUEST, MOST_HANDLES)
        if not line:
            os._exit(0)
        request = json.loads(line)
        if "imports" in request:
            _import(request["imports"])
            control.send(b".")
            continue
        if os.fork() == 0:
            control.close()
            _or_die(_keep, handles, request["numbers"])
        for handle in handles:
            os.close(handle)


def _import(modules: Sequence[str]) -> None:
    for module in modules:
        with suppress(Exception):  # the worker will meet it, and tell
            importlib.import_module(module)
    gc.collect()
    gc.freeze()  # a collection in a worker would copy every page of what all of them share


def _or_die(work: Callable[..., None], *received: Any) -> NoReturn:
    """Run `work`, then end this fork: it never returns into its parent's code."""
    try:
        work(*received)
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
    os._exit(1)


def _keep(handles: list[int], numbers: list[int]) -> None:
    """Fork the worker, wait for it, tell how it ended."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    *received, report = handles
    pid = os.fork()
    if pid == 0:
        _or_die(_become_a_worker, received, numbers, report)
    for handle in received:
        os.close(handle)
    _, status = os.waitpid(pid, 0)
    with suppress(BrokenPipeError):
        os.write(report, f"{os.waitstatus_to_exitcode(status)}\n".encode())
    os._exit(0)


def _become_a_worker(received: list[int], numbers: list[int], report: int) -> None:
    from zoosmith.execution import worker

    os.setsid()
    os.write(report, f"{os.getpid()}\n".encode())
    os.close(report)
    for handle, number in zip([_moved(handle) for handle in received], numbers, strict=True):
        os.dup2(handle, number)
        os.close(handle)
    worker.run_and_leave()


def _moved(handle: int) -> int:
    """The descriptor under a number that none of those asked for has."""
    moved = fcntl.fcntl(handle, fcntl.F_DUPFD_CLOEXEC, OUT_OF_THE_WAY)
    os.close(handle)
    return moved


if __name__ == "__main__":
    main()
