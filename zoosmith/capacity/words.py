"""Rates and latencies as text."""

from __future__ import annotations

import math

from zoosmith.capacity.trial import Trial
from zoosmith.stats.intervals import Estimate


def number(value: float) -> str:
    """Four significant digits, and all of those before the point; "?" for what is not known."""
    if not math.isfinite(value):
        return "?"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def ends(found: Estimate, unit: str = "") -> str:
    """The value with the ends of its interval, which an exact one has not."""
    value = f"{number(found.value)}{unit}"
    return value if found.low == found.high else f"{value} ({number(found.low)} to {number(found.high)})"


def told(trial: Trial) -> str:
    """A trial in a line."""
    lost = f", {trial.unanswered} given up" if trial.unanswered else ""
    p95 = ends(trial.p95_ms, " ms")
    return f"{number(trial.per_second.value)} queries/s, p95 {p95}, n {trial.calls}{lost}"
