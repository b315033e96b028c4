"""Load on simulated servers, whose queues theory knows."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zoosmith.capacity.forecast import Simulated
from zoosmith.capacity.load import Load, closed_loop, open_loop, poisson_arrivals
from zoosmith.stats.dependent import quantile


def always(seconds: float) -> Callable[[], float]:
    return lambda: seconds


def exponential(mean: float, seed: int) -> Callable[[], float]:
    draw = random.Random(seed)
    return lambda: draw.expovariate(1 / mean)


def mean_latency(load: Load) -> float:
    return sum(call.latency for call in load.calls) / len(load.calls)


@pytest.mark.parametrize("busy", [0.3, 0.6, 0.8])
def test_waiting_for_a_constant_service_is_that_of_m_d_1(busy: float) -> None:
    """Pollaczek-Khinchine: mean wait = rho / (2 (1 - rho)) services."""
    load = open_loop(Simulated(1, always(1.0)), poisson_arrivals(busy, 60_000, seed=1), math.inf)
    assert mean_latency(load) == pytest.approx(1 + busy / (2 * (1 - busy)), rel=0.05)


@pytest.mark.parametrize("busy", [0.3, 0.6, 0.8])
def test_latency_of_a_random_service_is_that_of_m_m_1(busy: float) -> None:
    """Exponential with rate mu - lambda, so its p95 is ln 20 over that."""
    load = open_loop(Simulated(1, exponential(1.0, 2)), poisson_arrivals(busy, 100_000, seed=1), math.inf)
    assert mean_latency(load) == pytest.approx(1 / (1 - busy), rel=0.08)
    assert quantile([call.latency for call in load.calls], 0.95) == pytest.approx(math.log(20) / (1 - busy), rel=0.1)


def test_two_servers_wait_as_erlang_says() -> None:
    """M/M/2 at rho 0.75: C = 2 rho^2 / (1 + rho), mean wait = C / (2 mu - lambda)."""
    busy = 0.75
    load = open_loop(Simulated(2, exponential(1.0, 3)), poisson_arrivals(2 * busy, 50_000, seed=4), math.inf)
    waits = 2 * busy**2 / (1 + busy) / (2 - 2 * busy)
    assert mean_latency(load) == pytest.approx(1 + waits, rel=0.07)


def test_callers_keep_as_many_servers_busy_as_there_are() -> None:
    for callers, per_second in ((1, 10.0), (2, 20.0), (3, 30.0), (6, 30.0)):
        load = closed_loop(Simulated(3, always(0.1)), callers, 50.0)
        assert len(load.calls) / 50.0 == pytest.approx(per_second, rel=0.02)
        assert mean_latency(load) == pytest.approx(callers / per_second, rel=0.02)


def test_latency_counts_from_the_schedule_though_the_server_stalls() -> None:
    """One answer takes 10 s: with an arrival every second, nine others wait for it, and all of that is seen."""
    took = iter([10.0, *[0.1] * 100])
    load = open_loop(Simulated(1, lambda: next(took)), [float(i) for i in range(20)], math.inf)
    assert [round(call.latency, 1) for call in load.calls[:4]] == [10.0, 9.1, 8.2, 7.3]
    assert [round(call.service, 1) for call in load.calls[:3]] == [10.0, 0.1, 0.1]


def test_a_queue_that_only_grows_is_given_up_and_counted() -> None:
    arrivals = poisson_arrivals(5.0, 1000.0, seed=0)
    load = open_loop(Simulated(1, always(1.0)), arrivals, give_up_s=20.0)
    assert len(load.calls) + load.unanswered == len(arrivals)
    assert len(load.calls) < 40
    assert max(call.latency for call in load.calls) <= 22.0


@given(st.floats(0.5, 50), st.integers(0, 2**32), st.integers(1, 4))
@settings(max_examples=30)
def test_every_arrival_is_answered_once_and_never_before_its_time(rate: float, seed: int, servers: int) -> None:
    arrivals = poisson_arrivals(rate, 20.0, seed)
    load = open_loop(Simulated(servers, exponential(0.1, seed)), arrivals, math.inf)
    assert [call.due for call in load.calls] == arrivals
    assert all(call.due <= call.started <= call.finished for call in load.calls)


def test_arrivals_are_those_of_the_seed_and_as_many_as_the_rate_says() -> None:
    assert poisson_arrivals(10.0, 5.0, 7) == poisson_arrivals(10.0, 5.0, 7) != poisson_arrivals(10.0, 5.0, 8)
    found = poisson_arrivals(100.0, 300.0, 1)
    gaps = [after - before for before, after in pairwise(found)]
    assert len(found) == pytest.approx(30_000, rel=0.03)
    assert sum(gap < math.log(2) / 100 for gap in gaps) / len(gaps) == pytest.approx(0.5, abs=0.02)
