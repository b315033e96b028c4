"""What a measured process claims of its threads is proved by its processor time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.toys import opening, silent, write_toy
from zoosmith.bench import speed
from zoosmith.bench.usage import TICK_S, Others, Timed, of_this_process, prove
from zoosmith.contract.errors import ZooError

ONE = speed.Plan(starts=1, turns=4, block_s=0.2)


def test_two_threads_reported_as_one_are_caught(tmp_path: Path) -> None:
    toy = write_toy(tmp_path, "toy", hashes=4, threads=2)
    with pytest.raises(ZooError, match=r"artifact: measured with [23] threads, reported as 1: \d+% of its processor"):
        speed.compare({"artifact": toy}, opening(tmp_path, toy), ONE, silent)


def test_a_runtime_that_keeps_to_its_threads_passes(tmp_path: Path) -> None:
    toy = write_toy(tmp_path, "toy", hashes=4)
    assert speed.compare({"artifact": toy}, opening(tmp_path, toy), ONE, silent).ms["artifact"]


def test_a_side_that_spins_while_it_waits_is_caught(tmp_path: Path) -> None:
    still, spins = write_toy(tmp_path, "still", sleep_ms=5), write_toy(tmp_path, "spins", sleep_ms=5, spins=True)
    sides = {"artifact": still, "reference": spins}
    with pytest.raises(ZooError, match=r"reference: took \d\.\d+ s of processor time while it should wait"):
        speed.compare(sides, opening(tmp_path, still, spins), ONE, silent)


def usage(total: float, **threads: float) -> dict[str, Any]:
    return {"total": total, "threads": threads}


BEFORE = usage(5.0, main=4.0, helper=1.0)


@pytest.mark.parametrize(
    ("threads", "timed", "after"),
    [
        (1, Timed(1.0, 1.0, 2.0), usage(6.0, main=4.99, helper=1.01)),
        (2, Timed(2.0, 1.0, 2.0), usage(7.0, main=5.0, helper=2.0)),
        (1, Timed(0.2, 1.0, 2.0), usage(5.25, main=4.25, helper=1.0)),
    ],
)
def test_honest_figures_pass(threads: int, timed: Timed, after: dict[str, Any]) -> None:
    prove("toy", threads, timed, BEFORE, after)


@pytest.mark.parametrize(
    ("timed", "after", "message"),
    [
        (Timed(1.0, 1.0, 2.0), usage(6.0, main=4.5, helper=1.5), "with 2 threads, reported as 1: 50%"),
        (Timed(1.0, 1.0, 2.0), usage(6.0, main=4.4), "with 2 threads, reported as 1: 60%"),
        (Timed(1.9, 1.0, 2.0), usage(6.9, main=5.9, helper=1.0), "with 2 threads, reported as 1"),
        (Timed(1.0, 1.0, 2.0), usage(7.0, main=6.0, helper=1.0), "took 1.00 s of processor time while it should wait"),
    ],
    ids=["side-by-side", "threads-that-ended", "more-than-the-clock", "busy-waiting"],
)
def test_planted_figures_are_caught(timed: Timed, after: dict[str, Any], message: str) -> None:
    with pytest.raises(ZooError, match=message):
        prove("toy", 1, timed, BEFORE, after)


def test_this_process_has_threads_and_time() -> None:
    found = of_this_process()
    assert found["total"] > 0
    assert 0 < sum(found["threads"].values()) <= found["total"] + 2 * TICK_S * len(found["threads"])


def test_others_are_what_is_left_of_the_processors(monkeypatch: pytest.MonkeyPatch) -> None:
    others, busy = Others([0, 1]), iter([10.9, 12.0])
    monkeypatch.setattr(Others, "busy", lambda self: next(busy))
    others.block(before=10.0, own=0.5, wall=1.0)
    assert others.share == pytest.approx(0.2)
    others.block(before=11.0, own=1.0, wall=1.0)
    assert others.share == pytest.approx(0.1)


def test_the_share_of_others_is_never_negative_and_none_without_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    others = Others([0])
    assert others.share == 0.0
    monkeypatch.setattr(Others, "busy", lambda self: 0.0)
    others.block(before=0.0, own=0.1, wall=1.0)
    assert others.share == 0.0


def test_processors_that_were_busy_are_read_from_the_kernel() -> None:
    before = Others([0]).busy()
    assert before > 0
    assert Others([0]).busy() >= before
    assert Others([10**6]).busy() == 0.0
