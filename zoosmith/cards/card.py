"""Model cards: a template and the records in, Markdown out. Same inputs, same bytes."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import jinja2

from zoosmith.cards import baselines, beginning, beside, crossval, mixed, scores, slices, usage
from zoosmith.cards.advice import advice
from zoosmith.cards.caveats import limits
from zoosmith.cards.cells import cell
from zoosmith.cards.figures import Curves, Figure, beside_a_table, figures, milliseconds, rows
from zoosmith.cards.front_matter import front_matter
from zoosmith.cards.kinds import CLASSES, Words
from zoosmith.cards.links import PLOTS
from zoosmith.cards.reproduction import Step, tolerance
from zoosmith.common.units import sized
from zoosmith.contract.errors import ZooError
from zoosmith.recipes.schema import Recipe
from zoosmith.records import words
from zoosmith.records.crossval import CrossValidation
from zoosmith.records.family import PREFERRED, Subject, comparable, headline, own_headline
from zoosmith.records.gates import Check
from zoosmith.records.rows import steady
from zoosmith.records.schema import BuildRecord, Measurement
from zoosmith.records.scores import ClassDetails, Metric, Quality


@dataclass(frozen=True)
class CardInput:
    """All that a card is made from. `siblings` are the family's artifacts measured on the same host.

    `others` are further measurements of the same tree, `earlier` those of trees that were here before;
    `moved` says what has moved on since the artifact was made, `asked` what evals ask otherwise now. `reference_tree`
    is the recorded one of the family's reference; `left_out` names recorded artifacts of the family that cannot stand
    beside this one.
    `words` are those of the task's kind. `crossval` is the recorded cross-validation of what made it, if any.
    `peers` are the recorded artifacts of other families that are baselines of its evals, measured on the same host.
    `sizes` are bytes of every recorded artifact of the family by full name, wherever it was measured. `install` is what
    pip installs zoosmith from, as the registry names it; None for a checkout.
    """

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
    earlier: Sequence[Measurement] = ()
    moved: Sequence[str] = ()
    asked: Sequence[str] = ()
    reference_tree: str | None = None
    left_out: Sequence[str] = ()
    words: Words = CLASSES
    crossval: CrossValidation | None = None
    peers: beside.Peers = field(default_factory=dict)
    sizes: Mapping[str, int] = field(default_factory=dict)
    install: str | None = None

    @property
    def metric(self) -> str:
        """The `EVAL.METRIC` that the card shows first."""
        return headline(self.subject.measured, self.words.headline)


def plots(given: CardInput) -> dict[str, Figure]:
    """The card's plots by file name without suffix; they stand in `PLOTS/<full name>/` beside the card."""
    return figures(given.subject, comparable(given.siblings, given.metric), given.metric)


def render(template: str, given: CardInput) -> str:
    """The card as Markdown with a YAML front matter that the Hugging Face hub accepts."""
    environment = jinja2.Environment(  # noqa: S701  (Markdown out of our own records, not HTML)
        undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
    )
    environment.filters.update(mb=sized, ms=milliseconds, short=lambda text: text[:12], table=markdown_table)
    environment.filters.update(bounded=words.with_interval, percent=words.percent, speed=beginning.speed)
    environment.filters.update(per_second=_per_second, count=lambda n: f"{n:,}")
    build, measured, metric = given.subject.build, given.subject.measured, given.metric
    build = build.model_copy(update={"labels": tuple(cell(label) for label in build.labels)})
    body = environment.from_string(template).render(
        front_matter=front_matter(given.subject, given.library, given.pipeline_tag, given.relation),
        recipe=given.recipe,
        build=build,
        measured=_escaped(measured),
        others=[other for other in given.others if other.metric(metric)],
        checks=given.checks,
        lineage=given.lineage,
        metric=metric,
        answers=given.words.answers(build),
        usage=given.words.usage(build, _example(given)),
        install=usage.install(given.extra, given.install),
        run=usage.run(build.name, _example(given)),
        training=_training(build),
        earlier=_earlier(given),
        moved=[*given.moved, *given.asked],
        left_out=given.left_out,
        other_reference=given.reference_tree and given.reference_tree != measured.reference_digest,
        reference_tree=given.reference_tree,
        crossval=crossval.line(given.crossval) if given.crossval else "",
        **_told(given, metric),
    )
    return body.rstrip("\n") + "\n"


def _example(given: CardInput) -> str:
    """The recipe's as a Python literal, or that of its kind of task."""
    told = [json.dumps(text, ensure_ascii=False) for text in given.recipe.example]
    return f"({', '.join(told)})" if len(told) > 1 else "".join(told) or given.words.example


def _told(given: CardInput, metric: str) -> dict[str, Any]:
    """What is said of the figures: verdicts, advice, limits, tolerance, and the plots with their numbers."""
    escaped = Subject(given.subject.build, _escaped(given.subject.measured))
    family = comparable(given.siblings, metric)
    found, drawn = beginning.picks(escaped, family or [escaped], metric), plots(given)
    shown = beginning.shown_of(escaped, family, metric, found)
    return {
        "first_table": beginning.first_table(escaped, family, _own_metric(given), found),
        "choice": beginning.choice(escaped, family, metric, found),
        "family": [] if len(shown) < 2 else beginning.table(escaped, shown, metric, found),
        "family_size": len(family),
        "beaten": [beginning.link(s.build.name) for s in family if s not in shown],
        "scores": {id: scores.rows(escaped.measured, id, given.words.headline) for id in escaped.measured.quality},
        "advice": advice(escaped, family, metric, given.sizes),
        "limits": limits(escaped, given.checks, metric, given.dev_spent, given.words),
        "apart": _apart(given),
        "worst": slices.headline(given.subject.measured, metric),
        "sliced": slices.tables(given.subject.measured),
        "mixed": mixed.sections(given.subject.build.facts),
        "baselines": baselines.tables(given.subject.measured),
        "unbeaten": baselines.warning(given.subject.measured),
        "unbeaten_models": baselines.warning(given.subject.measured, models=True),
        "other_families": beside.advice(given.subject, given.peers, given.recipe.intended),
        "head": _head(metric, escaped.measured.metric(metric)),
        "tolerance": tolerance(escaped, given.lineage, metric, given.words, moved=bool(given.moved)),
        "plots": {
            name: f"![{beside_a_table(figure)}]({PLOTS}/{escaped.build.name}/{name}.svg)"
            for name, figure in drawn.items()
        },
        "numbers": {name: markdown_table(rows(f)) for name, f in drawn.items() if isinstance(f, Curves)},
    }


def _own_metric(given: CardInput) -> str:
    """What the first row shows: of the reference something about itself, since it does not diverge from itself."""
    measured = given.subject.measured
    return own_headline(measured, given.words.headline) if measured.is_reference else given.metric


def _escaped(measured: Measurement) -> Measurement:
    """Labels are free text of a data set and stand in tables: escaped here, so that no template forgets it."""
    return measured.model_copy(update={"quality": {id: _plain(scores) for id, scores in measured.quality.items()}})


def _plain(quality: Quality) -> Quality:
    if (told := quality.classes) is None:
        return quality
    labels = tuple(cell(label) for label in told.labels)
    per_class = {cell(label): value for label, value in told.per_class.items()}
    details: ClassDetails = told.model_copy(update={"labels": labels, "per_class": per_class})
    return quality.model_copy(update={"details": details})


def _apart(given: CardInput) -> list[str]:
    """How far it is from the reference; the eval is named where there are several."""
    versus = given.subject.measured.versus or {}
    lines = (given.words.apart(told, f" of {id}" if len(versus) > 1 else "") for id, told in versus.items())
    return [line for line in lines if line]


def _head(name: str, metric: Metric | None) -> str:
    """A metric's name as the head of a column, with its unit where it has one."""
    unit = metric.unit if metric else "share"
    return name if unit in ("share", "") else f"{name}, {unit}"


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


def _earlier(given: CardInput) -> list[str]:
    """What is recorded of trees that were here before and is better founded than what the card shows."""
    shown = given.subject.measured
    return [
        f"An earlier tree, `{m.tree_digest[:12]}`, was measured by suite `{m.suite}` {m.suite_version} on "
        f"`{m.host.id}` ({m.measured}){'' if steady(m) else ', which was not steady'}; this one is not it, and was "
        f"measured by suite `{shown.suite}`. `doit bench:{given.subject.build.name}` measures it by the full suite."
        for m in given.earlier
    ]


def _per_second(value: float) -> str:
    return f"{value:.3g}" if value < 100 else f"{value:,.0f}"


def results_table(subjects: Sequence[Subject], preferred: Sequence[str] = PREFERRED) -> list[list[str]]:
    """Rows of the family's table: artifact, headline metric, size, p50, speed against the reference."""
    table = [["artifact", "metric", "value (95 % interval)", "size", "p50 ms", "speed vs reference"]]
    references = {s.measured.tree_digest for s in subjects if s.measured.is_reference}
    for subject in subjects:
        measured = subject.measured
        name = headline(measured, preferred)
        figure = measured.metric(name)
        assert figure is not None
        table.append(
            [
                subject.build.name,
                name,
                words.with_interval(figure),
                sized(measured.size_total),
                f"{measured.latency_ms.p50:.2f}",
                _speed(measured) + _against(measured, references),
            ]
        )
    return table


def _speed(measured: Measurement) -> str:
    if (speed := measured.speedup) is None:
        return "1 (reference)"
    mark = "" if steady(measured) else ", host not steady"
    return f"{speed.value:.2f}x ({speed.low:.2f} to {speed.high:.2f}){mark}"


def _against(measured: Measurement, references: Collection[str]) -> str:
    """Which tree a speed is beside, where that is not the reference's in the table."""
    other = references and measured.reference_digest not in references
    return f", of another tree {measured.reference_digest[:12]}" if other else ""


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
