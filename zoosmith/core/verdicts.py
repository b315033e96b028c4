"""What a paired difference says, in words that a reader may bet on."""

from __future__ import annotations

from typing import Literal, NamedTuple

from zoosmith.core.intervals import examples_needed
from zoosmith.core.records import Difference, Measurement

MARGIN = 0.01


class Verdict(NamedTuple):
    """`kind` for machines, `text` for people."""

    kind: Literal["gain", "loss", "no_loss", "undecided"]
    text: str


def verdict(change: Difference, compared: int, discordant: int, margin: float = MARGIN) -> Verdict:
    """What the 95 % interval of artifact minus reference decides.

    compared: examples that both answered; discordant: those that exactly one side got right; margin: the loss
    that one is ready to bear, as a share. An interval that excludes 0 is a gain or a loss of its bounds; one whose
    lower bound is within the margin shows no loss over it; any other decides nothing at this number of examples.
    """
    if change.high < 0:
        return Verdict("loss", f"loss of {_points(-change.high, -change.low)}")
    if change.low > 0:
        return Verdict("gain", f"gain of {_points(change.low, change.high)}")
    if change.low >= -margin:
        return Verdict("no_loss", f"no loss over {_number(margin)} shown")
    needed = examples_needed(max(discordant, 1) / compared, _half_width(change.value, margin))
    needed = max(needed, compared + 1)  # the score interval is not symmetric: N near n means "a few more"
    return Verdict("undecided", f"not decidable with {compared} examples, needs about {_rounded(needed)}")


def of_measurement(measured: Measurement, metric: str, margin: float = MARGIN) -> Verdict | None:
    """The verdict on `EVAL.METRIC` against the reference; None for the reference itself or an unknown metric."""
    versus, quality = measured.vs_reference, measured.quality.get(metric.partition(".")[0])
    if versus is None or quality is None or metric not in versus.delta:
        return None
    compared = sum(scores.n for scores in measured.quality.values())
    discordant = round((versus.lost + versus.won) * quality.n / compared)
    return verdict(versus.delta[metric], quality.n, discordant, margin)


def _half_width(value: float, margin: float) -> float:
    """The half width that would decide: that keeps the margin clear of the interval, or 0 where the loss is larger."""
    return min(max(abs(value + margin), abs(value) if value < -margin else 0.0, 1e-3), 0.5)


def _rounded(n: int) -> int:
    """Two significant digits: more would claim to know the discordance of examples not yet seen."""
    unit: int = 10 ** max(0, len(str(n)) - 2)
    return -(-n // unit) * unit


def _number(share: float) -> str:
    points = f"{share * 100:.2f}".rstrip("0").rstrip(".")
    return f"{points} point{'' if points == '1' else 's'}"


def _points(low: float, high: float) -> str:
    return f"{low * 100:.1f} to {high * 100:.1f} points"
