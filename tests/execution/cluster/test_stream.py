"""Who has heard a task's last word lets it end, and cancels one that nobody listens to any more."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Generator, Sequence
from contextlib import closing
from itertools import islice
from types import SimpleNamespace
from typing import Any

import pytest

from zoosmith.execution.cluster import stream
from zoosmith.execution.interrupt import Workers

RESULT = {"result": {"tree": "0" * 64}}


class RayError(Exception):
    """As ray.exceptions has it."""


class Task:
    """Says some things, one of which may be an error to raise; `hangs` afterwards until it is cancelled, or is over."""

    def __init__(self, *says: Any, hangs: bool = False) -> None:
        self.says, self.hangs = list(says), hangs
        self.is_over = False
        self.asked = self.cancelled = 0
        self.moves = threading.Event()  # something has happened that ends a wait

    def __next__(self) -> Any:
        if self.cancelled and not self.says:
            raise RayError("cancelled")
        if not self.says:
            self.is_over = True
            raise StopIteration
        return self.says.pop(0)


@pytest.fixture(autouse=True)
def ray(monkeypatch: pytest.MonkeyPatch) -> None:
    """As much of Ray as reads a stream."""

    def wait(tasks: Sequence[Task], timeout: float, fetch_local: bool) -> tuple[Sequence[Task], Sequence[Task]]:
        (task,) = tasks
        task.asked += 1
        if task.hangs and not task.says:
            task.moves.wait(timeout)
        return ([], tasks) if task.hangs and not task.says and not task.cancelled else (tasks, [])

    def get(said: Any) -> Any:
        if isinstance(said, Exception):
            raise said
        return said

    def cancel(task: Task, force: bool) -> None:
        task.cancelled += 1
        task.moves.set()

    fake = SimpleNamespace(wait=wait, get=get, cancel=cancel, exceptions=SimpleNamespace(RayError=RayError))
    monkeypatch.setitem(sys.modules, "ray", fake)
    monkeypatch.setattr(stream, "ENDS_S", 0.01)


def said(task: Task, workers: Workers | None = None, has_place: bool = True) -> Generator[dict[str, Any]]:
    return stream.said(task, workers or Workers(), lambda: has_place)


def listened(task: Task, count: int) -> list[Any]:
    """The first messages; then nobody listens."""
    with closing(said(task)) as messages:
        return list(islice(messages, count))


@pytest.mark.parametrize("last", [RESULT, {"error": "no"}])
def test_after_the_last_word_a_task_ends_and_is_not_cancelled(last: dict[str, Any]) -> None:
    task = Task({"progress": {}}, {}, last)
    assert listened(task, 3) == [{"progress": {}}, {}, last]
    assert task.is_over and not task.cancelled


def test_all_that_is_said_is_heard_to_the_end() -> None:
    task = Task({}, RESULT)
    assert list(said(task)) == [{}, RESULT]
    assert not task.cancelled


def test_what_is_lost_after_its_last_word_is_not_lost() -> None:
    task = Task(RESULT, RayError("the node died"))
    assert listened(task, 1) == [RESULT]
    assert not task.cancelled


def test_what_is_lost_before_it_is_told() -> None:
    task = Task({}, RayError("the node died"))
    with pytest.raises(RayError, match="the node died"):
        list(said(task))
    assert not task.cancelled


def test_one_that_does_not_end_is_cancelled() -> None:
    task = Task(RESULT, hangs=True)
    assert listened(task, 1) == [RESULT]
    assert task.cancelled


def test_one_that_nobody_listens_to_is_cancelled() -> None:
    task = Task({}, {}, RESULT)
    assert listened(task, 1) == [{}]
    assert task.cancelled and not task.is_over


def test_ray_is_asked_once_for_each_word_however_long_a_step_takes() -> None:
    task = Task({}, {}, hangs=True)
    listener = threading.Thread(target=lambda: list(said(task)))
    listener.start()
    time.sleep(1)
    assert task.asked == 3, "two words, and the one that it waits for"
    task.says.append(RESULT)
    task.moves.set()
    listener.join(10)
    assert not listener.is_alive() and task.asked == 3 + 1, "and once for its end"


def test_an_interruption_wakes_whoever_listens_and_cancels_once() -> None:
    task, workers, found = Task({}, hangs=True), Workers(), []

    def listen() -> None:
        with pytest.raises(KeyboardInterrupt):
            list(said(task, workers))
        found.append("interrupted")

    listener = threading.Thread(target=listen)
    listener.start()
    while task.asked < 2:
        time.sleep(0.01)
    begun = time.monotonic()
    workers.interrupt()
    listener.join(10)
    assert (found, task.cancelled) == (["interrupted"], 1) and time.monotonic() - begun < 1


def test_after_an_interruption_nothing_is_listened_to() -> None:
    task, workers = Task({}, RESULT), Workers()
    workers.interrupt()
    with pytest.raises(KeyboardInterrupt):
        list(said(task, workers))
    assert (task.asked, task.cancelled) == (0, 1)


def test_one_that_waits_for_nodes_that_have_left_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "WAIT_S", 0.01)
    task = Task(hangs=True)
    with pytest.raises(stream.Stranded):
        list(said(task, has_place=False))
    assert task.cancelled == 1


@pytest.mark.parametrize(("says", "has_place"), [([], True), ([{}], False)])
def test_one_that_waits_for_its_turn_or_has_begun_is_not(
    says: list[Any], has_place: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What becomes of a task that has begun is for Ray to say: it knows when a node is lost."""
    monkeypatch.setattr(stream, "WAIT_S", 0.01)
    task, heard = Task(*says, hangs=True), []
    listener = threading.Thread(target=lambda: heard.extend(said(task, has_place=has_place)))
    listener.start()
    time.sleep(0.3)
    assert listener.is_alive() and not task.cancelled and task.asked > 3
    task.says.append(RESULT)
    task.moves.set()
    listener.join(10)
    assert heard == [*says, RESULT]
