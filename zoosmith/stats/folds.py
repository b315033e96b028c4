"""The mean of a figure over folds of a cross-validation, with Student's t interval."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

from zoosmith.stats.student import student_quantile


@dataclass(frozen=True, slots=True)
class Spread:
    """Mean, sample standard deviation (n - 1 below the line) and bounds of the mean's interval; n counts folds."""

    value: float
    sd: float
    low: float
    high: float
    n: int


def mean_over_folds(values: Sequence[float], level: float = 0.95) -> Spread:
    """mean -+ t(n - 1) sd / sqrt(n) of one figure a fold, in its own unit; the bounds are not clipped.

    Folds share rows that they were trained on, so their figures are correlated and the interval is rather too narrow:
    no unbiased estimator of the variance exists. Source: Bengio and Grandvalet (2004), No unbiased estimator of the
    variance of k-fold cross-validation, Journal of Machine Learning Research 5, 1089-1105.

    Raises ValueError for fewer than two folds, and for figures that are not finite.
    """
    n = len(values)
    if n < 2:
        raise ValueError(f"a spread over folds needs at least 2 of them, found {n}")
    if not all(map(math.isfinite, values)):
        raise ValueError(f"a fold's figure is not finite: {', '.join(map(str, values))}")
    mean, sd = fmean(values), stdev(values)
    half = student_quantile(level, n - 1) * sd / math.sqrt(n)
    return Spread(mean, sd, mean - half, mean + half, n)
