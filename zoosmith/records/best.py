"""The fastest artifact that meets a budget, and for every other the limits that it misses."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from zoosmith.common.names import nearest
from zoosmith.contract.errors import ZooError
from zoosmith.records.figures import Figures, eval_of
from zoosmith.records.ratios import one_reference
from zoosmith.records.recommended import pace
from zoosmith.records.scores import Metric

HOST = "host"


@dataclass(frozen=True)
class Budget:
    """Limits; None is no limit. Size in bytes, memory in MiB; `minima` and `maxima` by METRIC or EVAL.METRIC.

    max_drop: how much worse than the reference any metric that is a share may be. What has another unit is held by its
    own limit, as divergences are. With `sure`, all these are held by the worse bound of the 95 % interval instead of
    the value.
    """

    max_drop: float | None = None
    max_size: float | None = None
    max_p95_ms: float | None = None
    max_memory_mb: float | None = None
    minima: Mapping[str, float] = field(default_factory=dict)
    maxima: Mapping[str, float] = field(default_factory=dict)
    sure: bool = False


class Held(NamedTuple):
    """One limit with what was found; `found` is None where it was not measured, `what` names the metric."""

    limit: str
    allowed: float
    found: float | None
    what: str = ""

    @property
    def excess(self) -> float:
        """How far beyond the limit, as a share of it; not above 0 where it is met, infinite where nothing is known."""
        if self.found is None:
            return math.inf
        beyond = self.allowed - self.found if self.limit.startswith("min") else self.found - self.allowed
        if beyond <= 0:
            return min(beyond, 0.0)
        return beyond / abs(self.allowed) if self.allowed else math.inf


@dataclass(frozen=True)
class Candidate:
    """An artifact with all limits that it was held against; `figures` is None where the host has not measured it."""

    name: str
    figures: Figures | None
    held: tuple[Held, ...] = ()

    @property
    def misses(self) -> list[Held]:
        """The limits that it does not meet, the worst first."""
        return sorted((held for held in self.held if held.excess > 0), key=lambda held: -held.excess)


@dataclass(frozen=True)
class Choice:
    """`meeting` is sorted, the fastest first; `excluded` by how near each came."""

    host: str
    evals: tuple[str, ...]
    meeting: list[Candidate]
    excluded: list[Candidate]

    @property
    def best(self) -> Candidate | None:
        """The fastest that meets every limit."""
        return self.meeting[0] if self.meeting else None

    @property
    def nearest_miss(self) -> Candidate | None:
        """The one whose worst excess is the smallest, among those whose every limit was measured."""
        known = [one for one in self.excluded if all(held.found is not None for held in one.held)]
        return known[0] if known else None


def choose(measured: Mapping[str, Sequence[Figures]], budget: Budget, host: str, evals: Sequence[str]) -> Choice:
    """Hold every artifact against the budget by what `host` measured of it; drop and minima on the evals named."""
    apart = {name: told for own in measured.values() for one in own for name, told in one.divergence.items()}
    candidates = [_candidate(name, figures, budget, host, evals, apart) for name, figures in measured.items()]
    meeting = [one for one in candidates if not one.misses]
    excluded = [one for one in candidates if one.misses]
    return Choice(host, tuple(evals), _by_speed(meeting), sorted(excluded, key=_distance))


def common_host(measured: Mapping[str, Sequence[Figures]], wanted: str | None = None) -> str:
    """The host that measured most artifacts, or the one wanted. Raises ZooError where it measured none of them."""
    rows = Counter(host for figures in measured.values() for host in {one.host for one in figures})
    if wanted is not None and wanted not in rows:
        raise ZooError(f"no artifact was measured on the host {wanted!r}{nearest(wanted, rows)}")
    if not rows:
        raise ZooError("none of these artifacts has a measurement")
    return wanted or min(rows, key=lambda host: (-rows[host], host))


def common_evals(measured: Mapping[str, Sequence[Figures]], wanted: str | None = None) -> list[str]:
    """The evals that all artifacts share, or the one wanted.

    Raises ZooError where they share none: the fastest of artifacts that answer different questions is no answer.
    """
    each = [{id for one in figures for id in one.eval_ids} for figures in measured.values() if figures]
    known = set().union(*each)
    if wanted is not None and wanted not in known:
        raise ZooError(f"no artifact was measured on {wanted!r}{nearest(wanted, known)}")
    shared = set.intersection(*each) if each else set()
    if wanted is None and not shared:
        raise ZooError(f"these artifacts share no eval; say which they are for by --data: {', '.join(sorted(known))}")
    return [wanted] if wanted is not None else sorted(shared)


def on_evals(measured: Mapping[str, Sequence[Figures]], evals: Sequence[str]) -> dict[str, list[Figures]]:
    """The artifacts that were measured on all of these evals, with those of their figures that hold them."""
    found = {name: [one for one in own if set(evals) <= set(one.eval_ids)] for name, own in measured.items()}
    return {name: own for name, own in found.items() if own}


def _candidate(
    name: str,
    figures: Sequence[Figures],
    budget: Budget,
    host: str,
    evals: Sequence[str],
    apart: Mapping[str, Metric],
) -> Candidate:
    """Suite full goes before quick, a steady host before one that was not.

    `apart` are the divergences that were measured of any, by EVAL.NAME.
    """
    here = sorted((one for one in figures if one.host == host), key=lambda one: (one.suite != "full", not one.steady))
    if not here:
        return Candidate(name, None, (Held(HOST, 0.0, None, host),))
    return Candidate(name, here[0], tuple(_held(here[0], budget, evals, apart)))


def _held(one: Figures, budget: Budget, evals: Sequence[str], apart: Mapping[str, Metric]) -> Iterator[Held]:
    if budget.max_drop is not None:
        yield _drop(one, budget.max_drop, evals, budget.sure)
    limits = (
        ("max-size", budget.max_size, float(one.size)),
        ("max-p95-ms", budget.max_p95_ms, one.p95_ms),
        ("max-memory-mb", budget.max_memory_mb, float(one.memory_peak)),
    )
    for limit, allowed, found in limits:
        if allowed is not None:
            yield Held(limit, allowed, found)
    for kind, limited in (("min", budget.minima), ("max", budget.maxima)):
        for metric, allowed in limited.items():
            yield _worst(one, kind, metric, allowed, evals, budget.sure, apart)


def _drop(one: Figures, allowed: float, evals: Sequence[str], sure: bool) -> Held:
    if one.is_reference:
        return Held("max-drop", allowed, 0.0)
    worst = worst_drop(one, evals, sure)
    return Held("max-drop", allowed, *worst) if worst else Held("max-drop", allowed, None)


def worst_drop(one: Figures, evals: Sequence[str], sure: bool = False) -> tuple[float, str] | None:
    """By how much a metric that is a share is worse than the reference at most, and which; None where there is none.

    Adding 0 makes nothing of minus nothing.
    """
    shares = ((name, one.scores.get(name), told) for name, told in one.delta.items() if eval_of(name) in evals)
    worse = [(name, told.gain(-m.sign)) for name, m, told in shares if m is not None and m.unit == "share"]
    return max((((told.high if sure else told.value) + 0.0, name) for name, told in worse), default=None)


def _worst(
    one: Figures,
    kind: str,
    metric: str,
    allowed: float,
    evals: Sequence[str],
    sure: bool,
    apart: Mapping[str, Metric],
) -> Held:
    """What is nearest to the limit, or beyond it, of a metric or divergence over the evals."""
    named = ((name, one.figure(name, apart.get(name))) for name in [*(f"{id}.{metric}" for id in evals), metric])
    found = {name: _end(told, kind, sure) for name, told in named if told is not None}
    worst = (min if kind == "min" else max)(found, key=lambda name: found[name], default=None)
    return Held(f"{kind}-{metric}", allowed, found[worst] if worst else None, worst or metric)


def _end(told: Metric, kind: str, sure: bool) -> float:
    low, high = told.bounds
    return told.value if not sure else low if kind == "min" else high


def _by_speed(meeting: Sequence[Candidate]) -> list[Candidate]:
    """The fastest first, as `zoosmith.records.recommended` and so every card and page tells it."""
    of = {one.name: one.figures for one in meeting if one.figures is not None}
    speed = pace(list(of.values()))
    return sorted(meeting, key=lambda one: (*speed(of[one.name]), of[one.name].size, one.name))


def _distance(one: Candidate) -> tuple[float, float, str]:
    excess = [held.excess for held in one.misses]
    return max(excess), sum(excess), one.name


def told_apart(first: Figures, second: Figures) -> bool | None:
    """Whether the intervals of both speedups over one reference are apart; None where there is no such pair.

    The reference itself is once as fast, for sure. None too where a host was not steady.
    """
    one, other = _ends(first), _ends(second)
    if not one_reference(first, second) or one is None or other is None or not (first.steady and second.steady):
        return None
    return one[0] > other[1] or other[0] > one[1]


def _ends(one: Figures) -> tuple[float, float] | None:
    if one.is_reference:
        return 1.0, 1.0
    return (one.speedup.low, one.speedup.high) if one.speedup else None
