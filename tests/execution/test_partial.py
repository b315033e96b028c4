"""Answers that outlive a kill: whole ones are there again, of the same rows alone, and half ones are not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from zoosmith.execution.arrays import write_arrays
from zoosmith.execution.partial import Batches

ROWS: list[Any] = [{"text": "a"}, {"text": "b"}]


def written(folder: Path, *values: int) -> Path:
    file = folder / "outcomes.npz"
    write_arrays(file, {"acc": np.array(values, np.int8)})
    return file


def test_what_was_kept_is_there_in_the_next_run(tmp_path: Path) -> None:
    file = written(tmp_path, 1, 0)
    assert Batches(tmp_path / "kept").keep(0, ROWS, file)["acc"].tolist() == [1, 0]
    assert not file.exists()
    found = Batches(tmp_path / "kept").kept(0, ROWS)
    assert found is not None
    assert (found["acc"].tolist(), str(found["acc"].dtype)) == ([1, 0], "int8")


def test_other_rows_and_other_places_are_not_known(tmp_path: Path) -> None:
    batches = Batches(tmp_path / "kept")
    batches.keep(2, ROWS, written(tmp_path, 1, 0))
    assert batches.kept(0, ROWS) is None
    assert batches.kept(2, ROWS[:1]) is None
    assert batches.kept(2, [ROWS[0], {"text": "c"}]) is None


def test_half_a_file_is_none(tmp_path: Path) -> None:
    batches = Batches(tmp_path / "kept")
    batches.keep(0, ROWS, written(tmp_path, 1, 0))
    [file] = (tmp_path / "kept").iterdir()
    whole = file.read_bytes()
    for size in (0, 10, len(whole) // 2, len(whole) - 1):
        file.write_bytes(whole[:size])
        assert batches.kept(0, ROWS) is None, size


def test_all_are_forgotten(tmp_path: Path) -> None:
    batches = Batches(tmp_path / "kept")
    batches.keep(0, ROWS, written(tmp_path, 1, 0))
    batches.drop()
    assert Batches(tmp_path / "kept").kept(0, ROWS) is None
