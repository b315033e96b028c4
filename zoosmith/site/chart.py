"""Numbers of a scatter plot: axes, ticks, and where labels fit. No drawing.

Positions are percentages of the plot's area, 0 at the left and at the top, so that a page may stretch it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

DECADES = ((1,), (1, 3), (1, 2, 5), (1, 2, 3, 5, 7), (1, 1.5, 2, 3, 4, 5, 6, 7, 8, 9))  # few marks to many
LETTER_PX, LINE_PX, GAP_PX = 6.6, 15.0, 9.0  # of a label in 12 px type


class Tick(NamedTuple):
    """A mark on an axis: its value as text, and its place in percent."""

    text: str
    at: float


class Axis(NamedTuple):
    """From `low` to `high`, linear or logarithmic; `flipped` puts `low` at 100 %, as upright axes of a screen do."""

    low: float
    high: float
    log: bool = False
    flipped: bool = False

    def at(self, value: float) -> float:
        """Location of a value in percent, to 2 decimals."""
        low, high, here = (math.log10(v) if self.log else v for v in (self.low, self.high, value))
        share = 100 * (here - low) / (high - low)
        return round(100 - share if self.flipped else share, 2)

    def ticks(self, about: int = 5) -> list[Tick]:
        """Some `about` round values within the axis, with as few digits as tell them apart."""
        values = _log_values(self.low, self.high, about) if self.log else _linear_values(self.low, self.high, about)
        return [Tick(text, self.at(value)) for value, text in zip(values, _texts(values, self.log), strict=True)]


def axis(values: Iterable[float], *, log: bool = False, flipped: bool = False, pad: float = 0.06) -> Axis:
    """An axis around finite `values` (above 0 where `log`), with `pad` of its length left free at both ends."""
    numbers = [math.log10(value) if log else value for value in values]
    low, high = min(numbers), max(numbers)
    room = (high - low) * pad or (0.1 if log else abs(high) * 0.05 or 1.0)
    low, high = low - room, high + room
    return Axis(10**low if log else low, 10**high if log else high, log, flipped)


def _linear_values(low: float, high: float, about: int) -> list[float]:
    """Multiples of 1, 2 or 5 times a power of ten. Source: Heckbert, "Nice Numbers for Graph Labels", Graphics Gems."""
    power = 10.0 ** math.floor(math.log10((high - low) / about))
    found = [_multiples(power * factor, low, high) for factor in (10, 5, 2, 1)]
    return min(found, key=lambda values: abs(len(values) - about))


def _multiples(step: float, low: float, high: float) -> list[float]:
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [float(f"{index * step:.12g}") for index in range(first, last + 1)]


def _log_values(low: float, high: float, about: int) -> list[float]:
    """Round values of each decade, as many as come nearest to `about`; linear ones where the axis is short."""
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    if len(decades) > 2 * about:
        decades = decades[:: len(decades) // about]
    found = []
    for factors in DECADES:
        values = [float(f"{factor}e{power}") for power in decades for factor in factors]
        found.append([value for value in values if low <= value <= high])
    best = min(found, key=lambda values: abs(len(values) - about))
    return best if len(best) >= 2 else _linear_values(low, high, about)


def _texts(values: Sequence[float], log: bool) -> list[str]:
    """Equally many digits on a linear axis; on a logarithmic one each value as short as it can be."""
    digits = max((len(f"{value:.10f}".rstrip("0").partition(".")[2]) for value in values), default=0)
    return [_short(value) if log else f"{value:,.{digits}f}" for value in values]


def _short(value: float) -> str:
    """As few letters as say it: 0.001, but 1e-4."""
    return f"{value:.0e}".replace("e-0", "e-") if value < 0.001 else f"{value:,g}"


class Label(NamedTuple):
    """A label beside the point with this index: offset in pixels and SVG's text-anchor."""

    point: int
    dx: float
    dy: float
    anchor: str


def labels(
    wanted: Sequence[tuple[int, str]], places: Sequence[tuple[float, float]], width: float, height: float
) -> list[Label]:
    """Labels that overlap neither a point nor one another in a plot of `width` by `height` pixels.

    `wanted` are (index, text), the most important first; `places` are all points in percent. Each label tries right,
    left, above, below; one that fits nowhere is left out.
    """
    points = [(x * width / 100, y * height / 100) for x, y in places]
    taken = [(x - 5, y - 5, x + 5, y + 5) for x, y in points]
    found = []
    for index, text in wanted:
        for label, box in _tries(index, points[index], len(text) * LETTER_PX):
            inside = box[0] >= 0 and box[2] <= width and box[1] >= 0 and box[3] <= height
            if inside and not any(_overlap(box, other) for other in taken):
                taken.append(box)
                found.append(label)
                break
    return found


Box = tuple[float, float, float, float]


def _tries(index: int, point: tuple[float, float], length: float) -> list[tuple[Label, Box]]:
    x, y = point
    above, below = y - GAP_PX - LINE_PX / 2, y + GAP_PX + LINE_PX / 2
    return [
        (Label(index, GAP_PX, 4, "start"), _box(x + GAP_PX, y, length)),
        (Label(index, -GAP_PX, 4, "end"), _box(x - GAP_PX - length, y, length)),
        (Label(index, 0, 4 - GAP_PX - LINE_PX / 2, "middle"), _box(x - length / 2, above, length)),
        (Label(index, 0, 4 + GAP_PX + LINE_PX / 2, "middle"), _box(x - length / 2, below, length)),
    ]


def _box(left: float, middle: float, length: float) -> Box:
    return left, middle - LINE_PX / 2, left + length, middle + LINE_PX / 2


def _overlap(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
