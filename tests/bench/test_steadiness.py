"""A host that cannot tell a speed is waited for, then marked; nothing fails for it."""

from __future__ import annotations

import math
from typing import Any

import pytest

from zoosmith.bench import steadiness
from zoosmith.bench.speed import Timings
from zoosmith.bench.steadiness import judge, steadily


def timings(*ratios: float, others: float = 0.0) -> Timings:
    """A/A ratios by start."""
    return Timings(log_ratios={"again": [math.log(ratio) for ratio in ratios]}, others=others)


STEADY = timings(0.999, 1.001, 1.002, 0.998)
NOISY = timings(0.9, 1.1, 1.05, 0.95)
OFF = timings(1.05, 1.051, 1.049, 1.05)
BUSY = timings(0.999, 1.001, 1.002, 0.998, others=0.3)


@pytest.mark.parametrize(("found", "steady"), [(STEADY, True), (NOISY, False), (OFF, False), (BUSY, False)])
def test_steady_is_an_interval_near_one_on_a_host_of_ones_own(found: Timings, steady: bool) -> None:
    assert judge(found, 1).steady is steady
    assert steadiness.describe(judge(found, 1)).endswith("processors: steady" if steady else "not steady")


def test_an_interval_that_leaves_one_by_a_hair_misleads_nobody() -> None:
    found = judge(timings(1.004, 1.005, 1.006, 1.005), 1)
    assert found.aa.low > 1.0
    assert found.steady


def run(*found: Timings) -> tuple[Any, list[str], float]:
    """Result, what was said, seconds waited."""
    said: list[str] = []
    waits: list[float] = []
    results = iter(found)
    result = steadily(lambda: next(results), said.append, lambda *_, **__: None, waits.append)
    return result, said, sum(waits)


def test_a_steady_host_is_measured_once_and_the_a_a_run_is_printed() -> None:
    (kept, found), said, waited = run(STEADY)
    assert kept is STEADY
    assert (found.attempts, found.steady, waited) == (1, True, 0)
    assert len(said) == 1
    assert said[0].startswith("A/A 1.000 (0.9")


def test_a_busy_host_is_waited_for() -> None:
    (kept, found), said, waited = run(BUSY, STEADY)
    assert kept is STEADY
    assert (found.attempts, found.steady, waited) == (2, True, steadiness.PAUSE_S)
    assert "others took 30.0% of the measuring processors: not steady" in said[0]


def test_after_three_attempts_it_is_marked() -> None:
    (kept, found), said, _ = run(BUSY, OFF, NOISY)
    assert kept is NOISY
    assert (found.attempts, found.steady) == (3, False)
    assert said[-1] == "this host stayed too busy in 3 attempts: its speed is marked as not steady"
