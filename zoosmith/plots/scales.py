"""Limits and ticks of axes, in round numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from zoosmith.plots import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis

WIDE = 4.0
STEPS = ((1.0, 10.0), (1.0, 2.0, 5.0, 10.0), (1.0, 1.5, 2.0, 3.0, 5.0, 7.0, 10.0))


def logarithmic(values: Sequence[float]) -> bool:
    """Whether ratios tell more than differences: all positive, the largest at least four times the smallest."""
    return min(values) > 0 and max(values) >= WIDE * min(values)


def padded(values: Sequence[float], before: float, after: float, *, log: bool) -> tuple[float, float]:
    """Limits around the values with so many of their spans on each side; never of zero width."""
    low, high = min(values), max(values)
    if log:
        span = high / low if high > low else 2.0
        return low / span**before, high * span**after
    span = (high - low) or abs(high) * 0.5 or 1.0
    return low - span * before, high + span * after


def round_numbers(low: float, high: float, *, log: bool) -> list[float]:
    """Ticks from `low` to `high`, at least three where the limits allow it."""
    if not log:
        return _linear(low, high)
    found: list[float] = []
    for steps in STEPS:
        decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
        found = [float(f"{step}e{decade}") for decade in decades for step in steps[:-1]]
        found = [tick for tick in found if low <= tick <= high]
        if len(found) >= 3:
            return found
    return found


def _linear(low: float, high: float) -> list[float]:
    from matplotlib.ticker import MaxNLocator

    ticks = MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high)
    return [float(tick) for tick in ticks if low <= tick <= high]


def set_ticks(axis: Axis, ticks: Sequence[float]) -> None:
    """Exactly these ticks, labelled with as many digits as tell them apart."""
    from matplotlib.ticker import NullLocator

    axis.set_ticks(list(ticks), labels=told_apart(ticks, aligned=axis.get_scale() == "linear"))
    axis.set_minor_locator(NullLocator())


def apart(ax: Axes, ticks: Sequence[float]) -> list[float]:
    """Those ticks of the level axis whose numbers do not touch, the last one among them."""
    kept: list[float] = []
    edge = float("inf")
    texts = told_apart(ticks, aligned=ax.get_xscale() == "linear")
    for tick, text in reversed([*zip(ticks, texts, strict=True)]):
        middle = float(ax.transData.transform((tick, 1.0))[0])
        half = style.width(text, style.SMALL) / 2 + 4
        if middle + half <= edge:
            kept.append(tick)
            edge = middle - half
    return kept[::-1]


def told_apart(ticks: Sequence[float], *, aligned: bool) -> list[str]:
    """The numbers as text, each short, no two alike; `aligned` ones have equally many decimals."""
    for digits in range(2, 16):
        texts = [f"{tick:.{digits}g}" for tick in ticks]
        if all(math.isclose(float(t), v, abs_tol=1e-300) for t, v in zip(texts, ticks, strict=True)):
            break
    plain = [_decimal(text) for text in texts]
    if not aligned:
        return plain
    if any("e" in text for text in plain):
        return texts
    places = max(len(text.partition(".")[2]) for text in plain)
    return [f"{float(text):.{places}f}" for text in plain]


def _decimal(text: str) -> str:
    """Without an exponent where that takes no more than seven characters."""
    plain = f"{float(text):f}"
    plain = plain.rstrip("0").rstrip(".") if "." in plain else plain
    return plain if len(plain) <= 7 and float(plain) == float(text) else text
