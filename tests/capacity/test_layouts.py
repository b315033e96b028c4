"""How cores are shared out among workers."""

from __future__ import annotations

import math

import pytest

from zoosmith.capacity.layouts import Layout, best, candidates, fitting
from zoosmith.capacity.trial import Trial
from zoosmith.contract.errors import ZooError
from zoosmith.stats.intervals import Estimate


@pytest.mark.parametrize(
    ("cores", "given", "expected"),
    [
        (1, (None, None), [(1, 1)]),
        (2, (None, None), [(1, 2), (2, 1)]),
        (6, (None, None), [(1, 6), (2, 3), (4, 1), (6, 1)]),
        (8, (3, None), [(3, 2)]),
        (8, (None, 3), [(2, 3)]),
        (8, (2, 1), [(2, 1)]),
    ],
)
def test_workers_times_threads_fill_the_cores(
    cores: int, given: tuple[int | None, int | None], expected: list[tuple[int, int]]
) -> None:
    assert candidates(cores, *given) == expected
    assert all(layout.workers * layout.threads <= cores for layout in candidates(cores, *given))


@pytest.mark.parametrize(("given", "told"), [((3, None), "--workers 3: this host has 2"), ((2, 2), "more than the 2")])
def test_more_than_the_cores_is_refused(given: tuple[int, int | None], told: str) -> None:
    with pytest.raises(ZooError, match=told):
        candidates(2, *given)


def test_copies_that_do_not_fit_are_left_out() -> None:
    layouts = [Layout(1, 8), Layout(2, 4), Layout(8, 1)]
    assert fitting(layouts, 1000, 3000) == layouts[:2]
    with pytest.raises(ZooError, match="1 worker of 8 threads take 1000 MiB; 900 MiB"):
        fitting(layouts, 1000, 900)


def trial(per_second: float, p95: float) -> Trial:
    one = Estimate(per_second, per_second, per_second, 9)
    return Trial(one, 1.0, Estimate(p95, -math.inf, math.inf, 9), one, 9)


def test_the_highest_throughput_within_the_limit_is_the_best() -> None:
    tried = [(Layout(1, 4), trial(50, 20)), (Layout(2, 2), trial(70, 40)), (Layout(4, 1), trial(90, 80))]
    assert [best(tried, limit) for limit in (100, 50, 30, 5)] == [(4, 1), (2, 2), (1, 4), (1, 4)]
