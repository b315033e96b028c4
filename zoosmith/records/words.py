"""Metrics as text: with as many digits as their unit deserves, and changes in the unit that people speak of."""

from __future__ import annotations

from zoosmith.records.scores import Bounded, Difference, Metric


def number(value: float, unit: str = "share", sign: str = "") -> str:
    """Four decimals of a share; of anything else four significant digits. `sign` "+" shows the plus sign too."""
    if unit == "share":
        return f"{value:{sign}z.4f}"  # z: -0.00004 is 0.0000
    return f"{value:{sign}.0f}" if abs(value) >= 1000 else f"{value:{sign}.4g}"


def value(metric: Metric) -> str:
    """The value alone, without its unit."""
    return number(metric.value, metric.unit)


def interval(metric: Metric) -> str:
    """The ends of the interval; "" where there is none."""
    if metric.low is None or metric.high is None:
        return ""
    return f"{number(metric.low, metric.unit)} to {number(metric.high, metric.unit)}"


def with_interval(metric: Metric) -> str:
    """The value with the ends of its interval, where it has one."""
    ends = interval(metric)
    return f"{value(metric)} ({ends})" if ends else value(metric)


def change(told: Difference, unit: str = "share") -> str:
    """A change with its interval, all with their signs."""
    return f"{signed(told.value, unit)} ({signed(told.low, unit)} to {signed(told.high, unit)})"


def signed(told: float, unit: str = "share") -> str:
    """A change with its sign."""
    return number(told, unit, "+")


def amount(least: float, most: float, unit: str) -> str:
    """From `least` to `most` in the unit: shares in points, which are hundredths."""
    if unit == "share":
        return f"{_point(least)} to {_point(most)} points"
    return f"{_short(least)} to {_short(most)}{_named(unit)}"


def exactly(told: float, unit: str) -> str:
    """One number in the unit, with no more digits than it has."""
    if unit != "share":
        return f"{_short(told)}{_named(unit)}"
    points = f"{told * 100:.2f}".rstrip("0").rstrip(".")
    return f"{points} point{'' if points == '1' else 's'}"


def percent(share: float, digits: int = 0) -> str:
    """A share in percent, without the sign; 0 and 100 stand for none and all, and for nothing that is near to them."""
    for more in range(digits, digits + 6):
        text = f"{share * 100:.{more}f}"
        if share in (0.0, 1.0) or float(text) not in (0.0, 100.0):
            break
    return text


def times_as_fast(speedup: Bounded, reference: str) -> str:
    """How fast something is beside its reference: a number where the interval tells them apart, else that it does not.

    reference: whose speed it is, such as "the reference's speed".
    """
    ends = f"{speedup.low:.2f} to {speedup.high:.2f}"
    if speedup.low <= 1.0 <= speedup.high:
        return f"not told apart from {reference} ({speedup.value:.2f} times, {ends})"
    return f"{speedup.value:.2f} times {reference} ({ends})"


def _point(share: float) -> str:
    """Hundredths with one decimal, or the first digit that is not 0: a bound that excludes 0 never reads as 0."""
    points = share * 100
    return f"{points:.1f}" if points == 0 or abs(points) >= 0.05 else f"{points:.1g}"


def _named(unit: str) -> str:
    return f" {unit}" if unit else ""


def _short(told: float) -> str:
    """Two significant digits, as a bound deserves."""
    return f"{told:.0f}" if abs(told) >= 10 else f"{told:.2g}"
