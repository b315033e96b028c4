"""Step functions for tests of worker processes: each shows one way in which a step goes."""

from __future__ import annotations

import errno
import json
import os
import signal
import sys
import time
from pathlib import Path

from zoosmith.contract.errors import BuildError
from zoosmith.execution.worker import Step


def write(step: Step) -> None:
    """Goes well; each call adds a line to the file `calls` of the zoo."""
    with (step.project / "calls").open("a") as calls:
        calls.write(f"{step.inputs}\n")
    time.sleep(step.run.get("seconds", 0))
    step.progress(1, 2, "half")
    step.progress(2, 2, "whole")
    step.note("threads", os.environ.get("OMP_NUM_THREADS"))
    (step.out / "file").write_text(str(step.inputs))


def broken_input(step: Step) -> None:
    """Fails with an error of ours."""
    print("words on standard output")
    raise BuildError("the rows are empty; add some")


def bug(step: Step) -> None:
    """Fails with an error of Python, until the zoo holds a file `mended`."""
    (step.scratch / "kept").touch()
    if not (step.project / "mended").is_file():
        raise KeyError("missing")
    (step.out / "file").write_text(f"scratch was kept: {(step.scratch / 'kept').is_file()}")


def disk_full(step: Step) -> None:
    """Fails as writing to a full disk does."""
    raise OSError(errno.ENOSPC, "No space left on device", str(step.out / "model.bin"))


def killed(step: Step) -> None:
    """Dies as a process that ran out of memory does."""
    os.kill(os.getpid(), signal.SIGKILL)


def killed_with_a_child(step: Step) -> None:
    """As above, with a child of its own that sleeps for half a minute, holding every pipe of its parent."""
    pid = os.fork()
    if pid == 0:
        time.sleep(30)
    (step.project / "child").write_text(str(pid))
    os.kill(os.getpid(), signal.SIGKILL)


def exits(step: Step) -> None:
    """Ends without a word."""
    os._exit(3)


def nothing(step: Step) -> None:
    """Writes no file."""


def link(step: Step) -> None:
    """Writes a link to a file outside."""
    (step.out / "link").symlink_to(step.project)


def half_a_message(step: Step) -> None:
    """Dies while it writes to its parent."""
    os.write(_pipe(), b'{"result": {"tree": "')
    os.kill(os.getpid(), signal.SIGKILL)


def _pipe() -> int:
    """The only pipe that this process can write to."""
    links = {int(path.name): str(path.readlink()) for path in Path("/proc/self/fd").iterdir() if path.is_symlink()}
    return next(handle for handle, to in links.items() if handle > 2 and to.startswith("pipe:"))


def sleeps(step: Step) -> None:
    """Writes its process id and waits."""
    (step.project / "pid").write_text(str(os.getpid()))
    step.progress(text="asleep")
    time.sleep(600)


def holds_the_interpreter(step: Step) -> None:
    """Writes its process id, then computes in C for a minute; no other thread of Python runs meanwhile."""
    sys.setswitchinterval(1e-3)
    (step.project / "pid").write_text(str(os.getpid()))
    sum(range(10**10))


def waits_for_go(step: Step) -> None:
    """Waits until the zoo holds a file `go`."""
    step.progress(text="waiting")
    while not (step.project / "go").exists():
        time.sleep(0.01)
    (step.out / "file").touch()


def lists_descriptors(step: Step) -> None:
    """Writes what it was given open."""
    open_files = [str(path.readlink()) for path in Path("/proc/self/fd").iterdir() if path.is_symlink()]
    (step.out / "file").write_text("\n".join(open_files))


def tells_its_origin(step: Step) -> None:
    """Writes its process id and group, whether the toy's heavy module was there already, and its standard input."""
    there = "tests.support.imported" in sys.modules
    told = {"pid": os.getpid(), "group": os.getpgrp(), "session": os.getsid(0), "there": there, "cwd": str(Path.cwd())}
    (step.out / "file").write_text(json.dumps(told))


def asks_the_clean_process(step: Step) -> None:
    """Writes what the clean process says to a request that it cannot answer."""
    assert step.clean is not None
    told = [step.clean.ask({"folder": "nowhere"}) for _ in range(2)]
    (step.out / "file").write_text(json.dumps([[status, reply.decode()] for status, reply in told]))
