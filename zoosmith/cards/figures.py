"""What a card's plots show: the numbers and the words, without how they are drawn. `zoosmith.plots` draws them.

A figure is all that a drawing depends on, so equal figures are equal pictures.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from zoosmith.contract.metric import Better
from zoosmith.recipes.schema import Model
from zoosmith.records import words
from zoosmith.records.family import Subject
from zoosmith.records.schema import Measurement
from zoosmith.records.scores import ClassDetails
from zoosmith.stats.pareto import front

Role = Literal["this", "reference", "sibling"]


class Point(Model):
    """An artifact: p50 in milliseconds, a metric with its interval, and whether no other beats it on both."""

    name: str
    role: Role
    ms: float
    value: float
    low: float
    high: float
    front: bool


class Sample(Model):
    """One measured point of a curve; `p95` stands above a latency's p50."""

    x: int
    y: float
    p95: float | None = None


class Series(Model):
    """One artifact's curve, ordered by x."""

    name: str
    role: Role
    samples: tuple[Sample, ...]


class _Words(Model):
    """Every figure's title, the line under it, and the sentence for those who do not see it."""

    title: str
    subtitle: str
    text: str


class Pareto(_Words):
    """Quality against latency of a family."""

    kind: Literal["pareto"] = "pareto"
    metric: str
    unit: str = Field(default="share", exclude_if=lambda value: value == "share")
    better: Better = Field(default="higher", exclude_if=lambda value: value == "higher")
    points: tuple[Point, ...]


class Curves(_Words):
    """A measure over the length of the input or the size of a batch."""

    kind: Literal["curves"] = "curves"
    x_label: str
    y_label: str
    series: tuple[Series, ...]


class Confusion(_Words):
    """Counts by true class (rows) and answer (columns)."""

    kind: Literal["confusion"] = "confusion"
    labels: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]


Figure = Pareto | Curves | Confusion


def figures(subject: Subject, siblings: Sequence[Subject], metric: str) -> dict[str, Figure]:
    """The plots of a card by file name without suffix. Those that need more than was measured are left out.

    siblings: the family on the same host, `subject` among them, all with `metric`.
    """
    shown = [s for s in siblings if s.build.name == subject.build.name or s.measured.is_reference]
    found: dict[str, Figure | None] = {
        "pareto": pareto(subject, siblings, metric) if len(siblings) > 1 else None,
        "length": by_length(subject, shown),
        "batch": by_batch(subject, shown),
    }
    classes = {id: q.classes for id, q in sorted(subject.measured.quality.items())}
    confusions = {id: confusion(subject, id, told) for id, told in classes.items() if told and told.confusion}
    made = found | {f"confusion-{id}": figure for id, figure in confusions.items()}
    return {name: figure for name, figure in made.items() if figure is not None}


def pareto(subject: Subject, siblings: Sequence[Subject], metric: str) -> Pareto:
    """Headline metric against p50 latency. On the front is what no other matches on one and beats on the other."""
    raw = []
    for sibling in siblings:
        value = sibling.measured.metric(metric)
        assert value is not None
        raw.append((sibling, sibling.measured.latency_ms.p50, value))
    first = raw[0][2]
    best = set(front([(ms, value.value) for _, ms, value in raw], lower=first.better == "lower"))
    points = tuple(
        Point(
            name=sibling.build.artifact,
            role=_role(subject, sibling),
            ms=ms,
            value=value.value,
            low=value.bounds[0],
            high=value.bounds[1],
            front=i in best,
        )
        for i, (sibling, ms, value) in enumerate(raw)
    )
    listed = "; ".join(f"{p.name} {words.number(p.value, first.unit)} at {milliseconds(p.ms)} ms" for p in points)
    named = ", ".join(point.name for point in points if point.front)
    of = "" if subject.measured.latency_of == "call" else " of a token"
    return Pareto(
        title="Quality against latency",
        subtitle=_where(subject.measured),
        text=f"{metric} against p50 latency{of}: {listed}. On the Pareto front: {named}.",
        metric=metric,
        unit=first.unit,
        better=first.better,
        points=points,
    )


def beside_a_table(figure: Figure) -> str:
    """The sentence of a figure whose numbers stand in a table below it: of a front only what is not in every row."""
    if not isinstance(figure, Pareto):
        return figure.text
    named = ", ".join(point.name for point in figure.points if point.front)
    return f"{figure.title} of {len(figure.points)}, {figure.metric}; on the Pareto front: {named}."


def by_length(subject: Subject, shown: Sequence[Subject]) -> Curves | None:
    """Latency over the number of tokens, p50 with p95 above it; None where the subject was not profiled."""
    series = [
        _series(subject, s, [Sample(x=at.tokens, y=at.p50, p95=at.p95) for at in s.measured.profile.by_length])
        for s in shown
        if s.measured.profile
    ]
    where = f"{_where(subject.measured)}, tokenizer left out"
    words = ("Latency by length of the input", where, " Model alone, tokenizer left out.")
    unit = f"ms at p50, bars up to p95; text is cut at {subject.build.max_length} tokens"
    return _curves(subject, series, words, "tokens", unit)


def by_batch(subject: Subject, shown: Sequence[Subject]) -> Curves | None:
    """Examples a second over the examples of a call; None where the subject was not profiled."""
    series = [
        _series(subject, s, [Sample(x=at.batch, y=at.per_second) for at in s.measured.profile.by_batch])
        for s in shown
        if s.measured.profile
    ]
    where = _where(subject.measured, batch=False)
    return _curves(subject, series, ("Throughput by batch size", where, ""), "examples a call", "examples a second")


def _series(subject: Subject, shown: Subject, samples: list[Sample]) -> Series:
    ordered = tuple(sorted(samples, key=lambda sample: sample.x))
    return Series(name=shown.build.artifact, role=_role(subject, shown), samples=ordered)


def _curves(
    subject: Subject, series: list[Series], words: tuple[str, str, str], x_label: str, y_label: str
) -> Curves | None:
    """words: the title, the line under it, and what follows the numbers in the sentence."""
    kept = tuple(each for each in series if each.samples)
    if not any(each.role == "this" for each in kept):
        return None
    told = ". ".join(f"{each.name}: {_listed(each, x_label)}" for each in kept)
    title, subtitle, after = words
    return Curves(
        title=title,
        subtitle=subtitle,
        text=f"{title}, {y_label}. {told}.{after}",
        x_label=x_label,
        y_label=y_label,
        series=kept,
    )


def _listed(series: Series, x_label: str) -> str:
    return ", ".join(f"{significant(sample.y)} at {sample.x} {x_label}" for sample in series.samples)


def rows(figure: Curves) -> list[list[str]]:
    """The numbers of the curves as text: a row for each x, the first row is the head."""
    at = {(s.name, sample.x): sample for s in figure.series for sample in s.samples}
    head = [figure.x_label, *(f"{s.name}, {figure.y_label.partition(',')[0]}" for s in figure.series)]
    xs = sorted({sample.x for s in figure.series for sample in s.samples})
    return [head, *([str(x), *(_numbers(at.get((s.name, x))) for s in figure.series)] for x in xs)]


def _numbers(sample: Sample | None) -> str:
    if sample is None:
        return "-"
    return significant(sample.y) + ("" if sample.p95 is None else f" (p95 {significant(sample.p95)})")


def confusion(subject: Subject, id: str, quality: ClassDetails) -> Confusion:
    """True classes against answers of one eval."""
    right, all_ = sum(row[i] for i, row in enumerate(quality.confusion)), sum(map(sum, quality.confusion))
    return Confusion(
        title=f"Answers by true class, {id}",
        subtitle=f"{subject.build.name}: counts, shares of rows",
        text=f"Confusion matrix of {id}, {len(quality.labels)} classes: {right} of {all_} answers are right.",
        labels=quality.labels,
        counts=quality.confusion,
    )


def _role(subject: Subject, shown: Subject) -> Role:
    if shown.build.name == subject.build.name:
        return "this"
    return "reference" if shown.measured.is_reference else "sibling"


def _where(measured: Measurement, *, batch: bool = True) -> str:
    threads = f"{measured.threads} thread{'' if measured.threads == 1 else 's'}"
    return f"on {measured.host.id}, {threads}{', batch 1' if batch else ''}"


def milliseconds(value: float) -> str:
    """Two decimals, or two digits where that would leave none."""
    return f"{value:.2f}" if value >= 0.1 else f"{value:.2g}"


def significant(value: float) -> str:
    """Three digits, without an exponent where it can be read."""
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"
