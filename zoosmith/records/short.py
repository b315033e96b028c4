"""A change against the reference in the few words that fit a cell: figure, interval, and what the interval decides.

The words are those of `zoosmith.records.verdicts`, from the same interval by the same margin.
"""

from __future__ import annotations

from collections.abc import Iterator

from zoosmith.records.elsewhere import losses
from zoosmith.records.schema import Measurement
from zoosmith.records.scores import Difference, Metric
from zoosmith.records.verdicts import Verdict, of_measurement
from zoosmith.records.words import exactly, number, signed

MINUS = "\N{MINUS SIGN}"
MOST_DIGITS = 6


def short(change: Difference, metric: Metric, verdict: Verdict, n: int | None = None) -> str:
    """Such as "-0.8 points (-1.8 to +0.0); a loss over 1 point not excluded at n = 872", with minus signs for hyphens.

    metric: the artifact's own figure, whose unit and margin count. n: how many examples the interval is of; None where
    that is said elsewhere.
    """
    return f"{figures(change, metric)}; {decided(verdict, metric, n)}"


def decided(verdict: Verdict, metric: Metric, n: int | None = None) -> str:
    """What the interval decides, without its figures."""
    margin = metric.matters
    over = "" if margin is None else f" over {exactly(margin, metric.unit)}"
    at = "" if n is None else f" at n = {n}"
    if verdict.kind == "undecided":
        return f"a loss{over} not excluded{at}" if over else "no difference shown"
    return {"loss": "a loss", "gain": "a gain", "no_loss": f"no loss{over}"}[verdict.kind]


def of_figure(measured: Measurement, name: str, *, counted: bool = True) -> str | None:
    """The change of `EVAL.METRIC`; a divergence has its own figure there. None for the reference.

    A loss over the margin that another eval shows is told behind it. counted: whether the number of examples is said
    where it leaves something open.
    """
    verdict, figure, change = of_measurement(measured, name), measured.metric(name), measured.change(name)
    if verdict is None or figure is None or change is None:
        return None
    n = (change.n or figure.n) if counted else None
    if measured.is_divergence(name):
        return f"{_apart(figure)}; {decided(verdict, figure, n)}"
    lost = (f"; on {loss.id} {figures(loss.change, loss.figure)}" for loss in losses(name, _changes(measured)))
    return short(change, figure, verdict, n) + "".join(lost)


def _changes(measured: Measurement) -> Iterator[tuple[str, Difference, Metric | None]]:
    for id, versus in (measured.versus or {}).items():
        for metric, change in versus.delta.items():
            yield f"{id}.{metric}", change, measured.metric(f"{id}.{metric}")


def _apart(figure: Metric) -> str:
    unit = f" {figure.unit}" if figure.unit not in ("share", "") else ""
    low, high = (number(bound, figure.unit) for bound in figure.bounds)
    return f"{number(figure.value, figure.unit)}{unit} ({low} to {high})"


def figures(change: Difference, metric: Metric) -> str:
    """A share in points, anything else in its unit; a bound is never rounded across what decides."""
    marks = (0.0,) if metric.matters is None else (0.0, -metric.sign * metric.matters)
    if metric.unit != "share":
        unit = f" {metric.unit}" if metric.unit else ""
        value, low, high = (signed(told, metric.unit) for told in (change.value, change.low, change.high))
    else:
        unit = " points"
        value = _points(change.value, (0.0,))
        low, high = _points(change.low, marks), _points(change.high, marks)
    value, low, high = (text.replace("-", MINUS, 1) if text.startswith("-") else text for text in (value, low, high))
    return f"{value}{unit} ({low} to {high})"


def _points(share: float, marks: tuple[float, ...]) -> str:
    """Hundredths with a sign and one decimal, or with as many as keep it on its side of every mark."""
    share += 0.0  # nothing has no sign
    for digits in range(1, MOST_DIGITS):
        text = f"{share * 100:+.{digits}f}"
        rounded = float(text)
        if all(_side(rounded, mark * 100) == _side(share * 100, mark * 100) for mark in marks):
            return text
    return text


def _side(value: float, mark: float) -> int:
    apart = round(value - mark, MOST_DIGITS + 2)
    return (apart > 0) - (apart < 0)
