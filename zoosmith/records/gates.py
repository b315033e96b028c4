"""Gates: limits that fail a build, compared with what was measured."""

from __future__ import annotations

import math
from collections.abc import Mapping
from fnmatch import fnmatch
from typing import NamedTuple

from zoosmith.recipes.schema import Gate, Model
from zoosmith.records.schema import Bounded, Difference, Measurement
from zoosmith.stats.intervals import examples_needed

MB = 1e6


class Check(Model):
    """One gate with what it was held against. `passed` is None where the gate does not apply."""

    gate: str
    limit: str
    value: float | None = None
    low: float | None = None
    high: float | None = None
    passed: bool | None = None
    note: str = ""


class _Held(NamedTuple):
    """The figure that a limit is compared with, and its interval."""

    value: float
    low: float | None = None
    high: float | None = None


def evaluate(gates: Mapping[str, Gate], measurement: Measurement) -> list[Check]:
    """Every gate of an artifact, in the recipe's order."""
    return [_check(name, gate, measurement) for name, gate in gates.items()]


def _check(name: str, gate: Gate, measured: Measurement) -> Check:
    kind, limit = gate.limit
    text = f"{kind} {limit:g}" + (" (sure)" if gate.sure else "")
    if gate.hosts and not any(fnmatch(measured.host.id, pattern) for pattern in gate.hosts):
        return Check(gate=name, limit=text, note=f"for {', '.join(gate.hosts)}; this host is {measured.host.id}")
    if measured.vs_reference is None and _compares(name, kind):
        return Check(gate=name, limit=text, note="the reference is not compared with itself")
    held = _held(name, kind, measured)
    if held is None:
        return Check(gate=name, limit=text, passed=False, note="was not measured; build it again")
    passed = _holds(name, kind, limit, held, gate.sure)
    note = _note(name, kind, limit, held, measured) if gate.sure and not passed else ""
    return Check(gate=name, limit=text, value=held.value, low=held.low, high=held.high, passed=passed, note=note)


def _compares(name: str, kind: str) -> bool:
    """Whether a gate is about the difference from the reference."""
    return name in ("speed", "agreement") or kind in ("max_drop", "min_ratio", "max_ratio")


def _held(name: str, kind: str, measured: Measurement) -> _Held | None:
    """The figure for a gate, or None where it was not measured. For max_drop it is reference minus artifact."""
    versus = measured.vs_reference
    if name == "size":
        ratio = measured.size_total / measured.reference_size_total
        return _Held(ratio if "ratio" in kind else measured.size_total / MB)
    if name == "memory_mb":
        return _Held(float(measured.memory_mb.peak))
    if name == "latency_p95_ms":
        return _Held(measured.latency_ms.p95)
    if name == "speed":
        return _interval(measured.speedup)
    if name == "agreement":
        return _Held(versus.agreement) if versus else None
    if kind == "max_drop":
        return _drop(versus.delta[name]) if versus and name in versus.delta else None
    return _interval(measured.metric(name))


def _interval(figure: Bounded | None) -> _Held | None:
    return _Held(figure.value, figure.low, figure.high) if figure else None


def _drop(delta: Difference) -> _Held:
    return _Held(-delta.value, -delta.high, -delta.low)


def _holds(name: str, kind: str, limit: float, held: _Held, sure: bool) -> bool:
    """Speed fails only when its whole interval is beyond the limit; a sure gate needs the whole interval within."""
    at_least = kind.startswith("min")
    value = held.value
    if held.low is not None and held.high is not None:
        if name == "speed":
            value = held.high if at_least else held.low
        elif sure:
            value = held.low if at_least else held.high
    return value >= limit if at_least else value <= limit


def _note(name: str, kind: str, limit: float, held: _Held, measured: Measurement) -> str:
    """How many examples would settle a gate that the value meets and the interval does not.

    A drop has the formula of its interval; any other interval shrinks with the root of the examples.
    """
    figure, versus = measured.metric(name), measured.vs_reference
    margin = limit - held.value if kind.startswith("max") else held.value - limit
    if figure is None or held.low is None or held.high is None or margin <= 0:
        return ""
    if kind == "max_drop" and versus is not None:
        compared = sum(next(iter(quality.metrics.values())).n for quality in measured.quality.values())
        needed = examples_needed(max(versus.lost + versus.won, 1) / compared, margin)
    else:
        half = held.high - held.value if kind.startswith("max") else held.value - held.low
        needed = math.ceil(figure.n * (half / margin) ** 2)
    return f"about {needed} examples would settle it; there are {figure.n}"


def table(checks: list[Check]) -> str:
    """The gates as aligned text: gate, limit, value, interval, verdict."""
    rows = [("gate", "limit", "value", "95 % interval", "verdict")]
    for check in checks:
        interval = f"{check.low:.4f} to {check.high:.4f}" if check.low is not None and check.high is not None else "-"
        verdict = {True: "passed", False: "MISSED", None: "not applied"}[check.passed]
        value = "-" if check.value is None else f"{check.value:.4f}"
        rows.append((check.gate, check.limit, value, interval, f"{verdict}{': ' + check.note if check.note else ''}"))
    widths = [max(len(row[i]) for row in rows) for i in range(5)]
    return "\n".join(
        "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )
