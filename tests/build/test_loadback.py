"""Responses that are kept in files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from zoosmith.build.loadback import Stored, _emptied
from zoosmith.execution.arrays import write_arrays


def test_responses_come_in_the_order_of_their_inputs_and_from_their_files(tmp_path: Path) -> None:
    for i in range(11):
        write_arrays(tmp_path / f"{i}.npz", {"logits": np.array([i])})
    kept = Stored(tmp_path, 11)
    assert [int(one["logits"][0]) for one in kept] == [*range(11)] and len(kept) == 11
    assert int(kept[-1]["logits"][0]) == 10
    assert [int(one["logits"][0]) for one in kept[1:3]] == [1, 2]
    with pytest.raises(IndexError):
        kept[11]


def test_nothing_of_an_earlier_question_is_left(tmp_path: Path) -> None:
    write_arrays(tmp_path / "7.npz", {"logits": np.array([7])})
    assert not list(_emptied(tmp_path).iterdir())
