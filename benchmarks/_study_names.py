"""The part of studies.md about a language model that matches names: study D beside the family smollm2-names.

Nothing is written before a first artifact of the family is recorded.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks._headlines import POINTS, SHARE, TIMES, Question, Target, judge
from benchmarks._published_names import BASE, FOLDS, PARENT, STAGES, TRAINED, VARIANTS, Stage, Variant
from benchmarks._recorded import Ours, Range, Shelf
from benchmarks._study_asides import leak, prompts
from benchmarks._study_page import target_rows
from benchmarks._study_text import recorded, wrapped
from zoosmith.cards.card import markdown_table
from zoosmith.cards.figures import milliseconds
from zoosmith.records.compare import compare
from zoosmith.records.scores import Metric

FAMILY, EVAL = "smollm2-names", "names"
CAPACITY = "benchmarks/results/capacity"
MACRO, ACCURACY = f"{EVAL}.macro_f1", f"{EVAL}.accuracy"
NOTE = """\
The study tuned Llama-3.2-1B on pairs of names; ours is SmolLM2-135M, on pairs of another source.
**Only changes and ratios can be set against each other.** Macro-F1 and accuracy of ours are of the eval split with 95 %
intervals; the verdict is on macro-F1, a published figure with "~" being taken as it stands. The study oversampled
before it split, so rows of its test may have been learnt."""
SPEED_NOTE = """\
Published on an EPYC 7B12 in tokens a second, latency in seconds; ours is p50 of one whole answer at batch 1, tokenizer
included. Ratios are to the base of the same side. Published prices are dollars a month, dated 2025; how many machines
ours takes was measured by `zoosmith capacity`, on one host for all."""


def macro_change(one: Ours, other: Ours) -> Range | None:
    """Macro-F1 less the other's in points, paired; None where the records cannot tell."""
    if one.build.tree_digest == other.build.tree_digest:
        return None
    changes = compare([one.figures], other.all_figures()).changes
    told = next((change.change for change in changes if change.metric == MACRO), None)
    return None if told is None else Range(100 * told.value, 100 * told.low, 100 * told.high)


def macro_f1(one: Ours, other: Ours) -> Range | None:
    """In percent."""
    found = one.measured.metric(MACRO)
    return None if found is None else _percent(found)


def _percent(found: Metric) -> Range:
    return Range(100 * found.value, 100 * found.bounds[0], 100 * found.bounds[1])


def _question(what: str, bound: float, form: tuple[str, str], measure: Any, artifact: str, against: str) -> Question:
    return Question(what, bound, form, measure, artifact, against, FAMILY)


TARGETS = (
    Target(
        "GGUF against the unquantised baseline",
        (_question("speed of an answer of q8_0 against base", 19.67 / 3.06, TIMES, Ours.speed, "q8_0", BASE),),
    ),
    Target(
        "two layers removed",
        (
            _question(f"macro-F1 against {PARENT}", -6.0, POINTS, macro_change, "pruned-2", PARENT),
            _question(f"speed against {PARENT}", 1.15, TIMES, Ours.speed, "pruned-2", PARENT),
        ),
    ),
    Target(
        "LoRA (goal)",
        (_question(f"macro-F1 of {PARENT}, goal: at least 90 %", 90.0, SHARE, macro_f1, PARENT, PARENT),),
    ),
    Target(
        "Q8_0 (goal)",
        (
            _question(
                "macro-F1 against its FP32 parent, goal: above -1 point", -1.0, POINTS, macro_change, "q8_0", PARENT
            ),
        ),
    ),
)


def section(shelf: Shelf) -> Iterator[str]:
    """Heading, remarks and tables; nothing where no artifact of the family is recorded."""
    asked = [question.artifact for target in TARGETS for question in target.questions]
    if not any(shelf.find(FAMILY, name) for name in (*asked, *(one.artifact for one in (*STAGES, *VARIANTS)))):
        return
    yield "## Study D: a language model matches names\n"
    yield wrapped(NOTE) + "\n"
    yield markdown_table([STAGE_HEAD, *(_stage(shelf, stage) for stage in STAGES)]) + "\n"
    yield from leak(shelf.root)
    yield wrapped(SPEED_NOTE) + "\n"
    yield markdown_table([VARIANT_HEAD, *(_variant(shelf, variant) for variant in VARIANTS)]) + "\n"
    yield from prompts(shelf.root)
    yield markdown_table([TARGET_HEAD, *(row for target in TARGETS for row in target_rows(shelf, target))]) + "\n"


STAGE_HEAD = ["stage", "macro-F1", "accuracy", "ours", "macro-F1 of ours", "accuracy of ours", "verdict"]
VARIANT_HEAD = [
    "variant", "tokens/s", "latency s", "times as fast", "size GB", "100 a second", "ours", "p50 ms of ours",
    "times as fast of ours", "size MB of ours", "queries/s of ours", "100 a second with ours",
]  # fmt: skip
TARGET_HEAD = ["target", "figure", "published or goal", "ours (95 % interval)", "verdict"]


def _stage(shelf: Shelf, stage: Stage) -> list[str]:
    found = _folds(shelf.root) if stage.artifact == FOLDS else _scores(shelf, stage.artifact)
    row = [stage.name, stage.macro_f1, stage.accuracy]
    if found is None:
        name = "its cross-validation" if stage.artifact == FOLDS else shelf.missing(FAMILY, stage.artifact)
        return [*row, f"**not recorded: {name}**", "", "", "not recorded"]
    label, macro, accuracy = found
    return [*row, label, macro.text("{:.4f}"), accuracy.text("{:.4f}"), judge(_bound(stage.macro_f1), macro)]


def _bound(published: str) -> float:
    """The published value, without its sign for "about" and its spread."""
    return float(published.removeprefix("~").partition(" ")[0])


def _scores(shelf: Shelf, artifact: str) -> tuple[str, Range, Range] | None:
    ours = shelf.find(FAMILY, artifact)
    found = [ours.measured.metric(name) for name in (MACRO, ACCURACY)] if ours else []
    told = [Range(one.value, *one.bounds) for one in found if one is not None]
    return (_label(artifact), told[0], told[1]) if len(told) == 2 else None


def _folds(root: Path) -> tuple[str, Range, Range] | None:
    """Mean over folds, of the cross-validation with most rows; None for none."""
    files = sorted((root / "results" / FAMILY / TRAINED / "crossval").glob("*.json"))
    told = [json.loads(file.read_text(encoding="utf-8")) for file in files]
    best = max(told, key=lambda one: (one["rows"], one["k"]), default=None)
    if best is None:
        return None
    label = f"{_label(TRAINED)}, {best['k']} folds of {best['rows']:,} rows"
    means = [best["mean"][name] for name in ("macro_f1", "accuracy")]
    macro, accuracy = (Range(one["value"], one["low"], one["high"], f"SD {one['sd']:.4f}") for one in means)
    return label, macro, accuracy


def _label(artifact: str) -> str:
    return f"[{FAMILY}-{artifact}](../model_cards/{FAMILY}-{artifact}.md)"


def _variant(shelf: Shelf, variant: Variant) -> list[str]:
    ours, base = shelf.find(FAMILY, variant.artifact), shelf.find(FAMILY, BASE)
    times = f"{float(variant.tokens_per_s) / float(VARIANTS[0].tokens_per_s):.2f}"
    row = [variant.name, variant.tokens_per_s, variant.latency_s, times, variant.size_gb, variant.machines]
    if ours is None:
        return [*row, f"**not recorded: {shelf.missing(FAMILY, variant.artifact)}**", *[""] * 5]
    speed = ours.speed(base) if base else None
    return [
        *row,
        _label(variant.artifact),
        milliseconds(ours.measured.latency_ms.p50),
        speed.text("{:.2f}") if speed else "",
        f"{ours.measured.size_total / 1e6:.1f}",
        *_capacity(recorded(shelf.root / CAPACITY / f"{variant.artifact}.json")),
    ]


def _capacity(told: dict[str, Any] | None) -> list[str]:
    """The rate and the machines of what `zoosmith capacity --json` wrote; the first machine is told."""
    if told is None:
        return ["", ""]
    rate, machine = told["sustained_per_s"], told["machines"][0]
    need, price = machine["machines"], machine["price_per_month"]
    number = f"{need['value']} ({need['low']} to {'?' if need['high'] is None else need['high']})"
    return [
        f"{rate['value']:.4g} ({rate['low']:.4g} to {rate['high']:.4g}), p95 <= {told['limit']['p95_ms']:g} ms",
        f"{number} x {price['each']:,.10g} {price['currency']}, {machine['basis']}",
    ]
