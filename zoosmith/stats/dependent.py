"""Intervals for observations in the order of time, each of which may depend on those before it.

Latencies of a queue do: who waits long stands behind others who did. An interval that took them for independent would
be too narrow by far.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import fmean, variance

from zoosmith.stats.intervals import Estimate
from zoosmith.stats.student import student_quantile

BATCHES = 20


def batch_means(values: Sequence[float], batches: int = BATCHES) -> list[float]:
    """Means of contiguous batches of equal size; what is left over of the division is dropped at the start.

    There are fewer batches where they would hold less than two values each. Raises ValueError below four values.

    Source: Schmeiser (1982), Batch size effects in the analysis of simulation output, Operations Research 30, 556-568:
    10 to 30 batches.
    """
    if len(values) < 4:
        raise ValueError(f"batch means need at least 4 observations, found {len(values)}; measure for longer")
    count = min(batches, len(values) // 2)
    size = len(values) // count
    start = len(values) - size * count
    return [fmean(values[i : i + size]) for i in range(start, len(values), size)]


def mean_interval(values: Sequence[float], level: float = 0.95, batches: int = BATCHES) -> Estimate:
    """The mean with Student's t interval over batch means. Raises ValueError below four values."""
    means = batch_means(values, batches)
    half = student_quantile(level, len(means) - 1) * math.sqrt(variance(means) / len(means))
    mean = fmean(values)
    return Estimate(mean, mean - half, mean + half, len(values))


def effective_size(values: Sequence[float], batches: int = BATCHES) -> float:
    """How many independent observations tell as much of the mean as these do: from 1 to their number.

    The variance of one value over that of the mean as its batches show it.
    """
    means = batch_means(values, batches)
    of_mean, of_one = variance(means) / len(means), variance(values)
    if of_mean == 0.0:
        return float(len(values))
    return min(float(len(values)), max(1.0, of_one / of_mean))


def quantile(values: Sequence[float], share: float) -> float:
    """Smallest value that at least `share` of the values do not exceed (nearest rank). Raises ValueError for none."""
    if not values:
        raise ValueError("a quantile of no values; measure at least one")
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def quantile_interval(values: Sequence[float], share: float, level: float = 0.95) -> Estimate:
    """A quantile of values in the order of time, with bounds that are order statistics.

    The ranks are those of the binomial interval for as many independent values as these are worth (`effective_size` of
    being at most the quantile). A bound that so few values cannot give is infinite: 72 are needed above for share 0.95
    at level 0.95.

    Sources: David and Nagaraja (2003), Order Statistics, 7.1, for the ranks; Heidelberger and Lewis (1984), Quantile
    estimation in dependent sequences, Operations Research 32, 185-209, for values that depend on each other.

    Raises ValueError below four values and unless share and level lie strictly between 0 and 1.
    """
    if not (0.0 < share < 1.0 and 0.0 < level < 1.0):
        raise ValueError(f"share {share} and level {level} must both lie strictly between 0 and 1")
    found = quantile(values, share)
    worth = math.floor(effective_size([float(value <= found) for value in values]))
    low, high = binomial_ranks(worth, share, level)
    ordered = sorted(values)
    below = ordered[max(1, low * len(values) // worth) - 1] if low > 0 else -math.inf
    above = ordered[min(len(values), math.ceil(high * len(values) / worth)) - 1] if high <= worth else math.inf
    return Estimate(found, min(below, found), max(above, found), len(values))


def binomial_ranks(n: int, share: float, level: float = 0.95) -> tuple[int, int]:
    """Ranks, from 1, of the order statistics of n independent values between which the quantile lies.

    Each bound errs with at most (1 - level) / 2. 0 and n + 1 stand for "no value is small" or "large enough".
    """
    tail, far = (1.0 - level) / 2.0, 10.0 * math.sqrt(n * share * (1.0 - share))
    low = max(0, math.floor(n * share - far))  # what lies below adds nothing that a float could hold
    total = _binomial(n, low, share)  # P(X <= low), X the number of values at most the quantile
    while total <= tail:
        low += 1
        total += _binomial(n, low, share)
    high, total = n + 1, _binomial(n, n, share)  # P(X >= high - 1)
    while total <= tail:
        high -= 1
        total += _binomial(n, high - 1, share)
    return low, high


def _binomial(n: int, k: int, p: float) -> float:
    """P(X = k) of a binomial X, by logarithms."""
    ways = math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
    return math.exp(ways + k * math.log(p) + (n - k) * math.log1p(-p))
