"""Ctrl-C: it is seen at once whatever a step waits for, and behind it no worker runs on or starts.

CPython runs signal handlers in the main thread, between two bytecodes. A signal that comes after the last of these
moments and before the thread blocks (in a lock, a read, waitpid(2)) is not seen until that wait ends by itself, which
is when the step does. So the work has a thread of its own, and the main thread only ever waits for short.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import IO, NoReturn, Protocol

POLL_S = 0.1
WIND_UP_S = 1.0  # for steps to say that they were interrupted; what still runs then ends in `leave`


class Worker(Protocol):
    """A worker process, the leader of its process group."""

    @property
    def pid(self) -> int:
        """Of the process and its group."""

    @property
    def stdin(self) -> IO[bytes] | None:
        """What it reads; its watchdog."""

    @property
    def returncode(self) -> int | None:
        """The exit status, once it was waited for."""

    def poll(self) -> int | None:
        """The exit status; None while it runs."""

    def wait(self) -> int:
        """The exit status, once it has ended."""


class Workers:
    """Worker processes that run now. Starting and interrupting exclude each other: none starts behind an interrupt."""

    def __init__(self) -> None:
        """No worker runs."""
        self.interrupted = False
        self._running: set[Worker] = set()
        self._elsewhere: set[Callable[[], None]] = set()
        self._lock = threading.Lock()

    def start(self, spawn: Callable[[], Worker]) -> Worker:
        """The worker that `spawn` starts, as leader of a process group. Raises KeyboardInterrupt after an interrupt."""
        with self._lock:
            if self.interrupted:
                raise KeyboardInterrupt
            process = spawn()
            self._running.add(process)
            return process

    def end(self, process: Worker) -> None:
        """Kill a worker that still runs, and whatever is left of its process group, and reap it."""
        with self._lock:
            self._running.discard(process)
        kill(process)
        process.wait()
        if process.stdin:
            with suppress(BrokenPipeError):  # it died before it had read everything
                process.stdin.close()

    @contextmanager
    def elsewhere(self, end: Callable[[], None]) -> Iterator[None]:
        """Work of another machine, which `end` ends if an interrupt comes. Raises KeyboardInterrupt after one."""
        with self._lock:
            if self.interrupted:
                raise KeyboardInterrupt
            self._elsewhere.add(end)
        try:
            yield
        finally:
            with self._lock:
                self._elsewhere.discard(end)

    def interrupt(self) -> None:
        """Kill every worker, and let none start from now on."""
        with self._lock:
            self.interrupted = True
            for process in self._running:
                kill(process)
            ends = tuple(self._elsewhere)
        if ends:  # a machine that does not answer holds nobody up here
            threading.Thread(target=lambda: [end() for end in ends], daemon=True, name="interrupt").start()


def kill(process: Worker) -> None:
    """Kill a worker's process group at once."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def interruptible(work: Callable[[], int], interrupt: Callable[[], None]) -> int:
    """What `work` returns or raises. On Ctrl-C calls `interrupt`, lets `work` wind up and raises KeyboardInterrupt.

    Call it from the main thread; `work` runs in another one.
    """
    done: list[int | BaseException] = []
    thread = threading.Thread(target=_settle, args=(done, work), daemon=True, name="work")
    with _noted() as pressed:
        thread.start()
        while thread.is_alive() and not pressed:
            thread.join(POLL_S)
        if pressed:
            interrupt()
            thread.join(WIND_UP_S)
            raise KeyboardInterrupt
    [found] = done
    if isinstance(found, BaseException):
        raise found
    return found


def leave(code: int) -> NoReturn:
    """End this process now. An orderly exit first waits for pools of threads, and for all that is queued in them."""
    flush = threading.Thread(target=_flush, daemon=True)  # the work may be stuck in a write, and hold the stream
    flush.start()
    flush.join(WIND_UP_S)
    os._exit(code)


def _flush() -> None:
    with suppress(OSError, ValueError):  # nobody reads it any more
        sys.stdout.flush()


def _settle(done: list[int | BaseException], work: Callable[[], int]) -> None:
    try:
        done.append(work())
    except BaseException as error:  # raised again in the main thread
        done.append(error)


@contextmanager
def _noted() -> Iterator[list[int]]:
    """Note Ctrl-C in the list instead of raising: an exception may be lost in a finalizer or come amid a clean-up.

    If SIGINT is ignored, as in a shell's background job, it stays so.
    """
    pressed: list[int] = []
    if signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield pressed
        return
    before = signal.signal(signal.SIGINT, lambda number, frame: pressed.append(number))
    try:
        yield pressed
    finally:
        signal.signal(signal.SIGINT, before)
