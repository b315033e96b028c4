"""llama.cpp's converter in tests, forked from a process that has imported it: importing is most of a tiny conversion.

    test -> this   {"cwd": ..., "arguments": [...]}, with a descriptor for what it says and one for its exit status

What is forked runs the converter as `zoosmith.toolkit.gguf.converter_process` does by itself.
"""

from __future__ import annotations

import importlib
import json
import os
import runpy
import socket
import subprocess
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple, NoReturn

LONGEST_REQUEST = 65_536


@contextmanager
def forked() -> Iterator[None]:
    """Conversions of this process are forked meanwhile."""
    import pytest

    from zoosmith.toolkit.gguf import convert

    ours = SimpleNamespace(Popen=Conversion, DEVNULL=subprocess.DEVNULL, PIPE=subprocess.PIPE)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(convert, "subprocess", ours)
        yield


class Conversion:
    """With what `convert` uses of `subprocess.Popen`."""

    def __init__(self, command: Sequence[str], **_: Any) -> None:
        """Fork `python -P converter_process.py CONVERTER ARGUMENT...`."""
        process, converter, *arguments = command[2:]
        said, saying = os.pipe()
        ended, ending = os.pipe()
        request = json.dumps({"cwd": str(Path.cwd()), "arguments": arguments}).encode()
        socket.send_fds(_server(process, converter).control, [request], [saying, ending])
        os.close(saying)
        os.close(ending)
        self.stderr = os.fdopen(said, errors="replace")
        self._ended = os.fdopen(ended)

    def kill(self) -> None:
        """Nobody listens any more: what it would still say ends it."""
        self.stderr.close()

    def wait(self) -> int:
        """The exit status, negative for a signal."""
        with self._ended:
            return int(self._ended.read())


class Server(NamedTuple):
    """The process that forks, which ends with this one, and what reaches it."""

    process: subprocess.Popen[bytes]
    control: socket.socket


@cache
def _server(process: str, converter: str) -> Server:
    from zoosmith.toolkit.gguf.convert import OFFLINE

    mine, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        started = subprocess.Popen(
            [sys.executable, "-P", __file__, str(theirs.fileno()), process, converter],
            pass_fds=(theirs.fileno(),), env=os.environ | OFFLINE, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        )  # fmt: skip
    return Server(started, mine)


def serve(control: socket.socket, process: str, converter: str) -> NoReturn:
    """Import, then fork for each request, one after the other, until nobody can ask any more."""
    convert = runpy.run_path(process)["main"]
    sys.path.insert(0, converter)
    for module in ("conversion.llama", "transformers.models.auto.tokenization_auto"):
        importlib.import_module(module)
    while True:
        line, handles, _, _ = socket.recv_fds(control, LONGEST_REQUEST, 2)
        if not line:
            os._exit(0)
        said, ended = handles
        pid = os.fork()
        if pid == 0:
            os.dup2(said, 2)
            os._exit(_status(convert, converter, **json.loads(line)))
        os.close(said)
        with os.fdopen(ended, "w") as file:
            file.write(str(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])))


def _status(convert: Any, converter: str, cwd: str, arguments: Sequence[str]) -> int:
    """The converter's exit status, after what Python says of an exception."""
    os.chdir(cwd)
    try:
        convert(Path(converter), *arguments)
    except SystemExit as left:
        if left.code is None or isinstance(left.code, int):
            return left.code or 0
        print(left.code, file=sys.stderr)
        return 1
    except BaseException:
        traceback.print_exc()
        return 1
    finally:
        sys.stderr.flush()
    return 0


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])), *sys.argv[2:])
