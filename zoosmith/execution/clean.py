"""A clean process at hand: what a builder made is opened where the builder never ran.

It is forked from the worker before the builder is loaded, and forks itself for each question, so that none sees what
another one left. What the worker's fork_server has imported need not be imported again.
"""

from __future__ import annotations

import json
import os
import socket
import traceback
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, NoReturn

from zoosmith.execution import answer


class CleanProcess:
    """Answers from an artifact's files; ends with the process that made it."""

    def __init__(self, let_go: Iterable[int] = ()) -> None:
        """Fork it. Call it before any thread is started; `let_go` are descriptors that it must not keep open."""
        mine, theirs = socket.socketpair()
        if os.fork() == 0:
            mine.close()
            for handle in let_go:
                os.close(handle)
            _serve(theirs)
        theirs.close()
        self._stream = mine.makefile("rwb")

    def ask(self, request: dict[str, Any]) -> tuple[int, bytes]:
        """Exit status and reply of a process that was given this request of `zoosmith.execution.answer`."""
        with suppress(OSError):
            self._stream.write(json.dumps(request).encode() + b"\n")
            self._stream.flush()
        status, _, reply = self._stream.readline().partition(b" ")
        return int(status or 1), reply.strip()


def _serve(asked: socket.socket) -> NoReturn:
    stream = asked.makefile("rwb")
    with suppress(OSError):  # the worker is gone
        for request in stream:
            status, reply = _in_a_fork(request)
            stream.write(b"%d %s\n" % (status, reply))
            stream.flush()
    os._exit(0)


def _in_a_fork(request: bytes) -> tuple[int, bytes]:
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        _answer(request, writer)
    os.close(writer)
    with os.fdopen(reader, "rb") as stream:
        reply = stream.read()
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status), reply


def _answer(request: bytes, to: int) -> NoReturn:
    status = 1
    try:
        answer.reply(request, to)
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(status)
