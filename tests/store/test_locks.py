"""Locks between processes."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from zoosmith.store import locks
from zoosmith.store.locks import flock, is_free, measure_lock, quiet

HOLD = "import sys, time, pathlib\nfrom zoosmith.store.locks import flock\n" \
    "with flock(pathlib.Path(sys.argv[1])):\n    print('held', flush=True)\n    time.sleep(60)"  # fmt: skip


def test_a_lock_is_free_before_and_after(tmp_path: Path) -> None:
    lock = tmp_path / "deep" / "a.lock"
    assert is_free(lock)
    with flock(lock):
        assert not is_free(lock)
    assert is_free(lock) and lock.exists()


def test_a_shared_lock_admits_readers_and_keeps_a_writer_waiting(tmp_path: Path) -> None:
    lock = tmp_path / "a.lock"
    order: list[str] = []
    told = threading.Event()

    def write() -> None:
        with flock(lock, waiting=told.set):
            order.append("written")

    with flock(lock, shared=True), flock(lock, shared=True):
        writer = threading.Thread(target=write)
        writer.start()
        assert told.wait(10)
        order.append("read")
    writer.join(10)
    assert order == ["read", "written"]


def test_waiting_is_told_once_and_only_where_there_is_something_to_wait_for(tmp_path: Path) -> None:
    lock, told = tmp_path / "a.lock", []
    with flock(lock, waiting=lambda: told.append("no")):
        pass
    holder = flock(lock)
    holder.__enter__()
    threading.Timer(0.7, lambda: holder.__exit__(None, None, None)).start()
    with flock(lock, waiting=lambda: told.append("yes")):
        pass
    assert told == ["yes"]


def test_a_killed_process_lets_go(tmp_path: Path) -> None:
    lock = tmp_path / "a.lock"
    with subprocess.Popen([sys.executable, "-c", HOLD, str(lock)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stdout.readline() == b"held\n"
        assert not is_free(lock)
        process.send_signal(signal.SIGKILL)
    assert is_free(lock)


def test_other_processes_do_not_inherit_a_lock(tmp_path: Path) -> None:
    lock = tmp_path / "a.lock"
    with flock(lock):
        sleeper = subprocess.Popen(["sleep", "60"], close_fds=False)
    assert is_free(lock)
    sleeper.kill()
    sleeper.wait()


def test_a_handed_on_descriptor_still_holds(tmp_path: Path) -> None:
    lock = tmp_path / "a.lock"
    with flock(lock) as handle:
        sleeper = subprocess.Popen(["sleep", "60"], pass_fds=(handle,))
    assert not is_free(lock)
    sleeper.kill()
    sleeper.wait()
    assert is_free(lock)


def test_many_writers_exclude_each_other(tmp_path: Path) -> None:
    lock, inside, most = tmp_path / "a.lock", [0], [0]

    def write() -> None:
        with flock(lock):
            inside[0] += 1
            most[0] = max(most[0], inside[0])
            time.sleep(0.001)
            inside[0] -= 1

    threads = [threading.Thread(target=write) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1]


def test_the_measure_lock_is_one_file_for_the_host() -> None:
    assert measure_lock() == Path(tempfile.gettempdir()) / "zoosmith-measure.lock"
    with flock(measure_lock()):
        assert os.path.exists(measure_lock())  # noqa: PTH110


def test_a_stream_of_builds_does_not_keep_a_measurement_out() -> None:
    """Two builders that always overlap hold the lock between them all the time; the measurer still gets its turn."""
    stop, measured = threading.Event(), threading.Event()

    def build(offset: float) -> None:
        time.sleep(offset)
        while not stop.is_set():
            with quiet(alone=False, waiting=lambda: None):
                time.sleep(0.4)

    def measure() -> None:
        time.sleep(0.5)
        with quiet(alone=True, waiting=lambda: None):
            measured.set()

    threads = [threading.Thread(target=build, args=(offset,)) for offset in (0.0, 0.2)]
    threads.append(threading.Thread(target=measure))
    for thread in threads:
        thread.start()
    arrived = measured.wait(8)
    stop.set()
    for thread in threads:
        thread.join()
    assert arrived


def test_measurements_and_builds_exclude_each_other() -> None:
    with quiet(alone=False, waiting=lambda: None), quiet(alone=False, waiting=lambda: None):
        assert not is_free(measure_lock())
    with quiet(alone=True, waiting=lambda: None):
        told = threading.Event()
        waiting = threading.Thread(target=lambda: _enter(told))
        waiting.start()
        assert told.wait(5)
    waiting.join()


BUILDS = (
    "import sys\nfrom zoosmith.store.locks import quiet\n"
    "with quiet(alone=False, waiting=lambda: None):\n    print('held', flush=True)\n    sys.stdin.read()\n"
)


def _enter(told: threading.Event) -> None:
    with quiet(alone=False, waiting=told.set):
        pass


def test_who_waits_is_told_who_holds_the_lock_and_since_when(tmp_path: Path) -> None:
    script = (
        "import sys\nfrom zoosmith.store.locks import quiet\n"
        "with quiet(alone=True, waiting=lambda: None):\n    print('held', flush=True)\n    sys.stdin.read()\n"
    )
    environment = os.environ | {"TMPDIR": tempfile.gettempdir(), "PYTHONPATH": str(Path(__file__).parents[2])}
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=tmp_path, env=environment
    ) as holder:
        assert holder.stdout is not None and holder.stdout.readline() == b"held\n"
        said, day = locks.who_holds(), time.strftime("%H:")
        assert locks.holders(measure_lock()) == [holder.pid]
        holder.communicate()
    assert re.fullmatch(rf" \(process {holder.pid} in {tmp_path}, since \d\d:\d\d:\d\d\)", said)
    assert day in said or time.strftime("%M") == "00"
    assert locks.who_holds() == "" and locks.holders(tmp_path / "none") == []


def test_a_build_is_told_of_the_measurement_ahead_and_of_what_that_waits_for(tmp_path: Path) -> None:
    script = (
        "import sys\nfrom zoosmith.store.locks import quiet\n"
        "with quiet(alone=True, waiting=lambda: print('waits', flush=True)):\n    pass\n"
    )
    environment = os.environ | {"TMPDIR": tempfile.gettempdir(), "PYTHONPATH": str(Path(__file__).parents[2])}
    builder = subprocess.Popen(
        [sys.executable, "-c", BUILDS], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
    )
    with builder:
        assert builder.stdout is not None and builder.stdout.readline() == b"held\n"
        measuring = subprocess.Popen(
            [sys.executable, "-c", script], stdout=subprocess.PIPE, cwd=tmp_path, env=environment
        )
        with measuring:
            assert measuring.stdout is not None and measuring.stdout.readline() == b"waits\n"
            said = locks.who_holds()
            builder.communicate()
    first = rf"process {measuring.pid} in {tmp_path}, which waits for process {builder.pid} in \S+, since \d\d:"
    assert re.match(rf" \({first}", said), said


def test_who_has_one_lock_is_told_and_oneself_is_not(tmp_path: Path) -> None:
    script = (
        "import sys\nfrom pathlib import Path\nfrom zoosmith.store.locks import flock\n"
        f"with flock(Path({str(tmp_path / 'l')!r})):\n    print('held', flush=True)\n    sys.stdin.read()\n"
    )
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=tmp_path, env=environment
    ) as holder:
        assert holder.stdout is not None and holder.stdout.readline() == b"held\n"
        said = locks.holding(tmp_path / "l")
        holder.communicate()
    assert said == f" (process {holder.pid} in {tmp_path})"
    with flock(tmp_path / "l"):
        assert locks.holding(tmp_path / "l") == ""
