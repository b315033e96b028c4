"""Ctrl-C at the moments that are hard to hit: before a worker starts, while it starts, and where no wait is woken."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.execution.test_executor import action, gone, soon, written
from zoosmith.app.doit import command
from zoosmith.execution import interrupt
from zoosmith.execution.executor import LocalExecutor
from zoosmith.execution.interrupt import Workers, interruptible
from zoosmith.store.locks import flock
from zoosmith.store.store import Store

SLEEP = [sys.executable, "-c", "import time; time.sleep(600)"]


@pytest.fixture(autouse=True)
def _heard() -> Iterator[None]:
    """SIGINT as in a shell's foreground, wherever the tests run."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def press() -> None:
    """Ctrl-C that wakes no wait of the main thread: the signal is taken by the thread that calls this."""
    signal.pthread_kill(threading.get_ident(), signal.SIGINT)


def run(project: Path, step: str, workers: Workers) -> None:
    store, what = Store(project / ".store"), action(step)
    with flock(store.folder("locks") / f"{what.key}.lock") as lock:
        LocalExecutor(store, project, workers).run(what, lock, lambda message: None)


def test_no_worker_starts_after_an_interrupt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    workers = Workers()
    workers.interrupt()
    monkeypatch.setattr(subprocess, "Popen", lambda *given, **rest: pytest.fail("a worker was started"))
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, "sleeps", workers)


def test_an_interrupt_while_a_worker_starts_waits_for_it_and_ends_it() -> None:
    workers = Workers()
    ctrl_c = threading.Thread(target=workers.interrupt)

    def spawn() -> subprocess.Popen[bytes]:
        process = subprocess.Popen(SLEEP, start_new_session=True)
        ctrl_c.start()  # the process runs, and nobody knows it yet
        ctrl_c.join(0.2)
        assert not workers.interrupted
        return process

    process = workers.start(spawn)
    ctrl_c.join(10)
    assert process.wait(10) == -signal.SIGKILL
    with pytest.raises(KeyboardInterrupt):
        workers.start(spawn)


def test_an_interrupt_ends_every_running_step_and_keeps_nothing(tmp_path: Path) -> None:
    workers, raised = Workers(), []

    def step(project: Path) -> None:
        project.mkdir()
        try:
            run(project, "sleeps", workers)
        except KeyboardInterrupt:
            raised.append(project.name)

    threads = [threading.Thread(target=step, args=(tmp_path / name,)) for name in ("a", "b")]
    for thread in threads:
        thread.start()
    pids = [written(tmp_path / name / "pid") for name in ("a", "b")]
    workers.interrupt()
    assert all(gone(pid) for pid in pids)
    assert soon(lambda: sorted(raised) == ["a", "b"])
    assert not list(tmp_path.glob("*/.store/trees/*"))


def test_ctrl_c_that_wakes_no_wait_is_seen_at_once() -> None:
    ended = threading.Event()

    def work() -> int:
        press()
        assert ended.wait(20)
        return 0

    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        interruptible(work, ended.set)
    assert ended.is_set() and time.monotonic() - started < 2
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_work_that_does_not_wind_up_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interrupt, "WIND_UP_S", 0.1)
    left = threading.Event()
    with pytest.raises(KeyboardInterrupt):
        interruptible(lambda: press() or int(left.wait(20)), lambda: None)
    left.set()


def test_what_the_work_returns_or_raises_comes_through() -> None:
    assert interruptible(lambda: 3, lambda: pytest.fail("nobody pressed Ctrl-C")) == 3
    with pytest.raises(ZeroDivisionError):
        interruptible(lambda: 1 // 0, lambda: pytest.fail("nobody pressed Ctrl-C"))


def test_ctrl_c_stays_ignored_in_a_background_job() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    assert interruptible(lambda: press() or 3, lambda: pytest.fail("it is ignored")) == 3
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN


def test_a_handler_of_somebody_elses_stays() -> None:
    heard: list[int] = []
    handler = lambda number, frame: heard.append(number)  # noqa: E731
    signal.signal(signal.SIGINT, handler)
    assert interruptible(lambda: press() or 3, lambda: pytest.fail("it is somebody else's")) == 3
    assert heard == [signal.SIGINT] and signal.getsignal(signal.SIGINT) is handler


def test_a_command_says_that_it_was_interrupted(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "leave", sys.exit)
    ended = threading.Event()
    work = lambda: press() or int(ended.wait(20))  # noqa: E731
    with pytest.raises(SystemExit) as left:
        command.unless_interrupted(lambda: interruptible(work, ended.set))
    assert left.value.code == 130
    assert capsys.readouterr().err.startswith("\ninterrupted. What is finished is kept")


UPLOADS = """
import os, signal, time
from concurrent.futures import ThreadPoolExecutor
from zoosmith.app.doit import command
from zoosmith.execution.interrupt import interruptible

signal.signal(signal.SIGINT, signal.default_int_handler)

def work():
    print("finished before", end="")  # not flushed
    with ThreadPoolExecutor(1) as pool:
        pool.submit(os.kill, os.getpid(), signal.SIGINT)
        pool.map(time.sleep, [20, 20])
    print("published")

command.unless_interrupted(lambda: interruptible(work, lambda: None))
"""


def test_uploads_that_are_queued_end_with_the_command() -> None:
    started = time.monotonic()
    done = subprocess.run([sys.executable, "-c", UPLOADS], capture_output=True, text=True, check=False, timeout=100)
    assert (done.returncode, done.stdout) == (130, "finished before")
    assert done.stderr.startswith("\ninterrupted") and "Traceback" not in done.stderr
    assert time.monotonic() - started < 20


def test_a_step_that_waits_for_a_lock_is_interrupted_too(tmp_path: Path) -> None:
    workers, lock, waiting = Workers(), tmp_path / "lock", threading.Event()

    def work() -> int:
        with flock(lock, waiting=lambda: waiting.set() or press()):
            run(tmp_path, "sleeps", workers)
        return 0

    with flock(lock), pytest.raises(KeyboardInterrupt):
        interruptible(work, workers.interrupt)
    assert waiting.is_set()
    assert soon(lambda: not any(thread.name == "work" for thread in threading.enumerate()))  # its turn came: no worker
    assert not (tmp_path / "pid").exists()


def test_what_another_machine_does_is_ended_once_and_not_after_it_is_over() -> None:
    workers, ended = Workers(), []
    with workers.elsewhere(lambda: ended.append("over")):
        pass
    with workers.elsewhere(lambda: ended.append("running")):
        workers.interrupt()
        assert soon(lambda: bool(ended))
    assert ended == ["running"]
    with pytest.raises(KeyboardInterrupt), workers.elsewhere(lambda: None):
        raise AssertionError("nothing is sent behind an interrupt")


def test_a_machine_that_does_not_answer_holds_no_interrupt_up() -> None:
    workers, answer = Workers(), threading.Event()

    def end() -> None:
        answer.wait(60)

    with workers.elsewhere(end):
        begun = time.monotonic()
        workers.interrupt()
        assert time.monotonic() - begun < 5
        answer.set()
