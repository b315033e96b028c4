"""Child processes that end with their parent."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

BUSY = """
import os, sys, threading
from zoosmith.execution import watchdog
assert watchdog.first_line(0) == b"go\\n"
watchdog.watch(0)
if sys.argv[1] == "group":
    os.fork()
print(os.getpid(), flush=True)
if sys.argv[1] == "interpreter":
    sum(range(10**10))
threading.Event().wait()
"""


def start(kind: str, *, leader: bool) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        [sys.executable, "-c", BUSY, kind], stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=leader
    )
    assert process.stdin is not None and process.stdout is not None
    process.stdin.write(b"go\n")
    process.stdin.flush()
    assert int(process.stdout.readline())
    return process


def group(of: int) -> list[int]:
    """Living processes of a process group."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, pgrp = stat.read_text().rpartition(")")[2].split()[:3]
        except OSError:
            continue
        if int(pgrp) == of and state != "Z":
            found.append(int(stat.parent.name))
    return found


@pytest.mark.parametrize("kind", ["idle", "group", "interpreter"])
def test_the_leader_takes_its_group_along(kind: str) -> None:
    process = start(kind, leader=True)
    assert len(group(process.pid)) >= 2
    assert process.stdin is not None
    process.stdin.close()
    process.wait(2)
    deadline = time.monotonic() + 2
    while group(process.pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert group(process.pid) == []


def test_the_group_ends_though_the_leader_was_killed_before() -> None:
    process = start("group", leader=True)
    process.kill()
    process.wait()
    assert group(process.pid) != []
    assert process.stdin is not None
    process.stdin.close()
    deadline = time.monotonic() + 2
    while group(process.pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert group(process.pid) == []


def test_a_member_leaves_the_group_alone() -> None:
    process = start("idle", leader=False)
    assert os.getpgid(process.pid) == os.getpgrp()
    assert process.stdin is not None
    process.stdin.close()
    assert process.wait(2) == 1


def test_an_end_before_the_first_line_ends_the_process() -> None:
    done = subprocess.run([sys.executable, "-c", BUSY, "idle"], input=b"g", capture_output=True, timeout=20)
    assert (done.returncode, done.stdout) == (1, b"")


def test_a_module_runs_on_a_leash_with_its_arguments() -> None:
    command = [sys.executable, "-m", "zoosmith.execution.watchdog"]
    with subprocess.Popen([*command, "platform", "--terse"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as good:
        assert good.stdout is not None and b"Linux" in good.stdout.read()
    assert good.returncode == 0
    with subprocess.Popen([*command, "http.server", "0"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
        assert server.stdin is not None and server.poll() is None
        server.stdin.close()
        assert server.wait(10) == 1
