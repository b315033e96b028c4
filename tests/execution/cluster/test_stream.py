"""Who has heard a task's last word lets it end, and cancels one that nobody listens to any more."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import islice
from types import SimpleNamespace
from typing import Any

import pytest

from zoosmith.execution.cluster import stream

RESULT = {"result": {"tree": "0" * 64}}


class RayError(Exception):
    """As ray.exceptions has it."""


class Task:
    """Says some things, one of which may be an error to raise; `hangs` afterwards, or is over."""

    def __init__(self, *says: Any, hangs: bool = False) -> None:
        self.says, self.hangs = list(says), hangs
        self.has_cancelled = self.is_over = False

    def __next__(self) -> Any:
        if not self.says:
            self.is_over = True
            raise StopIteration
        return self.says.pop(0)


@pytest.fixture(autouse=True)
def ray(monkeypatch: pytest.MonkeyPatch) -> None:
    """As much of Ray as reads a stream."""

    def wait(tasks: Sequence[Task], timeout: float, fetch_local: bool) -> tuple[Sequence[Task], Sequence[Task]]:
        (task,) = tasks
        return ([], tasks) if task.hangs and not task.says else (tasks, [])

    def get(said: Any) -> Any:
        if isinstance(said, Exception):
            raise said
        return said

    def cancel(task: Task, force: bool) -> None:
        task.has_cancelled = True

    fake = SimpleNamespace(wait=wait, get=get, cancel=cancel, exceptions=SimpleNamespace(RayError=RayError))
    monkeypatch.setitem(sys.modules, "ray", fake)
    monkeypatch.setattr(stream, "ENDS_S", 0.01)


def listened(task: Task, count: int, check: Any = lambda: None) -> list[Any]:
    """The first messages; then nobody listens."""
    with closing(stream.said(task, check)) as messages:
        return list(islice(messages, count))


@pytest.mark.parametrize("last", [RESULT, {"error": "no"}])
def test_after_the_last_word_a_task_ends_and_is_not_cancelled(last: dict[str, Any]) -> None:
    task = Task({"progress": {}}, {}, last)
    assert listened(task, 3) == [{"progress": {}}, {}, last]
    assert task.is_over and not task.has_cancelled


def test_all_that_is_said_is_heard_to_the_end() -> None:
    task = Task({}, RESULT)
    assert list(stream.said(task, lambda: None)) == [{}, RESULT]
    assert not task.has_cancelled


def test_what_is_lost_after_its_last_word_is_not_lost() -> None:
    task = Task(RESULT, RayError("the node died"))
    assert listened(task, 1) == [RESULT]
    assert not task.has_cancelled


def test_what_is_lost_before_it_is_told() -> None:
    task = Task({}, RayError("the node died"))
    with pytest.raises(RayError, match="the node died"):
        list(stream.said(task, lambda: None))
    assert not task.has_cancelled


def test_one_that_does_not_end_is_cancelled() -> None:
    task = Task(RESULT, hangs=True)
    assert listened(task, 1) == [RESULT]
    assert task.has_cancelled


def test_one_that_nobody_listens_to_is_cancelled() -> None:
    task = Task({}, {}, RESULT)
    assert listened(task, 1) == [{}]
    assert task.has_cancelled and not task.is_over


def test_an_interruption_cancels() -> None:
    def interrupted() -> Iterator[None]:
        yield
        raise KeyboardInterrupt

    task, turns = Task({}, hangs=True), interrupted()
    with pytest.raises(KeyboardInterrupt):
        list(stream.said(task, lambda: next(turns)))
    assert task.has_cancelled
