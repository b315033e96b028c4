"""Speed: a slower artifact is seen, and the unit is the start of a process."""

from __future__ import annotations

import math
from itertools import permutations
from pathlib import Path

import pytest

from tests.support.toys import opening, silent, write_toy
from zoosmith.bench import speed
from zoosmith.contract.errors import ZooError

SHORT = speed.Plan(starts=4, turns=2, block_s=0.1)


def test_an_artifact_slowed_by_a_half_is_seen(tmp_path: Path) -> None:
    """How little is seen is what `benchmarks/aa.py` measures: a busy machine sleeps longer than it is told."""
    slowed, reference = write_toy(tmp_path, "slowed", sleep_ms=30), write_toy(tmp_path, "reference", sleep_ms=20)
    sides = {"artifact": slowed, "reference": reference, "again": slowed}
    found = speed.compare(sides, opening(tmp_path, slowed, reference), SHORT, silent)
    ratio, itself = found.ratio("reference"), found.ratio("again")
    assert ratio.high < 1.0
    assert ratio.value == pytest.approx(1 / 1.5, abs=0.1)
    assert itself.value == pytest.approx(1.0, abs=0.1)
    assert ratio.n == SHORT.starts, "blocks of one start share its luck and are no units of their own"
    assert len(found.ms["artifact"]) >= 8 * SHORT.starts * SHORT.turns
    assert found.memory["peak"] >= found.memory["load"] > 0
    assert found.vram is None


def test_a_process_that_dies_is_told(tmp_path: Path) -> None:
    broken = write_toy(tmp_path, "broken")
    (broken / "toy.json").write_text('{"hashes": "none"}')
    with pytest.raises(ZooError, match="artifact: TypeError"):
        speed.compare({"artifact": broken}, opening(tmp_path, broken), SHORT, silent)


def test_every_order_of_three_has_its_turn_followed_by_its_reverse() -> None:
    orders = speed.orders(["a", "b", "c"])
    assert sorted(orders) == sorted(permutations("abc"))
    assert all(one == other[::-1] for one, other in zip(orders[::2], orders[1::2], strict=True))
    assert speed.orders(["a", "b"]) == [("a", "b"), ("b", "a")]


def test_percentiles_are_of_the_nearest_rank() -> None:
    values = [float(i) for i in range(1, 101)]
    assert [speed.percentile(values, share) for share in (0.5, 0.95, 0.99, 1.0)] == [50, 95, 99, 100]
    assert math.isclose(speed.percentile([3.0], 0.99), 3.0)
