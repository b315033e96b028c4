"""Asking about rows: what was answered before a kill is not asked again, and the outcomes are the same."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from zoosmith.bench import asking
from zoosmith.bench.process import Died
from zoosmith.bench.quality import Eval
from zoosmith.execution.arrays import joined, write_arrays
from zoosmith.execution.partial import Batches

ROWS = [{"number": number} for number in range(5)]


class Killed(BaseException):
    """Nothing of this process goes on."""


class Doubles:
    """A process that answers each row with twice its number, and dies when it is asked about `dies`."""

    def __init__(self, dies: int | None = None, death: BaseException | None = None) -> None:
        self.dies, self.death = dies, death or Killed()
        self.asked: list[int] = []

    def ask(self, do: str, *, rows: Any = None, row: Any = None, out: str, **_: Any) -> dict[str, Any]:
        numbers = [each["number"] for each in (rows or [row])]
        if self.dies in numbers:
            raise self.death
        self.asked += numbers
        write_arrays(Path(out), {"doubled": 2 * np.array(numbers)})
        return {}


class Watched:
    """A step whose progress and words are kept."""

    def __init__(self, folder: Path) -> None:
        self.scratch = folder
        self.done: list[int] = []
        self.said: list[str] = []

    def progress(self, done: int, total: int, text: str) -> None:
        assert (total, text) == (len(ROWS), "quality on arc")
        self.done.append(done)

    def say(self, text: str) -> None:
        self.said.append(text)


def eval_of(capability: str, **scoring: Any) -> Eval:
    eval_ = Eval.__new__(Eval)
    eval_.id, eval_.kind, eval_.rows = "arc", "multiple-choice", list(ROWS)
    eval_.scoring = SimpleNamespace(CAPABILITY=capability, **scoring)  # type: ignore[assignment]
    return eval_


def answered(
    step: Watched, child: Doubles, capability: str = "generate", reference: Doubles | None = None
) -> list[int]:
    batches = Batches(step.scratch / "kept")
    found = joined(asking.outcomes(step, eval_of(capability), batches, child, reference))  # type: ignore[arg-type]
    return found["doubled"].tolist()  # type: ignore[no-any-return]


def test_a_run_goes_on_from_the_last_row_that_was_answered(tmp_path: Path) -> None:
    with pytest.raises(Killed):
        answered(Watched(tmp_path), Doubles(dies=3))
    step, child = Watched(tmp_path), Doubles()
    assert answered(step, child) == answered(Watched(tmp_path / "other"), Doubles()) == [0, 2, 4, 6, 8]
    assert child.asked == [3, 4]
    assert step.done == [1, 2, 3, 4, 5]
    assert step.said == ["arc: goes on after 3 of 5 rows, which were answered before"]


def test_a_run_that_nothing_interrupted_says_nothing(tmp_path: Path) -> None:
    step = Watched(tmp_path)
    answered(step, Doubles())
    assert step.said == []


def test_classifiers_are_asked_about_many_rows_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "BATCH", 2)
    step = Watched(tmp_path)
    assert answered(step, Doubles(), "classify") == [0, 2, 4, 6, 8]
    assert step.done == [2, 4, 5]


def test_the_reference_is_not_asked_again_either(tmp_path: Path) -> None:
    with pytest.raises(Killed):
        answered(Watched(tmp_path), Doubles(dies=2), reference=Doubles())
    reference = Doubles()
    answered(Watched(tmp_path), Doubles(), reference=reference)
    assert reference.asked == [2, 3, 4]
    assert {path.name for path in tmp_path.iterdir()} == {"kept"}, "no response is left behind"


def opening(monkeypatch: pytest.MonkeyPatch, *children: Doubles) -> None:
    """One process after the other answers as these do."""
    left = list(children)
    monkeypatch.setattr(asking, "_opened", lambda step, folder: nullcontext(left.pop(0)))


def counting(step: Watched, **scoring: Any) -> list[int]:
    eval_ = eval_of("generate", **scoring)
    eval_.examples = list(range(len(ROWS)))
    found = asking.answered(step, eval_, Batches(step.scratch / "kept"), Path(), None)  # type: ignore[arg-type]
    return found["doubled"].tolist()  # type: ignore[no-any-return]


def test_a_row_that_ends_the_process_once_is_asked_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    step, second = Watched(tmp_path), Doubles()
    opening(monkeypatch, Doubles(2, Died("gone")), second)
    assert counting(step, lost=None) == [0, 2, 4, 6, 8]
    assert second.asked == [2, 3, 4]
    assert step.said[0] == "arc: the process ended at row 3 and is opened again"


def test_a_row_that_ends_it_twice_counts_as_failed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    step, third = Watched(tmp_path), Doubles(2, Died("gone"))
    opening(monkeypatch, Doubles(2, Died("gone")), Doubles(2, Died("gone")), third)
    assert counting(step, lost=lambda example: {"doubled": np.array([-example])}) == [0, 2, -2, 6, 8]
    assert third.asked == [3, 4]
    assert "arc: row 3 ended the process again; it counts as failed" in step.said


def test_a_kind_that_counts_no_failures_ends_with_the_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opening(monkeypatch, Doubles(2, Died("gone")))
    with pytest.raises(Died, match="gone"):
        counting(Watched(tmp_path))
