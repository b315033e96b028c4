"""What a paired difference says, in words that a reader may bet on. Each sentence is about one interval, no more."""

from __future__ import annotations

from typing import Literal, NamedTuple

from zoosmith.records.needed import needed
from zoosmith.records.schema import Measurement
from zoosmith.records.scores import Difference, Metric
from zoosmith.records.words import amount, exactly

# An interval of 94 % is 4 % narrower than one of 95 %, and ours cover 94 to 96 % (benchmarks/coverage.py). One that
# excludes 0 by less than that has not shown it.
EDGE = 0.04
SIGNIFICANT = 0.05


class Verdict(NamedTuple):
    """`kind` for machines, `text` for people."""

    kind: Literal["gain", "loss", "no_loss", "undecided"]
    text: str


def verdict(change: Difference, metric: Metric, compared: int | None = None, discordant: int | None = None) -> Verdict:
    """What the 95 % interval of artifact minus reference decides.

    metric: the artifact's own figure, which knows the direction, the unit and the margin. compared: examples that both
    answered, the metric's n if None; discordant: those that exactly one side got right, where answers are right or
    wrong. A gain or a loss is of the interval's bounds; it needs an interval that
    excludes 0 by more than what such intervals are good for, and the test of that very difference where there is one.
    A worse bound within the margin shows no loss over it; any other interval decides nothing at this number of
    examples, and what is said to be needed is needed for just that question.
    """
    gain, margin, compared = change.gain(metric.sign), metric.matters, compared or metric.n
    for kind, side in (("loss", gain.turned), ("gain", gain)):
        if _shown(side):
            told = amount(side.low, side.high, metric.unit)
            return Verdict("loss", f"loss of {told}") if kind == "loss" else Verdict("gain", f"gain of {told}")
    if margin is None:
        return Verdict("undecided", "no difference shown")
    if gain.low >= -margin:
        return _none_over(margin, metric)
    return _undecided(gain, metric, margin, compared, discordant)


def _shown(gain: Difference) -> bool:
    """Whether a gain is more than the edge of an interval, and its own test agrees."""
    if gain.p is not None and gain.p > SIGNIFICANT:
        return False
    return gain.low > EDGE * (gain.high - gain.low) / 2


def _undecided(gain: Difference, metric: Metric, margin: float, compared: int, discordant: int | None) -> Verdict:
    lead = f"whether it loses more than {exactly(margin, metric.unit)}"
    enough = needed(gain, compared, -margin, discordant)
    more = "nor with a million, as near to that as it is" if enough is None else (
        f"needs about {_rounded(max(enough, compared + 1))}")  # fmt: skip
    return Verdict("undecided", f"{lead} is not decidable with {compared} {metric.n_unit}, {more}")


def apart(divergence: Metric) -> Verdict | None:
    """What a divergence from the reference says; None where it has no interval or no margin.

    A divergence is never nothing, so it is held against the margin first.
    """
    margin, (low, high) = divergence.matters, divergence.bounds
    if divergence.low is None or margin is None:
        return None
    least, most = (low, high) if divergence.sign < 0 else (1 - high, 1 - low)
    if most <= margin:
        return _none_over(margin, divergence)
    return Verdict("loss", f"loss of {amount(least, most, divergence.unit)}")


def of_measurement(measured: Measurement, name: str) -> Verdict | None:
    """The verdict on `EVAL.METRIC` against the reference; None for the reference itself or an unknown metric."""
    id, _, metric = name.partition(".")
    versus, figure, change = (measured.versus or {}).get(id), measured.metric(name), measured.change(name)
    if versus is None or figure is None or change is None:
        return None
    if metric not in versus.delta:
        return apart(figure)
    return verdict(change, figure, change.n, versus.discordant)


def _none_over(margin: float, metric: Metric) -> Verdict:
    return Verdict("no_loss", f"no loss over {exactly(margin, metric.unit)} shown")


def _rounded(n: int) -> int:
    """Two significant digits: more would claim to know the discordance of examples not yet seen."""
    unit: int = 10 ** max(0, len(str(n)) - 2)
    return -(-n // unit) * unit
