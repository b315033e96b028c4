"""What a paired difference says, in words that a reader may bet on."""

from __future__ import annotations

import math
from typing import Literal, NamedTuple

from zoosmith.records.schema import Measurement
from zoosmith.records.scores import Difference, Metric
from zoosmith.records.words import amount, exactly
from zoosmith.stats.intervals import paired_score


class Verdict(NamedTuple):
    """`kind` for machines, `text` for people."""

    kind: Literal["gain", "loss", "no_loss", "undecided"]
    text: str


def verdict(change: Difference, metric: Metric, compared: int | None = None, discordant: int | None = None) -> Verdict:
    """What the 95 % interval of artifact minus reference decides.

    metric: the artifact's own figure, which knows the direction, the unit and the margin. compared: examples that both
    answered, the metric's n if None; discordant: those that exactly one side got right, where answers are right or
    wrong. An interval that excludes 0 is a gain or a loss of its bounds; one whose worse bound is within the margin
    shows no loss over it; any other decides nothing at this number of examples.
    """
    gain, margin, compared = change.gain(metric.sign), metric.matters, compared or metric.n
    if gain.high < 0:
        return Verdict("loss", f"loss of {amount(-gain.high, -gain.low, metric.unit)}")
    if gain.low > 0:
        return Verdict("gain", f"gain of {amount(gain.low, gain.high, metric.unit)}")
    if margin is None:
        return Verdict("undecided", "no difference shown")
    if gain.low >= -margin:
        return _none_over(margin, metric)
    lead = f"whether it loses more than {exactly(margin, metric.unit)}"
    needed = max(_needed(gain, compared, margin, discordant), compared + 1)
    return Verdict(
        "undecided", f"{lead} is not decidable with {compared} {metric.n_unit}, needs about {_rounded(needed)}"
    )


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


def _needed(gain: Difference, compared: int, margin: float, discordant: int | None) -> int:
    """The fewest examples that decide at the same shares: whichever comes first, a loss or none over the margin.

    Where it is known how many answers are discordant, Tango's interval says it for counts; that of another metric is as
    much wider or narrower as it is now. Else from the interval alone. Either way the examples that an interval needs
    grow with the square of its width.
    """
    if discordant is None:
        return _from_interval(gain, compared, margin)
    either = max(discordant / compared, abs(gain.value))
    lost, won = (either - gain.value) / 2, (either + gain.value) / 2
    enough = compared
    while not _decides(lost, won, enough, margin):
        enough *= 2
    too_few = 0
    while enough - too_few > 1:
        middle = (enough + too_few) // 2
        too_few, enough = (too_few, middle) if _decides(lost, won, middle, margin) else (middle, enough)
    low, high = paired_score(lost * compared, won * compared, compared)
    return math.ceil(enough * ((gain.high - gain.low) / (high - low)) ** 2)


def _from_interval(gain: Difference, compared: int, margin: float) -> int:
    """So many that one end of the interval reaches the margin or 0; both shrink towards the value."""
    below, above = gain.value - gain.low, gain.high - gain.value
    shrunk = max((gain.value + margin) / (below or math.inf), -gain.value / (above or math.inf))
    return math.ceil(compared / shrunk**2) if shrunk > 0 else compared + 1


def _decides(lost: float, won: float, n: int, margin: float) -> bool:
    low, high = paired_score(lost * n, won * n, n)
    return low >= -margin or high < 0


def _rounded(n: int) -> int:
    """Two significant digits: more would claim to know the discordance of examples not yet seen."""
    unit: int = 10 ** max(0, len(str(n)) - 2)
    return -(-n // unit) * unit
