"""What a load came to: percentiles with intervals, throughput, how busy the servers were, and whether a limit held."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from itertools import pairwise

from zoosmith.capacity.load import Load
from zoosmith.stats.dependent import mean_interval, quantile, quantile_interval
from zoosmith.stats.intervals import Estimate

WARM_UP = 0.2  # of the calls: the queue begins empty, so the first are answered sooner than later ones
P95 = 0.95
FEWEST = 8  # calls, below which nothing is told
SETTLED = 4.0  # times 1 / (1 - utilisation)^2 calls: before that a queue that began empty may still grow


@dataclass(frozen=True, slots=True)
class Trial:
    """A rate, or a number of callers, on the servers for a while. Milliseconds are from when a query was due.

    p95_ms: a bound is infinite where too few calls were made to tell it, or where queries went unanswered.
    utilisation: share of time that the servers were busy, were this rate to go on; from 1 on the queue only grows.
    services: seconds that a server worked at each call.
    """

    per_second: Estimate
    p50_ms: float
    p95_ms: Estimate
    utilisation: Estimate
    calls: int
    unanswered: int = 0
    services: tuple[float, ...] = field(default=(), repr=False)

    def holds(self, limit_ms: float) -> bool:
        """Whether the interval of the p95 lies wholly within the limit, and the queue has settled.

        Source of how long that takes: Whitt (1989), Planning queueing simulations, Management Science 35, 1341-1366.
        """
        idle = 1.0 - self.utilisation.value
        settled = self.utilisation.high < 1.0 and self.calls * idle**2 >= SETTLED
        return self.p95_ms.high <= limit_ms and settled

    def misses(self, limit_ms: float) -> bool:
        """Whether it lies wholly beyond, or the queue surely grows."""
        return self.p95_ms.low > limit_ms or self.utilisation.low >= 1.0

    def within(self, limit_ms: float) -> bool:
        """By the values alone, whatever their intervals."""
        return self.p95_ms.value <= limit_ms and self.utilisation.value < 1.0


def of_rate(load: Load, rate: float, servers: int) -> Trial | None:
    """A load of arrivals at `rate` a second; None for too few calls."""
    calls = load.calls[int(WARM_UP * len(load.calls)) :]
    if len(calls) + load.unanswered < FEWEST or len(calls) < 4:
        return None
    took = [1000.0 * call.latency for call in calls] + [math.inf] * load.unanswered
    service = mean_interval([call.service for call in calls])
    factor = rate / servers
    return Trial(
        per_second=Estimate(rate, rate, rate, len(took)),
        p50_ms=quantile(took, 0.5),
        p95_ms=quantile_interval(took, P95),
        utilisation=Estimate(factor * service.value, factor * service.low, factor * service.high, service.n),
        calls=len(calls),
        unanswered=load.unanswered,
        services=tuple(call.service for call in calls),
    )


def of_callers(load: Load, servers: int) -> Trial | None:
    """A load of callers who wait for their answers; None for too few calls."""
    calls = load.calls[int(WARM_UP * len(load.calls)) :]
    if len(calls) < FEWEST:
        return None
    ends = sorted(call.finished for call in calls)
    gaps = mean_interval([after - before for before, after in pairwise(ends)])
    most = 1.0 / gaps.low if gaps.low > 0 else math.inf
    busy = sum(call.service for call in calls) / (servers * (ends[-1] - min(call.started for call in calls)))
    return Trial(
        per_second=Estimate(1.0 / gaps.value, 1.0 / gaps.high, most, len(calls)),
        p50_ms=quantile([1000.0 * call.latency for call in calls], 0.5),
        p95_ms=quantile_interval([1000.0 * call.latency for call in calls], P95),
        utilisation=Estimate(busy, busy, busy, len(calls)),
        calls=len(calls),
        services=tuple(call.service for call in calls),
    )
