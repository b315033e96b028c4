"""Gates: limits that fail a build, compared with what was measured."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatch
from typing import NamedTuple

from pydantic import Field

from zoosmith.recipes.schema import Gate, Model
from zoosmith.records import slices
from zoosmith.records.membership import parsed
from zoosmith.records.needed import needed
from zoosmith.records.schema import Measurement
from zoosmith.records.scores import Bounded, ChangeDetails, Difference, Metric
from zoosmith.records.words import number

MB = 1e6
REGRESSIONS = ("max_regression", "max_drop")  # the second is how the first was called while more was always better


class Check(Model):
    """One gate with what it was held against, in its `unit`. `passed` is None where the gate does not apply."""

    gate: str
    limit: str
    value: float | None = None
    low: float | None = None
    high: float | None = None
    passed: bool | None = None
    note: str = ""
    unit: str = Field(default="share", exclude_if=lambda value: value == "share")

    @property
    def found(self) -> str:
        """The value as text; "-" where there is none."""
        return "-" if self.value is None else number(self.value, self.unit)

    @property
    def interval(self) -> str:
        """The ends of the interval as text; "-" where there is none."""
        if self.low is None or self.high is None:
            return "-"
        return f"{number(self.low, self.unit)} to {number(self.high, self.unit)}"


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
    if measured.is_reference and _compares(name, kind, measured):
        return Check(gate=name, limit=text, note="the reference is not compared with itself")
    held = _held(name, kind, measured)
    if held is None:
        return Check(gate=name, limit=text, passed=False, note=_missing(name, kind, measured))
    passed = _holds(name, kind, limit, held, gate.sure)
    note = _note(name, kind, limit, held, measured) if gate.sure and not passed else ""
    figure = measured.metric(name)
    unit = figure.unit if figure else "share"
    return Check(
        gate=name, limit=text, value=held.value, low=held.low, high=held.high, passed=passed, note=note, unit=unit
    )


def _compares(name: str, kind: str, measured: Measurement) -> bool:
    """Whether a gate is about the difference from the reference."""
    told = name in ("speed", "agreement") or kind in (*REGRESSIONS, "min_ratio", "max_ratio")
    return told or measured.is_divergence(name)


def _held(name: str, kind: str, measured: Measurement) -> _Held | None:
    """The figure for a gate, or None where it was not measured. A regression is what the artifact is worse by."""
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
        return _least_agreement(measured)
    if kind in REGRESSIONS:
        return _regression(measured.change(name), measured.metric(name))
    return _interval(measured.metric(name))


def _missing(name: str, kind: str, measured: Measurement) -> str:
    """Why there is no figure for a gate."""
    told, (id, _, metric) = parsed(name), name.partition(".")
    details = measured.quality[id].details if id in measured.quality else None
    if isinstance(details, ChangeDetails) and metric in details.changes:
        return f"{metric} changes none of the {details.n} pairs that were measured: nothing to hold the limit against"
    if told is None or measured.metric(told.metric) is None:
        return "was not measured; build it again"
    n = figure.n if (figure := measured.metric(name)) else 0
    if n < slices.FEWEST:
        most = "a difference needs two" if kind in REGRESSIONS and n else "nothing to hold the limit against"
        return (
            f"{n} of the rows that were measured {'has' if n == 1 else 'have'} {told.column} = {told.value!r}: {most}"
        )
    return "the reference's answers are not recorded beside it; build it again"


def _least_agreement(measured: Measurement) -> _Held | None:
    """That of the eval in which the artifact agrees least."""
    found = [metric.value for name, metric in measured.divergences() if name.endswith(".agreement")]
    return _Held(min(found)) if found else None


def _regression(change: Difference | None, metric: Metric | None) -> _Held | None:
    if change is None or metric is None:
        return None
    worse = change.gain(-metric.sign)
    return _Held(worse.value, worse.low, worse.high)


def _interval(figure: Bounded | Metric | None) -> _Held | None:
    return _Held(figure.value, figure.low, figure.high) if figure else None


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
    """How many examples would settle a gate that the value meets and the interval does not."""
    figure, change = measured.metric(name), measured.change(name)
    margin = limit - held.value if kind.startswith("max") else held.value - limit
    if figure is None or held.low is None or held.high is None or margin <= 0:
        return ""
    regression = kind in REGRESSIONS
    n = change.n or figure.n if regression and change else figure.n
    told = Difference(value=held.value, low=held.low, high=held.high)
    enough = needed(told, n, limit, _discordant(measured, name) if regression else None)
    if enough is None:
        return ""
    return f"about {max(enough, n + 1)} {figure.n_unit} would settle it at the same shares; there are {n}"


def _discordant(measured: Measurement, name: str) -> int | None:
    """Examples of the metric's eval, or slice, that exactly one side got right, where that is known."""
    id, _, metric = name.partition(".")
    versus = (measured.versus or {}).get(id)
    if versus and (told := parsed(metric)):
        return slices.discordant(measured.quality[id], versus, told)
    return versus.discordant if versus else None


def table(checks: list[Check]) -> str:
    """The gates as aligned text: gate, limit, value, interval, verdict."""
    rows = [("gate", "limit", "value", "95 % interval", "verdict")]
    for check in checks:
        verdict = {True: "passed", False: "MISSED", None: "not applied"}[check.passed]
        rows.append(
            (
                check.gate,
                check.limit,
                check.found,
                check.interval,
                f"{verdict}{': ' + check.note if check.note else ''}",
            )
        )
    widths = [max(len(row[i]) for row in rows) for i in range(5)]
    return "\n".join(
        "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )
