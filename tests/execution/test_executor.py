"""A step's worker process, started anew or forked from a fork server, from its start to its end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from zoosmith.execution import executor
from zoosmith.execution.action import Action
from zoosmith.execution.executor import LocalExecutor, StepFailed, resident_mb
from zoosmith.store.locks import flock, is_free
from zoosmith.store.store import Store
from zoosmith.toolkit.torch import imports as packages

ALONE = """
import sys
from pathlib import Path
from tests.execution import test_executor
from zoosmith.toolkit.torch import imports
imports.MODULES = test_executor.TOY
test_executor.run(Path(sys.argv[1]), test_executor.action(sys.argv[2], imports=tuple(sys.argv[3:])))
"""
TOY = {"toy": "tests.support.imported"}
BORN = {"started": (), "forked": ("toy",)}
born: dict[str, tuple[str, ...]] = {"imports": ()}


@pytest.fixture(autouse=True, params=BORN)
def imports(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> tuple[str, ...]:
    """What `action` imports unless told otherwise."""
    monkeypatch.setattr(packages, "MODULES", TOY)
    monkeypatch.setitem(born, "imports", BORN[request.param])
    return BORN[request.param]


started_anew = pytest.mark.parametrize("imports", ["started"], indirect=True)


def action(step: str, **rest: Any) -> Action:
    given = {"name": f"toy/{step}", "title": f"build {step}", "entry": f"tests.support.steps:{step}", "inputs": {}}
    return Action(**(given | born | rest))


def run(project: Path, what: Action, seen: list[dict[str, Any]] | None = None) -> executor.Outcome:
    store = Store(project / ".store")
    with flock(store.folder("locks") / f"{what.key}.lock") as lock:
        return LocalExecutor(store, project).run(what, lock, [].append if seen is None else seen.append)


def message(project: Path, step: str, **rest: Any) -> str:
    with pytest.raises(StepFailed) as caught:
        run(project, action(step, **rest))
    return str(caught.value)


def alive(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False


def soon(true: Callable[[], bool], seconds: float = 2.0) -> bool:
    deadline = time.monotonic() + seconds
    while not true() and time.monotonic() < deadline:
        time.sleep(0.01)
    return true()


def gone(pid: int) -> bool:
    return soon(lambda: not alive(pid))


def written(file: Path, seconds: float = 20.0) -> int:
    """The number in a file, as soon as there is one."""
    deadline = time.monotonic() + seconds
    while not (file.is_file() and file.read_text()):
        assert time.monotonic() < deadline, f"{file.name} was never written"
        time.sleep(0.01)
    return int(file.read_text())


def test_a_step_gives_tree_notes_and_progress(tmp_path: Path, imports: tuple[str, ...]) -> None:
    seen: list[dict[str, Any]] = []
    outcome = run(tmp_path, action("write", inputs={"x": 1}, run={"threads": 3, "seconds": 0.8}), seen)
    assert Store(tmp_path / ".store").read(outcome.tree, "file") == b"{'x': 1}"
    assert outcome.notes == {"threads": "3"}
    told = [m["text"] for m in seen if m.get("text")]
    assert told == [f"importing {name}" for name in imports] + ["half", "whole", "storing"]
    assert 5 < outcome.peak_mb < 2000 and {"memory_mb": outcome.peak_mb} in seen
    assert 0.8 < outcome.seconds < 60


def test_an_error_of_ours_is_told_in_its_own_words_and_printed_words_go_to_the_log(tmp_path: Path) -> None:
    log = tmp_path / ".store" / "logs" / f"{action('broken_input').key}.log"
    assert message(tmp_path, "broken_input") == f"build broken_input: the rows are empty; add some\n  log: {log}"
    text = log.read_text()
    assert "words on standard output" in text and "Traceback" in text and "BuildError" in text


def test_an_error_of_python_is_told_with_its_type(tmp_path: Path) -> None:
    assert message(tmp_path, "bug").startswith("build bug: KeyError: 'missing'\n")


def test_a_full_disk_is_told_as_such(tmp_path: Path) -> None:
    told = message(tmp_path, "disk_full")
    assert "no space left on the disk" in told and "model.bin" in told and "doit gc" in told


def test_a_kill_is_told_as_lack_of_memory_and_names_the_log(tmp_path: Path) -> None:
    told = message(tmp_path, "killed")
    assert "killed (signal 9)" in told and "memory runs out" in told and "MiB" in told
    assert told.endswith(f"log: {tmp_path / '.store' / 'logs' / action('killed').key}.log")


def test_what_a_killed_worker_forked_is_ended_too(tmp_path: Path) -> None:
    started = time.monotonic()
    assert "killed (signal 9)" in message(tmp_path, "killed_with_a_child")
    assert time.monotonic() - started < 10
    assert gone(written(tmp_path / "child"))


def test_a_kill_in_the_middle_of_a_message(tmp_path: Path) -> None:
    assert "killed (signal 9)" in message(tmp_path, "half_a_message")


def test_an_end_without_a_result_tells_the_exit_status(tmp_path: Path) -> None:
    assert "ended without a result (exit status 3)" in message(tmp_path, "exits")


@pytest.mark.parametrize(("step", "why"), [("nothing", "wrote no file"), ("link", "link is a link or special file")])
def test_what_is_no_artifact_is_refused(tmp_path: Path, step: str, why: str) -> None:
    assert why in message(tmp_path, step)
    assert not (tmp_path / ".store" / "trees").exists()


@started_anew
def test_a_worker_that_cannot_even_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(executor, "python_for", lambda *given: "/bin/false")
    assert "ended without a result (exit status 1)" in message(tmp_path, "write", inputs={"long": "x" * 200_000})


@started_anew
def test_an_environment_that_cannot_be_made_leaves_no_pipe_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*given: object) -> str:
        raise StepFailed("cannot install")

    monkeypatch.setattr(executor, "python_for", fail)
    before = len(list(Path("/proc/self/fd").iterdir()))
    assert message(tmp_path, "write") == "cannot install"
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_a_timeout_ends_the_step(tmp_path: Path) -> None:
    assert "took longer than 1 s and was ended" in message(tmp_path, "sleeps", timeout_s=1.0)
    assert gone(written(tmp_path / "pid"))


def test_an_interrupt_ends_the_step(tmp_path: Path) -> None:
    def interrupt(message: dict[str, Any]) -> None:
        if message.get("text") == "asleep":
            raise KeyboardInterrupt

    store, what = Store(tmp_path / ".store"), action("sleeps")
    with flock(store.folder("locks") / "a.lock") as lock, pytest.raises(KeyboardInterrupt):
        LocalExecutor(store, tmp_path).run(what, lock, interrupt)
    assert gone(written(tmp_path / "pid"))


@pytest.mark.parametrize("step", ["sleeps", "holds_the_interpreter"])
def test_a_worker_ends_within_two_seconds_of_its_parent(tmp_path: Path, step: str, imports: tuple[str, ...]) -> None:
    with subprocess.Popen([sys.executable, "-c", ALONE, str(tmp_path), step, *imports]) as parent:
        worker = written(tmp_path / "pid")
        assert alive(worker)
        parent.send_signal(signal.SIGKILL)
    assert gone(worker)
    assert soon(lambda: is_free(tmp_path / ".store" / "locks" / f"{action(step).key}.lock"))


def test_a_worker_holds_the_lock_until_it_is_gone(tmp_path: Path) -> None:
    store, what, waiting = Store(tmp_path / ".store"), action("waits_for_go"), threading.Event()
    lock = store.folder("locks") / f"{what.key}.lock"
    holder = flock(lock)
    handle = holder.__enter__()

    def listen(message: dict[str, Any]) -> None:
        if message.get("text") == "waiting":
            waiting.set()

    run_it = threading.Thread(target=lambda: LocalExecutor(store, tmp_path).run(what, handle, listen))
    run_it.start()
    assert waiting.wait(20)
    holder.__exit__(None, None, None)
    held = not is_free(lock)
    (tmp_path / "go").touch()
    run_it.join(20)
    assert held and is_free(lock)


def test_a_worker_is_given_its_pipe_and_lock_and_nothing_else(tmp_path: Path) -> None:
    with (tmp_path / "private").open("w") as private:
        os.set_inheritable(private.fileno(), True)
        outcome = run(tmp_path, action("lists_descriptors"))
    given = Store(tmp_path / ".store").read(outcome.tree, "file").decode()
    assert ".lock" in given and ".log" in given and "private" not in given


@started_anew
def test_memory_of_a_process() -> None:
    assert 5 < resident_mb(os.getpid()) < 10_000
    assert resident_mb(2**22 + 1) == 0


@pytest.mark.parametrize("what", ["pipe", "folder", "loop"])
def test_what_is_no_file_where_the_log_and_the_lock_go_is_no_hindrance(tmp_path: Path, what: str) -> None:
    plant = {"pipe": os.mkfifo, "folder": Path.mkdir, "loop": lambda path: path.symlink_to(path.name)}[what]
    store, step = Store(tmp_path / ".store"), action("write", inputs={"x": 1}, run={"seconds": 0})
    plant(store.folder("logs") / f"{step.key}.log")
    plant(store.folder("locks") / f"{step.key}.lock")
    assert store.has(run(tmp_path, step).tree)
    assert (store.root / "logs" / f"{step.key}.log").is_file()
