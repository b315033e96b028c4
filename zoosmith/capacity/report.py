"""A capacity in words, and as JSON."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from zoosmith.bench.steadiness import BUSY
from zoosmith.capacity.machines import Machines, Needed
from zoosmith.capacity.measure import Found
from zoosmith.capacity.trial import Trial
from zoosmith.capacity.words import ends, number
from zoosmith.records.host import Host
from zoosmith.stats.intervals import Estimate

Row = Sequence[str]
LOAD = ("load", "queries/s", "p50 ms", "p95 ms", "servers busy", "answers")
MACHINES = ("machine", "cores", "each", "queries/s each", "machines", "a month", "used", "how it is known")


@dataclass(frozen=True)
class Report:
    """What is told: whose capacity, under which limit, for which rate, and what was asked of it.

    inputs: what was asked, in words. tokens: how many were written in each answer; None where none are.
    """

    name: str
    host: Host
    found: Found
    limit_ms: float
    qps: float
    inputs: str
    tokens: int | None
    seed: int
    machines: Machines
    needed: tuple[Needed, ...]


def headline(report: Report) -> str:
    """The answer in a line: of the measured machine, or of the first in the list."""
    rate = ends(report.found.sustained.rate)
    first = next((one for one in report.needed if one.basis == "measured"), report.needed[0])
    what = "" if first.basis == "measured" else f" of {first.machine.name} ({first.basis})"
    return (
        f"{report.name}: {rate} queries/s under p95 <= {report.limit_ms:g} ms on this host; for {report.qps:g} "
        f"queries/s: {machines(first)}{what}, {money(first)} a month"
    )


def remarks(report: Report) -> Iterator[str]:
    """How it was measured, and what it does not say."""
    found, rate = report.found, report.found.sustained.rate
    host = report.host
    yield f"host {host.id}: {host.cpu}, {host.cores} cores; {found.layout}, {found.memory_mb} MiB each"
    written = "" if report.tokens is None else f", {report.tokens} new tokens in each answer"
    yield f"asked: {report.inputs}{written}; {rate.n} answers to Poisson arrivals, seed {report.seed}"
    yield (
        "latency counts from when a query was due, waiting included; the interval ends at rates that were tried, whose "
        "p95 is within or beyond the limit with its whole 95 % interval; the load came from this host too"
    )
    if rate.low == 0:
        yield "no rate surely holds the limit, so the number of machines has no upper bound: raise --minutes"
    if found.others > BUSY:
        yield f"others took {found.others:.0%} of the processors meanwhile: an idle host sustains more"
    if not any(one.basis == "measured" for one in report.needed):
        yield f"no machine of the list is this host; give the one that is `host: {host.id}`"
    if origin := ", ".join(filter(None, (report.machines.source, report.machines.as_of))):
        yield f"prices: {origin}"


def load_rows(found: Found) -> list[Row]:
    """A table of all trials under a head; layouts that were not chosen first."""
    others = [(f"{one}, all busy", trial) for one, trial in found.layouts if one != found.layout]
    callers = [(f"{count} caller{'s' * (count > 1)}", trial) for count, trial in found.callers]
    arrivals = [("arrivals", trial) for trial in sorted(found.sustained.trials, key=lambda t: t.per_second.value)]
    return [LOAD, *([what, *_load(trial)] for what, trial in (*others, *callers, *arrivals))]


def _load(trial: Trial) -> list[str]:
    busy = f"{trial.utilisation.value:.0%}"
    answers = f"{trial.calls}" + (f", {trial.unanswered} given up" if trial.unanswered else "")
    return [ends(trial.per_second), number(trial.p50_ms), ends(trial.p95_ms), busy, answers]


def machine_rows(needed: Sequence[Needed]) -> list[Row]:
    """A table of machines under a head."""
    return [MACHINES, *map(_machine, needed)]


def _machine(one: Needed) -> Row:
    each = f"{one.machine.price:,.10g} {one.currency}"
    used = f"{one.utilisation:.0%}"
    return [
        one.machine.name,
        str(one.machine.cores),
        each,
        ends(one.per_second),
        machines(one, ""),
        money(one),
        used,
        one.basis,
    ]


def machines(one: Needed, word: str = " machine") -> str:
    """How many, with the ends of the interval where they differ."""
    text = f"{one.number}{_between(one.number, one.fewest, one.most)}"
    return text + (f"{word}{'s' * (one.number != 1)}" if word else "")


def money(one: Needed) -> str:
    """What they cost a month, with the ends of the interval where they differ."""
    sums = [one.price(number) for number in (one.number, one.fewest, one.most)]
    shown = [None if each is None else f"{each:,.10g}" for each in sums]
    return f"{shown[0]}{_between(*shown)} {one.currency}"


def _between(value: object, low: object, high: object) -> str:
    if low == value == high:
        return ""
    return f" (at least {low})" if high is None else f" ({low} to {high})"


def as_json(report: Report) -> dict[str, Any]:
    """All of it; rates a second, latencies in milliseconds, null for bounds that are not known."""
    found = report.found
    return {
        "name": report.name,
        "host": report.host.model_dump(mode="json"),
        "limit": {"p95_ms": report.limit_ms},
        "sustained_per_s": _estimate(found.sustained.rate),
        "workers": found.layout.workers,
        "threads": found.layout.threads,
        "worker_memory_mb": found.memory_mb,
        "inputs": report.inputs,
        "new_tokens": report.tokens,
        "seed": report.seed,
        "seconds": round(found.seconds, 1),
        "others_share": round(found.others, 4),
        "layouts": [{"workers": one.workers, "threads": one.threads, **_trial(trial)} for one, trial in found.layouts],
        "closed_loop": [{"callers": count, **_trial(trial)} for count, trial in found.callers],
        "open_loop": [_trial(trial) for trial in found.sustained.trials],
        "asked_per_s": report.qps,
        "machines": [_needed(one) for one in report.needed],
        "prices": {"source": report.machines.source, "as_of": report.machines.as_of},
    }


def _trial(trial: Trial) -> dict[str, Any]:
    return {
        "per_s": _estimate(trial.per_second),
        "p50_ms": _number(trial.p50_ms),
        "p95_ms": _estimate(trial.p95_ms),
        "utilisation": _estimate(trial.utilisation),
        "answers": trial.calls,
        "unanswered": trial.unanswered,
    }


def _needed(one: Needed) -> dict[str, Any]:
    return {
        "name": one.machine.name,
        "cores": one.machine.cores,
        "basis": one.basis,
        "per_s": _estimate(one.per_second),
        "machines": {"value": one.number, "low": one.fewest, "high": one.most},
        "price_per_month": {
            "each": one.machine.price,
            "value": one.price(one.number),
            "low": one.price(one.fewest),
            "high": one.price(one.most),
            "currency": one.currency,
        },
        "utilisation": round(one.utilisation, 4),
    }


def _estimate(told: Estimate) -> dict[str, Any]:
    return {"value": _number(told.value), "low": _number(told.low), "high": _number(told.high), "n": told.n}


def _number(value: float) -> float | None:
    return float(f"{value:.6g}") if math.isfinite(value) else None
