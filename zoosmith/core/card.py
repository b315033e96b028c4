"""Model cards: a template and the records in, Markdown out. Same inputs, same bytes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import jinja2
import yaml

from zoosmith.contract import ZooError
from zoosmith.core import records
from zoosmith.core.gates import Check
from zoosmith.core.recipe import Recipe
from zoosmith.core.records import BuildRecord, Measurement

LIBRARY_METRICS = {
    "accuracy": ("accuracy", "Accuracy"),
    "macro_f1": ("f1", "Macro F1"),
    "weighted_f1": ("f1", "Weighted F1"),
}
RELATIONS = ("adapter", "finetune", "merge", "quantized")


@dataclass(frozen=True)
class Subject:
    """An artifact with what was measured of it on one host."""

    build: BuildRecord
    measured: Measurement


@dataclass(frozen=True)
class CardInput:
    """All that a card is made from. `siblings` are the family's artifacts measured on the same host."""

    recipe: Recipe
    subject: Subject
    siblings: Sequence[Subject]
    others: Sequence[Measurement]
    checks: Sequence[Check]
    lineage: Sequence[tuple[str, str, str]]
    relation: str | None
    library: str
    pipeline_tag: str
    extra: str


def render(template: str, given: CardInput) -> str:
    """The card as Markdown with a YAML front matter that the Hugging Face hub accepts."""
    environment = jinja2.Environment(  # noqa: S701  (Markdown out of our own records, not HTML)
        undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
    )
    environment.filters.update(mb=_mb, pct=_percent, ms=_milliseconds, short=lambda text: text[:12], ratio=_ratio)
    build, measured = given.subject.build, given.subject.measured
    metric = headline(measured)
    body = environment.from_string(template).render(
        front_matter=front_matter(given),
        recipe=given.recipe,
        build=build.model_copy(update={"labels": tuple(_cell(label) for label in build.labels)}),
        measured=_escaped(measured),
        siblings=[subject for subject in given.siblings if _has(subject.measured, metric)],
        others=[other for other in given.others if other.metric(metric)],
        checks=given.checks,
        lineage=given.lineage,
        metric=metric,
        command=f"doit build:{build.name}",
        example=_example(build),
        extra=given.extra,
    )
    return body.rstrip("\n") + "\n"


def _has(measured: Measurement, metric: str) -> bool:
    """Whether it can stand in the table; what was recorded before an eval was added cannot."""
    versus = measured.vs_reference
    return measured.metric(metric) is not None and (versus is None or metric in versus.delta)


def _escaped(measured: Measurement) -> Measurement:
    """Labels are free text of a data set and stand in tables: escaped here, so that no template forgets it."""
    quality = {
        id: scores.model_copy(
            update={
                "labels": tuple(_cell(label) for label in scores.labels),
                "per_class": {_cell(label): value for label, value in scores.per_class.items()},
            }
        )
        for id, scores in measured.quality.items()
    }
    return measured.model_copy(update={"quality": quality})


def _cell(text: str) -> str:
    """Plain text for a cell of a Markdown table. Source: GitHub Flavored Markdown 0.29, sections 2.4 and 4.10."""
    return re.sub(r"([\\`*_\[\]<>|~])", r"\\\1", " ".join(text.split()))


def headline(measured: Measurement) -> str:
    """The metric shown first."""
    return records.headline(f"{id}.{name}" for id, quality in measured.quality.items() for name in quality.metrics)


def front_matter(given: CardInput) -> str:
    """Model card metadata as YAML. Source: Hugging Face hub, "Model Cards", metadata specification."""
    build = given.subject.build
    repos = [base.repo for base in build.bases if base.repo]
    data: dict[str, Any] = {
        "license": build.license,
        "library_name": given.library,
        "pipeline_tag": given.pipeline_tag,
        "base_model": repos,
        "base_model_relation": given.relation,
        "datasets": list(build.datasets),
        "metrics": sorted({LIBRARY_METRICS.get(m, (m, m))[0] for m in _metric_names(given.subject.measured)}),
        "tags": ["zoosmith", build.format.replace("_", "-"), build.precision],
        "model-index": [{"name": build.name, "results": _index(given.subject.measured, given.pipeline_tag)}],
    }
    kept = {key: value for key, value in data.items() if value}
    if given.relation is not None and given.relation not in RELATIONS:
        known = ", ".join(RELATIONS)
        raise ZooError(f"{build.name}: the relation to the base is {given.relation!r}; the hub knows {known}")
    if not repos:
        kept.pop("base_model_relation", None)
    return str(yaml.safe_dump(kept, sort_keys=False, allow_unicode=True, width=1000)).rstrip()


def _metric_names(measured: Measurement) -> list[str]:
    return [name for quality in measured.quality.values() for name in quality.metrics]


def _index(measured: Measurement, pipeline_tag: str) -> list[dict[str, Any]]:
    results = []
    for id, quality in sorted(measured.quality.items()):
        metrics = []
        for name, value in quality.metrics.items():
            type_, shown = LIBRARY_METRICS.get(name, (name, name))
            metrics.append({"type": type_, "name": shown, "value": round(value.value, 4)})
        dataset = {"name": id, "type": quality.data, "split": quality.split}
        results.append({"task": {"type": pipeline_tag}, "dataset": dataset, "metrics": metrics})
    return results


def _example(build: BuildRecord) -> str:
    """A Python literal of an input for the usage snippet."""
    if len(build.inputs) == 2:
        return '("Maria Garcia", "García, María")'
    return '"A charming film that stays with you."'


def _mb(size: float) -> str:
    return f"{size / 1e6:.1f} MB"


def _percent(value: float) -> str:
    return f"{value:.1%}"


def _milliseconds(value: float) -> str:
    return f"{value:.2f}"


def _ratio(value: float) -> str:
    return f"{value:.2f}x"


def results_table(subjects: Sequence[Subject]) -> list[list[str]]:
    """Rows of the family's table: artifact, headline metric, size, p50, speed against the reference."""
    rows = [["artifact", "metric", "value (95 % interval)", "size", "p50 ms", "speed vs reference"]]
    for subject in subjects:
        measured = subject.measured
        name = headline(measured)
        figure = measured.metric(name)
        assert figure is not None
        speed = measured.speedup
        rows.append(
            [
                subject.build.name,
                name,
                f"{figure.value:.4f} ({figure.low:.4f} to {figure.high:.4f})",
                _mb(measured.size_total),
                f"{measured.latency_ms.p50:.2f}",
                f"{speed.value:.2f}x ({speed.low:.2f} to {speed.high:.2f})" if speed else "1 (reference)",
            ]
        )
    return rows


def markdown_table(rows: Sequence[Sequence[str]]) -> str:
    """A GitHub table; the first row is the head."""
    lines = ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    return "\n".join([lines[0], "|" + "---|" * len(rows[0]), *lines[1:]])


def replace_section(text: str, marker: str, body: str) -> str:
    """Text with what stands between `<!-- marker -->` and `<!-- /marker -->` replaced.

    Raises ZooError where the marks are missing or stand in the wrong order.
    """
    start, end = f"<!-- {marker} -->", f"<!-- /{marker} -->"
    head, opened, rest = text.partition(start)
    _, closed, tail = rest.partition(end)
    if not opened or not closed:
        raise ZooError(f"{end if opened else start} is missing; a table goes between {start} and {end}")
    return f"{head}{start}\n{body}\n{end}{tail}"
