"""What templates write of figures, as filters."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from zoosmith.common.units import megabytes
from zoosmith.records import words
from zoosmith.records.scores import Metric
from zoosmith.records.short import decided as words_of
from zoosmith.site import family, plots
from zoosmith.site.gallery import Item


def figure(value: float) -> str:
    """Two decimals below 100, none above."""
    return f"{value:,.2f}" if abs(value) < 100 else f"{value:,.0f}"


def signed(value: float, unit: str = "share") -> str:
    """A change with a true minus sign; no sign for what rounds to 0."""
    text = words.signed(value, unit)
    return text.lstrip("+-") if float(text) == 0 else text.replace("-", "\N{MINUS SIGN}", 1 if value < 0 else 0)


def ends(metric: Metric) -> str:
    """The interval, short: three decimals of a share; "" where it has no width."""
    if metric.low is None or metric.high is None or metric.low == metric.high:
        return ""
    if metric.unit == "share":
        return f"{metric.low:.3f}\N{EN DASH}{metric.high:.3f}"
    return words.interval(metric).replace(" to ", "\N{EN DASH}")


def short(base: str) -> str:
    """The last part of a repository's name."""
    return base.rpartition("/")[2]


def plain(name: str) -> str:
    """An identifier of ours as cards write it."""
    return name.replace("_", "-")


def decided(item: Item) -> str:
    """What its interval decides against the reference, as cards say it; "" where nothing is compared."""
    verdict = family.judged(item)
    return words_of(verdict, item.quality) if verdict and item.quality else ""


def second(item: Item) -> Metric | None:
    """Perplexity on the same eval, which stands beside a divergence: how good it is, not only how near."""
    if item.result is None or item.compared is None or not plots.apart(item):
        return None
    return item.result.quality.get(f"{item.compared.metric.partition('.')[0]}.perplexity")


def only(marks: dict[str, int], items: Iterable[Item]) -> dict[str, int]:
    """The marks of these items' formats."""
    here = {item.row.format for item in items}
    return {format: number for format, number in marks.items() if format in here}


def told(item: Item) -> str:
    """What a dot says of its artifact."""
    quality, result = item.quality, item.result
    assert quality is not None and result is not None and item.compared is not None
    return (
        f"{item.name}\n{item.compared.metric} {words.with_interval(quality)}\n"
        f"p50 {figure(result.latency_ms.p50)} ms, {megabytes(item.row.size_total)} MB"
    )


FILTERS: dict[str, Callable[..., Any]] = {
    "mb": megabytes,
    "figure": figure,
    "signed": signed,
    "value": words.value,
    "ends": ends,
    "interval": words.interval,
    "bounded": words.with_interval,
    "short": short,
    "told": told,
    "plain": plain,
    "decided": decided,
    "second": second,
    "only": only,
}
