"""An eval in one row: further metrics get a row of their own only where they say something else."""

from __future__ import annotations

from collections.abc import Sequence

from zoosmith.records import words
from zoosmith.records.schema import Measurement
from zoosmith.records.scores import Metric, Versus
from zoosmith.records.short import decided, of_figure
from zoosmith.records.verdicts import of_measurement

NEAR = 0.005  # of shares: figures within half a point with one verdict say the same


def rows(measured: Measurement, id: str, preferred: Sequence[str]) -> tuple[list[list[str]], str]:
    """The table of an eval, its head first, and a sentence on the metrics that need no row; "" for none.

    preferred: bare names of the metrics that may stand for the others, the first one first.
    """
    quality, versus = measured.quality[id], (measured.versus or {}).get(id)
    first = next((name for name in preferred if name in quality.metrics), next(iter(quality.metrics)))
    order = [first, *(name for name in quality.metrics if name != first)]
    same = [name for name in order[1:] if _same(measured, id, first, name)]
    judged = versus is not None and bool(versus.delta or versus.divergence)
    head = ["metric", "value (95 % interval)", *([f"against {measured.reference}"] if judged else [])]
    body = [_row(measured, id, name, judged) for name in order if name not in same]
    if versus and not quality.classes:
        body += [_divergence(measured, id, name, told) for name, told in versus.divergence.items()]
    return [head, *body], _alike(quality.metrics, same, versus)


def _row(measured: Measurement, id: str, name: str, judged: bool) -> list[str]:
    quality, versus = measured.quality[id], (measured.versus or {}).get(id)
    metric, told = quality.metrics[name], of_figure(measured, f"{id}.{name}") or "-"
    change = versus.delta.get(name) if versus and quality.classes else None
    p = f" (McNemar's p {change.p:.3g})" if change and change.p is not None else ""
    return [_named(name, metric), words.with_interval(metric), *([f"{told}{p}"] if judged else [])]


def _divergence(measured: Measurement, id: str, name: str, told: Metric) -> list[str]:
    verdict = of_measurement(measured, f"{id}.{name}")
    return [_named(name, told), words.with_interval(told), decided(verdict, told) if verdict else "-"]


def _same(measured: Measurement, id: str, first: str, name: str) -> bool:
    one, other = measured.quality[id].metrics[first], measured.quality[id].metrics[name]
    if (one.unit, one.better, one.n) != ("share", other.better, other.n) or other.unit != "share":
        return False
    kinds = [verdict and verdict.kind for verdict in (of_measurement(measured, f"{id}.{n}") for n in (first, name))]
    return abs(one.value - other.value) < NEAR and kinds[0] == kinds[1]


def _alike(metrics: dict[str, Metric], same: Sequence[str], versus: Versus | None) -> str:
    """What was left out, each with its value and the p of its test."""
    if not same:
        return ""
    found = []
    for name in same:
        change = versus.delta.get(name) if versus else None
        p = f", McNemar's p {change.p:.3g}" if change and change.p is not None else ""
        found.append(f"{name} ({words.value(metrics[name])}{p})")
    return f"The same holds of {' and '.join(found)}."


def _named(name: str, metric: Metric) -> str:
    return name if metric.unit in ("share", "") else f"{name}, {metric.unit}"
