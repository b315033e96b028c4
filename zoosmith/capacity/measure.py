"""What an artifact sustains here: layouts, callers in a closed loop, then arrivals at one rate after another."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from zoosmith.bench.usage import Others
from zoosmith.capacity.forecast import likely_rate
from zoosmith.capacity.layouts import Layout, available_mb, best, fitting
from zoosmith.capacity.load import Call, Load, closed_loop, open_loop, poisson_arrivals
from zoosmith.capacity.processes import Processes, opened
from zoosmith.capacity.search import Sustained, search
from zoosmith.capacity.trial import FEWEST, P95, WARM_UP, Trial, of_callers, of_rate
from zoosmith.capacity.words import ends, number, told
from zoosmith.contract.errors import ZooError
from zoosmith.stats.intervals import Estimate

LAYOUTS, CALLERS = 0.2, 0.2  # of the time; what is left is for arrivals
ARRIVALS = 0.4  # of the time at least, however long opening took
TRIALS = 7  # that the time for arrivals is shared out among
ENOUGH = 200  # calls of a trial, where half of the time for arrivals is enough for them
GROWTH = 1.03  # throughput with twice the callers, below which it has stopped growing
MOST_CALLERS = 64
ROUNDS = 2
PATIENCE = 5.0  # times the limit, or the mean answer, that the first in a queue waits before we give up

Say = Callable[[str], None]


@dataclass(frozen=True)
class Asked:
    """What is wanted: layouts to try, the limit in milliseconds, how long all of it may take, in seconds."""

    layouts: list[Layout]
    limit_ms: float
    seconds: float
    seed: int


@dataclass(frozen=True)
class Found:
    """What was measured. `callers`: trials by number of callers; `others`: share of processors taken by others."""

    layout: Layout
    layouts: tuple[tuple[Layout, Trial], ...]
    callers: tuple[tuple[int, Trial], ...]
    sustained: Sustained
    memory_mb: int
    others: float
    seconds: float


def measure(opening: Mapping[str, Any], asked: Asked, cpus: list[int], say: Say) -> Found:
    """Everything of `Found`; `opening` as `worker.opened` takes it, without `threads`.

    Raises ZooError where the limit is missed even by one caller at a time, or the time is too short to tell anything.
    """
    begun = time.monotonic()
    tried = _layouts(opening, asked, say)
    layout = best(tried, asked.limit_ms)
    with opened(layout.workers, {**opening, "threads": layout.threads}, asked.seed) as servers:
        others, busy, own, start = Others(cpus), Others(cpus).busy(), servers.cpu_s(), servers.now()
        callers = list(_callers(servers, layout, asked, say))
        saturated = max((trial.per_second for _, trial in callers), key=lambda rate: rate.value)
        first = _likely(callers, layout, asked, saturated)
        deadline = max(begun + asked.seconds, servers.now() + ARRIVALS * asked.seconds)
        sustained = search(_Arrivals(servers, asked, deadline, say), first, saturated, asked.limit_ms)
        others.block(busy, servers.cpu_s() - own, servers.now() - start)
    if sustained.rate.value == 0.0:
        raise ZooError(_nothing_held(sustained, asked, layout))
    return Found(
        layout, tuple(tried), tuple(callers), sustained, servers.memory_mb, others.share, time.monotonic() - begun
    )


def _layouts(opening: Mapping[str, Any], asked: Asked, say: Say) -> list[tuple[Layout, Trial]]:
    """Each layout with as many callers as workers; those whose copies of the artifact do not fit are left out.

    So are those that are too slow to tell. Raises ZooError where all are.
    """
    left, tried, slow = sorted(asked.layouts), [], ""
    while left:
        layout = left.pop(0)
        say(f"{layout}: opening")
        with opened(layout.workers, {**opening, "threads": layout.threads}, asked.seed) as servers:
            trial, took = _closed(servers, layout.workers, LAYOUTS * asked.seconds / len(asked.layouts))
        if trial is None:
            slow = slow or _too_slow(layout, took, asked)
            say(f"{layout}, all busy: left out, an answer takes about {took:.1f} s")
        else:
            say(f"{layout}, all busy: {told(trial)}")
            tried.append((layout, trial))
        if left:
            kept = fitting([layout, *left], servers.memory_mb, available_mb())
            for other in sorted({*left} - {*kept}):
                say(f"{other}: left out, each takes {servers.memory_mb} MiB")
            left = [other for other in left if other in kept]
    if not tried:
        raise ZooError(slow)
    return tried


def _callers(servers: Processes, layout: Layout, asked: Asked, say: Say) -> Iterator[tuple[int, Trial]]:
    """1, 2, 4 ... callers until throughput stops growing. Raises ZooError where one alone misses the limit."""
    steps = (2 * layout.workers).bit_length()
    before, callers = 0.0, 1
    while callers <= MOST_CALLERS:
        trial, took = _closed(servers, callers, CALLERS * asked.seconds / steps)
        if trial is None:
            raise ZooError(_too_slow(layout, took, asked))
        say(f"{callers} caller{'s' * (callers > 1)}: {told(trial)}")
        if callers == 1 and trial.p95_ms.value > asked.limit_ms:
            raise ZooError(
                f"even one caller at a time is not answered within {asked.limit_ms:g} ms: with {layout} the p95 is "
                f"{ends(trial.p95_ms, ' ms')} over {trial.calls} answers; raise --p95-ms, or take a faster artifact "
                "(`zoosmith best`)"
            )
        yield callers, trial
        if callers >= layout.workers and trial.per_second.value < GROWTH * before:
            return
        before, callers = trial.per_second.value, 2 * callers


def _closed(servers: Processes, callers: int, seconds: float) -> tuple[Trial | None, float]:
    """A trial of callers, and the mean latency in seconds; where there are too few answers, it goes on as long again.

    The trial is None where there are too few even then.
    """
    calls: tuple[Call, ...] = ()
    for _ in range(ROUNDS):
        calls += closed_loop(servers, callers, seconds).calls
        if trial := of_callers(Load(calls), servers.count):
            break
    return trial, sum(call.latency for call in calls) / len(calls)


def _too_slow(layout: Layout, took: float, asked: Asked) -> str:
    beyond = layout.workers == 1 and 1000.0 * took > asked.limit_ms
    limit = f", beyond {asked.limit_ms:g} ms even for one caller at a time" if beyond else ""
    return f"with {layout} an answer takes about {took:.1f} s{limit}: too few came to tell more; raise --minutes"


def _nothing_held(sustained: Sustained, asked: Asked, layout: Layout) -> str:
    if not sustained.trials:
        return "no rate was tried for long enough to tell anything; raise --minutes"
    least = min(sustained.trials, key=lambda trial: trial.per_second.value)
    return (
        f"no rate that was tried holds {asked.limit_ms:g} ms: with {layout} the p95 at "
        f"{number(least.per_second.value)} queries/s is {ends(least.p95_ms, ' ms')}, the servers busy for "
        f"{least.utilisation.value:.0%} of the time; raise --minutes to try lower rates, or --p95-ms"
    )


def _likely(callers: list[tuple[int, Trial]], layout: Layout, asked: Asked, saturated: Estimate) -> float:
    """The rate to try first: by a simulated queue, with the service times of as many callers as workers."""
    trial = next(trial for count, trial in callers if count >= min(layout.workers, callers[-1][0]))
    rate = likely_rate(trial.services, layout.workers, asked.limit_ms / 1000.0, P95, asked.seed)
    return rate or saturated.value / 2.0


@dataclass
class _Arrivals:
    """A trial at a rate, as long as there is time."""

    servers: Processes
    asked: Asked
    deadline: float
    say: Say

    def __post_init__(self) -> None:
        """Share out the time that is left."""
        self.share = max(0.0, self.deadline - self.servers.now()) / TRIALS
        self.done = 0

    def __call__(self, rate: float) -> Trial | None:
        """None where time is over; there is one trial at least."""
        left = self.deadline - self.servers.now()
        wanted = max(self.share, min(TRIALS * self.share / 2.0, ENOUGH / rate), 2 * FEWEST / (1.0 - WARM_UP) / rate)
        if self.done and left < wanted / 2.0:
            return None
        self.done += 1
        arrivals = poisson_arrivals(rate, max(min(wanted, left), wanted / 2.0), self.asked.seed + self.done)
        give_up = PATIENCE * max(self.asked.limit_ms / 1000.0, self.servers.count / rate)
        trial = of_rate(open_loop(self.servers, arrivals, give_up), rate, self.servers.count)
        if trial is not None:
            self.say(f"arrivals: {told(trial)}")
        return trial
