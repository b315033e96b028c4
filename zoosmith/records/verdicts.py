"""What a paired difference says, in words that a reader may bet on."""

from __future__ import annotations

import math
from typing import Literal, NamedTuple

from zoosmith.records.schema import Difference, Measurement
from zoosmith.stats.intervals import paired_score

MARGIN = 0.01  # one for every artifact, so that verdicts can stand side by side; gates have limits of their own


class Verdict(NamedTuple):
    """`kind` for machines, `text` for people."""

    kind: Literal["gain", "loss", "no_loss", "undecided"]
    text: str


def verdict(change: Difference, compared: int, discordant: int) -> Verdict:
    """What the 95 % interval of artifact minus reference decides.

    compared: examples that both answered; discordant: those that exactly one side got right. An interval that
    excludes 0 is a gain or a loss of its bounds; one whose lower bound is within `MARGIN` shows no loss over it; any
    other decides nothing at this number of examples.
    """
    if change.high < 0:
        return Verdict("loss", f"loss of {_points(-change.high, -change.low)}")
    if change.low > 0:
        return Verdict("gain", f"gain of {_points(change.low, change.high)}")
    if change.low >= -MARGIN:
        return Verdict("no_loss", f"no loss over {_number(MARGIN)} shown")
    lead = f"whether it loses more than {_number(MARGIN)}"
    needed = max(_needed(change, compared, discordant / compared), compared + 1)
    return Verdict("undecided", f"{lead} is not decidable with {compared} examples, needs about {_rounded(needed)}")


def of_measurement(measured: Measurement, metric: str) -> Verdict | None:
    """The verdict on `EVAL.METRIC` against the reference; None for the reference itself or an unknown metric."""
    versus, quality = measured.vs_reference, measured.quality.get(metric.partition(".")[0])
    if versus is None or quality is None or metric not in versus.delta:
        return None
    compared = sum(scores.n for scores in measured.quality.values())
    discordant = round((versus.lost + versus.won) * quality.n / compared)
    return verdict(versus.delta[metric], quality.n, discordant)


def _needed(change: Difference, compared: int, discordance: float) -> int:
    """The fewest examples that decide at the same shares: whichever comes first, a loss or none over `MARGIN`.

    Tango's interval says it for counts. That of another metric is as much wider or narrower as it is now, and the
    examples that an interval needs grow with the square of its width.
    """
    either = max(discordance, abs(change.value))
    lost, won = (either - change.value) / 2, (either + change.value) / 2
    enough = compared
    while not _decides(lost, won, enough):
        enough *= 2
    too_few = 0
    while enough - too_few > 1:
        middle = (enough + too_few) // 2
        too_few, enough = (too_few, middle) if _decides(lost, won, middle) else (middle, enough)
    low, high = paired_score(lost * compared, won * compared, compared)
    return math.ceil(enough * ((change.high - change.low) / (high - low)) ** 2)


def _decides(lost: float, won: float, n: int) -> bool:
    low, high = paired_score(lost * n, won * n, n)
    return low >= -MARGIN or high < 0


def _rounded(n: int) -> int:
    """Two significant digits: more would claim to know the discordance of examples not yet seen."""
    unit: int = 10 ** max(0, len(str(n)) - 2)
    return -(-n // unit) * unit


def _number(share: float) -> str:
    points = f"{share * 100:.2f}".rstrip("0").rstrip(".")
    return f"{points} point{'' if points == '1' else 's'}"


def _points(low: float, high: float) -> str:
    return f"{low * 100:.1f} to {high * 100:.1f} points"
