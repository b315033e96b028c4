"""The greatest rate of arrivals whose p95 is within a limit, by bisection over rates that are tried one by one."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from zoosmith.capacity.trial import Trial
from zoosmith.stats.intervals import Estimate

CLOSE = 0.02  # of the rate: a gap that is not bisected any further
DOWN = 0.8  # of the least rate that was tried, while none surely holds: nearer than half the way to 0


@dataclass(frozen=True)
class Sustained:
    """The rate, with an interval whose ends are rates that were tried.

    value: the greatest rate below which every rate that was tried is within the limit. low: the greatest that surely
    holds the limit (its own 95 % interval lies within), below every one that by its value misses it; 0 for none. high:
    the smallest that surely misses, above every one that by its value holds; the `ceiling` at most. So trials of a
    disturbed host, which contradict each other, widen the interval.
    """

    rate: Estimate
    trials: tuple[Trial, ...]


Attempt = Callable[[float], Trial | None]


def search(attempt: Attempt, first: float, saturated: Estimate, limit_ms: float) -> Sustained:
    """Bisect between 0 and what a closed loop gets, as long as `attempt` makes trials and gaps are worth one.

    attempt: a trial at a rate a second, None when time is over. first: the rate to begin with. saturated: throughput of
    a closed loop, per second.
    """
    trials: list[Trial] = []
    rate = first
    while (trial := attempt(rate)) is not None:
        trials.append(trial)
        if (found := next_rate(trials, saturated, limit_ms)) is None:
            break
        rate = found
    return Sustained(interval(trials, saturated, limit_ms), tuple(trials))


def next_rate(trials: list[Trial], saturated: Estimate, limit_ms: float) -> float | None:
    """The middle of the wider gap, on either side of the rates that are undecided; None where both are close."""
    now = interval(trials, saturated, limit_ms)
    tried = sorted(trial.per_second.value for trial in trials if now.low < trial.per_second.value < now.high)
    edges = [now.low, *tried, now.high]
    gaps = [(edges[1] - edges[0], edges[0]), (edges[-1] - edges[-2], edges[-2])]
    width, start = max(gaps)
    if tried and start == 0.0:
        return DOWN * width
    return None if width <= CLOSE * now.high else start + width / 2.0


def interval(trials: list[Trial], saturated: Estimate, limit_ms: float) -> Estimate:
    """The rate as `Sustained` tells it; n is how many calls stand behind it."""
    rates = {t.per_second.value: t for t in trials}
    within = [rate for rate, trial in rates.items() if trial.within(limit_ms)]
    beyond = min((rate for rate in rates if rate not in within), default=math.inf)
    surely = [rate for rate, trial in rates.items() if trial.misses(limit_ms) and rate > max(within, default=0.0)]
    top = min([ceiling(trials, saturated, limit_ms), *surely])
    low = max((rate for rate, trial in rates.items() if trial.holds(limit_ms) and rate < beyond), default=0.0)
    value = min(max((rate for rate in within if rate < beyond), default=0.0), top)
    return Estimate(max(low, value), low, max(top, low, value), sum(trial.calls for trial in trials))


def ceiling(trials: list[Trial], saturated: Estimate, limit_ms: float) -> float:
    """What the servers can do at all, a second: what a closed loop got, by the upper end of its interval.

    Or, if that is more, what they would do busy all the time by a trial that held: a host that others have left since
    does more than it did.
    """
    by_trials = (t.per_second.value / t.utilisation.value for t in trials if t.holds(limit_ms))
    return max([saturated.high, *by_trials])
