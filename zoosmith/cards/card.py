"""Model cards: a template and the records in, Markdown out. Same inputs, same bytes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import jinja2

from zoosmith.cards.advice import advice
from zoosmith.cards.caveats import limits
from zoosmith.cards.figures import Curves, Figure, figures, milliseconds, rows
from zoosmith.cards.front_matter import front_matter
from zoosmith.cards.reproduction import Step, tolerance
from zoosmith.contract.errors import ZooError
from zoosmith.recipes.schema import Recipe
from zoosmith.records.family import Subject, comparable, headline
from zoosmith.records.gates import Check
from zoosmith.records.registry import steady
from zoosmith.records.schema import BuildRecord, Difference, Measurement
from zoosmith.records.verdicts import of_measurement

PLOTS = "plots"


@dataclass(frozen=True)
class CardInput:
    """All that a card is made from. `siblings` are the family's artifacts measured on the same host."""

    recipe: Recipe
    subject: Subject
    siblings: Sequence[Subject]
    others: Sequence[Measurement]
    checks: Sequence[Check]
    lineage: Sequence[Step]
    relation: str | None
    library: str
    pipeline_tag: str
    extra: str
    dev_spent: Sequence[tuple[str, str]] = ()


def plots(given: CardInput) -> dict[str, Figure]:
    """The card's plots by file name without suffix; they stand in `PLOTS/<full name>/` beside the card."""
    metric = headline(given.subject.measured)
    return figures(given.subject, comparable(given.siblings, metric), metric)


def render(template: str, given: CardInput) -> str:
    """The card as Markdown with a YAML front matter that the Hugging Face hub accepts."""
    environment = jinja2.Environment(  # noqa: S701  (Markdown out of our own records, not HTML)
        undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
    )
    environment.filters.update(mb=_mb, pct=_percent, ms=milliseconds, short=lambda text: text[:12])
    environment.filters.update(change=_change, p=_p)
    build, measured = given.subject.build, given.subject.measured
    metric = headline(measured)
    body = environment.from_string(template).render(
        front_matter=front_matter(given.subject, given.library, given.pipeline_tag, given.relation),
        recipe=given.recipe,
        build=build.model_copy(update={"labels": tuple(_cell(label) for label in build.labels)}),
        measured=_escaped(measured),
        siblings=comparable(given.siblings, metric),
        others=[other for other in given.others if other.metric(metric)],
        checks=given.checks,
        lineage=given.lineage,
        metric=metric,
        command=f"doit build:{build.name}",
        example=_example(build),
        extra=given.extra,
        training=_training(build),
        **_told(given, metric),
    )
    return body.rstrip("\n") + "\n"


def _told(given: CardInput, metric: str) -> dict[str, Any]:
    """What is said of the figures: verdicts, advice, limits, tolerance, and the plots with their numbers."""
    escaped = Subject(given.subject.build, _escaped(given.subject.measured))
    family = comparable(given.siblings, metric)
    verdicts = {s.build.name: of_measurement(s.measured, metric) for s in family}
    drawn = plots(given)
    return {
        "verdicts": {name: verdict.text for name, verdict in verdicts.items() if verdict},
        "verdict": of_measurement(escaped.measured, metric),
        "judged": _judged(escaped.measured),
        "advice": advice(escaped, family, metric),
        "limits": limits(escaped, given.checks, metric, given.dev_spent),
        "tolerance": tolerance(escaped, given.lineage, metric),
        "plots": {name: f"![{figure.text}]({PLOTS}/{escaped.build.name}/{name}.svg)" for name, figure in drawn.items()},
        "numbers": {name: markdown_table(rows(f)) for name, f in drawn.items() if isinstance(f, Curves)},
    }


def _judged(measured: Measurement) -> dict[str, str]:
    """The verdict on each `EVAL.METRIC` that was compared with the reference."""
    versus = measured.vs_reference
    found = {metric: of_measurement(measured, metric) for metric in (versus.delta if versus else ())}
    return {metric: verdict.text for metric, verdict in found.items() if verdict}


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


def _example(build: BuildRecord) -> str:
    """A Python literal of an input for the usage snippet."""
    if len(build.inputs) == 2:
        return '("Maria Garcia", "García, María")'
    return '"A charming film that stays with you."'


def _training(build: BuildRecord) -> str:
    """A sentence on what the build's own training took and came to; nothing where there was none."""
    told, facts = build.training, build.facts
    if not told:
        return ""
    found = []
    if "trainable_parameters" in facts:
        trained, whole = facts["trainable_parameters"], facts["parameters"]
        found.append(f"{trained:,} of {whole:,} parameters ({trained / whole:.2%})")
    examples = facts.get("train_examples", facts.get("recovery_examples"))
    found += [f"on {examples:,} examples"] if examples else []
    found.append(f"in {told['minutes']:.1f} minutes with {told['peak_memory_mb']:,} MiB at the peak")
    if accuracies := told["dev_accuracy"]:
        best = told["best_epoch"]
        found.append(f"to an accuracy of {accuracies[best - 1]:.4f} on `dev` after epoch {best} of {len(accuracies)}")
    return f"It was trained: {', '.join(found)}."


def _mb(size: float) -> str:
    return f"{size / 1e6:.1f} MB" if size >= 1e5 else f"{size / 1e3:.1f} kB"


def _percent(value: float) -> str:
    return f"{value:.1%}"


def _change(change: Difference) -> str:
    return f"{change.value:+.4f} ({change.low:+.4f} to {change.high:+.4f})"


def _p(change: Difference) -> str:
    return "-" if change.p is None else f"{change.p:.3g}"


def results_table(subjects: Sequence[Subject]) -> list[list[str]]:
    """Rows of the family's table: artifact, headline metric, size, p50, speed against the reference."""
    table = [["artifact", "metric", "value (95 % interval)", "size", "p50 ms", "speed vs reference"]]
    for subject in subjects:
        measured = subject.measured
        name = headline(measured)
        figure = measured.metric(name)
        assert figure is not None
        table.append(
            [
                subject.build.name,
                name,
                f"{figure.value:.4f} ({figure.low:.4f} to {figure.high:.4f})",
                _mb(measured.size_total),
                f"{measured.latency_ms.p50:.2f}",
                _speed(measured),
            ]
        )
    return table


def _speed(measured: Measurement) -> str:
    if (speed := measured.speedup) is None:
        return "1 (reference)"
    mark = "" if steady(measured) else ", host not steady"
    return f"{speed.value:.2f}x ({speed.low:.2f} to {speed.high:.2f}){mark}"


def markdown_table(table: Sequence[Sequence[str]]) -> str:
    """A GitHub table; the first row is the head."""
    lines = ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in table]
    return "\n".join([lines[0], "|" + "---|" * len(table[0]), *lines[1:]])


def replace_section(text: str, marker: str, body: str) -> str:
    """Text with what stands between `<!-- marker -->` and `<!-- /marker -->` replaced.

    What a marker says after a colon is not repeated in the second mark. Raises ZooError where the marks are missing or
    stand in the wrong order.
    """
    start, end = f"<!-- {marker} -->", f"<!-- /{marker.partition(':')[0]} -->"
    head, opened, rest = text.partition(start)
    _, closed, tail = rest.partition(end)
    if not opened or not closed:
        raise ZooError(f"{end if opened else start} is missing; a table goes between {start} and {end}")
    return f"{head}{start}\n{body}\n{end}{tail}"
