"""The sustained rate of simulated servers against queueing theory, and what trials say."""

from __future__ import annotations

import math
import random

import pytest

from zoosmith.capacity.forecast import Simulated, likely_rate
from zoosmith.capacity.load import Call, Load, closed_loop, open_loop, poisson_arrivals
from zoosmith.capacity.search import Sustained, interval, search
from zoosmith.capacity.trial import Trial, of_callers, of_rate
from zoosmith.stats.intervals import Estimate


def m_d_1(rate: float, service: float, latency: float) -> float:
    """P(latency at most so much) for Poisson arrivals and a constant service.

    Source: Erlang (1909), The theory of probabilities and telephone conversations.
    """
    wait = latency - service
    terms = ((rate * (k * service - wait), k) for k in range(int(wait / service) + 1))
    return (1 - rate * service) * sum(x**k / math.factorial(k) * math.exp(-x) for x, k in terms)


def rate_of_m_d_1(service: float, limit: float) -> float:
    low, high = 0.0, 1 / service
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if m_d_1(middle, service, limit) >= 0.95 else (low, middle)
    return low


def found(servers: Simulated, limit: float, seconds: float, seed: int, trials: int = 7) -> Sustained:
    """As `measure` goes about it, on the servers' own clock."""
    closed = of_callers(closed_loop(servers, servers.count, seconds / 10), servers.count)
    assert closed is not None
    left = [trials]

    def attempt(rate: float) -> Trial | None:
        left[0] -= 1
        arrivals = poisson_arrivals(rate, seconds / trials, seed + left[0])
        return None if left[0] < 0 else of_rate(open_loop(servers, arrivals, 5 * limit), rate, servers.count)

    first = likely_rate(closed.services, servers.count, limit, 0.95, seed)
    return search(attempt, first, closed.per_second, 1000 * limit)


@pytest.mark.parametrize(("service", "limit"), [(0.002, 0.02), (0.02, 0.1)])
def test_the_rate_of_a_constant_service_is_that_of_theory(service: float, limit: float) -> None:
    """P(Binomial(20, 0.95) < 16) is 1 in 400: an interval that covers as claimed passes."""
    truth = rate_of_m_d_1(service, limit)
    rates = [found(Simulated(1, lambda: service), limit, 20_000 * service, seed).rate for seed in range(20)]
    assert sum(one.low <= truth <= one.high for one in rates) >= 16
    assert sorted(one.value for one in rates)[10] == pytest.approx(truth, rel=0.06)
    assert sorted(one.high / one.low for one in rates)[10] < 1.35, "the interval says something"


def test_the_rate_of_a_random_service_is_that_of_theory() -> None:
    """Latency of M/M/1 is exponential: p95 is the limit at mu - ln 20 / limit."""
    truth, rates = 500 - math.log(20) / 0.02, []
    for seed in range(20):
        draw = random.Random(seed)
        rates.append(found(Simulated(1, lambda d=draw: d.expovariate(500.0)), 0.02, 60.0, seed).rate)  # type: ignore[misc]
    assert sum(one.low <= truth <= one.high for one in rates) >= 16
    assert sorted(one.value for one in rates)[10] == pytest.approx(truth, rel=0.08)


def test_a_forecast_is_near_to_theory() -> None:
    assert likely_rate([0.02], 1, 0.1, 0.95, seed=1) == pytest.approx(rate_of_m_d_1(0.02, 0.1), rel=0.08)
    assert likely_rate([0.2], 1, 0.1, 0.95, seed=1) == pytest.approx(0.0, abs=0.05)


def test_a_loose_limit_is_bounded_by_what_the_servers_can_do_at_all() -> None:
    """A short trial beyond 50 a second would end within 60 s of waiting: only the share of busy time tells."""
    rate = found(Simulated(1, lambda: 0.02), 60.0, 140.0, seed=3).rate
    assert rate.value <= 50.0001
    assert rate.low <= 50.0


def trial(rate: float, p95: tuple[float, float, float], busy: float = 0.5, calls: int = 1000) -> Trial:
    value, low, high = p95
    near = Estimate(busy, busy - 0.01, busy + 0.01, calls)
    return Trial(Estimate(rate, rate, rate, calls), 1.0, Estimate(value, low, high, calls), near, calls)


def test_a_trial_holds_misses_or_decides_nothing() -> None:
    within, beyond, across = (10.0, 9.0, 11.0), (30.0, 25.0, 40.0), (20.0, 15.0, 25.0)
    assert trial(5, within).holds(20)
    assert not trial(5, within).misses(20)
    assert trial(5, beyond).misses(20)
    assert not trial(5, across).holds(20)
    assert not trial(5, across).misses(20)
    assert not trial(5, within, busy=0.995).holds(20), "it may grow yet"
    assert not trial(5, within, busy=0.98, calls=200).holds(20), "too few calls for such a queue to settle"
    assert trial(5, within, busy=1.2).misses(20), "more comes than can be answered"
    assert not trial(5, (10.0, 9.0, math.inf)).holds(20), "too few calls to bound it"


def test_the_interval_ends_at_rates_that_are_certain() -> None:
    trials = [trial(50, (10, 9, 11)), trial(60, (18, 15, 25)), trial(70, (22, 15, 30)), trial(80, (40, 30, 50))]
    told = interval(trials, Estimate(100, 95, 105, 10), 20)
    assert (told.low, told.value, told.high, told.n) == (50, 60, 80, 4000)
    assert interval([], Estimate(100, 95, 105, 10), 20) == Estimate(0.0, 0.0, 105, 0)


def test_trials_that_contradict_each_other_widen_the_interval() -> None:
    """A host that was disturbed at 50: neither end may hide it."""
    trials = [trial(40, (10, 9, 11)), trial(50, (40, 30, 50)), trial(70, (10, 9, 11)), trial(80, (40, 30, 50))]
    told = interval(trials, Estimate(100, 95, 105, 10), 20)
    assert (told.low, told.value, told.high) == (40, 40, 80)
    trials[2] = trial(70, (15, 9, 25))
    assert interval(trials, Estimate(100, 95, 105, 10), 20).high == 80, "by its value alone, too"
    trials[1] = trial(30, (25, 15, 30))
    assert interval(trials, Estimate(100, 95, 105, 10), 20).low == 0, "what is beyond by its value alone, too"


def test_a_host_that_others_left_does_more_than_the_closed_loop_got() -> None:
    """Half busy at 50 a second, it would do 100."""
    told = interval([trial(50, (10, 9, 11))], Estimate(55, 50, 60, 10), 20)
    assert (told.low, told.value, told.high) == (50, 50, 100)


def test_too_few_calls_are_no_trial() -> None:
    calls = tuple(Call(i, i, i + 0.5) for i in range(5))
    assert of_callers(Load(calls), 1) is None
    assert of_rate(Load(calls), 1.0, 1) is None
    assert of_rate(Load(calls * 4), 1.0, 1) is not None


def test_unanswered_queries_make_a_rate_miss() -> None:
    calls = tuple(Call(i, i, i + 0.5) for i in range(40))
    told = of_rate(Load(calls, unanswered=60), 1.0, 1)
    assert told is not None
    assert told.misses(10_000)
    assert told.p95_ms.value == math.inf
