"""How many times as fast one artifact is as another, from what was measured of each."""

from __future__ import annotations

import math
from typing import NamedTuple

from zoosmith.records.figures import Figures, is_reference_of
from zoosmith.records.scores import Bounded


class Ratio(NamedTuple):
    """How many times as fast the first is as the second; without bounds where nothing tells them."""

    value: float
    low: float | None = None
    high: float | None = None


def same_host(first: Figures, second: Figures) -> bool:
    """Whether milliseconds and MiB of both may stand side by side."""
    return (first.host, first.threads) == (second.host, second.threads)


def ratio(first: Figures, second: Figures) -> tuple[Ratio | None, str]:
    """The ratio as it was measured side by side, else over the common reference, else of two medians; and a remark.

    None where the two were measured on different hosts.
    """
    if is_reference_of(second, first) and first.speedup:
        return Ratio(first.speedup.value, first.speedup.low, first.speedup.high), ""
    if is_reference_of(first, second) and second.speedup:
        return _inverse(second.speedup), ""
    if not same_host(first, second):
        return None, ""
    if one_reference(first, second) and first.speedup and second.speedup:
        return quotient(first.speedup, second.speedup), (
            f"not measured side by side: the speed is the quotient of two measurements against {first.reference}, its "
            "interval by propagation of both; what changed on the host between the two is not in it"
        )
    return Ratio(second.p50_ms / first.p50_ms), (
        "not measured side by side nor against one reference: the speed is the quotient of two medians, and nothing "
        "tells its interval"
    )


def one_reference(first: Figures, second: Figures) -> bool:
    """Whether both were compared with one tree, as far as that is told."""
    trees = {first.reference_tree, second.reference_tree} - {None}
    return first.reference == second.reference and len(trees) < 2


def _inverse(told: Bounded) -> Ratio:
    return Ratio(1 / told.value, 1 / told.high, 1 / told.low)


def quotient(first: Bounded, second: Bounded) -> Ratio:
    """The ratio of two independent speedups over one reference, with its 95 % interval.

    Both intervals are symmetric in the logarithm, where the squares of independent standard errors add up; each half
    width brings the Student quantile of its own blocks along.
    """
    half = math.hypot(*(math.log(side.high / side.low) / 2 for side in (first, second)))
    value = first.value / second.value
    return Ratio(value, value * math.exp(-half), value * math.exp(half))
