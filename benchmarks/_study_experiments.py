"""The part of studies.md about study C's own techniques over 4-bit weights, each measured on SmolLM2-135M.

Each stands beside the artifact that has everything but the technique. Nothing is written before one is recorded.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from benchmarks._recorded import Ours, Shelf
from benchmarks._study_text import wrapped
from zoosmith.cards.card import markdown_table
from zoosmith.common.names import full_name
from zoosmith.records.compare import compare
from zoosmith.records.words import change

NOTE = """\
The study's own techniques, each over 4-bit weights and each scored on 50 questions. Ours are of SmolLM2-135M, against
the artifact beside it that lacks the technique: nats a token of the family's texts, the same tokens for both, or the
share of right letters of ARC-Easy for what trims prompts and so cannot score a text. Answers and texts are paired, and
the interval is of 95 %."""
HEAD = ["technique", "published", "ours", "against", "change", "verdict", "times as fast"]
METRICS = ("founding.nats_per_token", "arc-letter.acc")
"""What a technique is judged by: the first of these that both sides have."""


class Technique(NamedTuple):
    """What was published of it, and ours: the family, the artifact, and the one without the technique."""

    name: str
    published: str
    family: str
    artifact: str
    against: str


SLOWER, PUBLISHED_TRIM, NO_GAIN = "+74 to +223 % latency, 0 to 80 % right", "0 to 32 % right", "no gain"
OURS = "ours, nothing published"
TECHNIQUES = (
    Technique("activations in INT8, outliers kept", SLOWER, "smollm2", "nf4-a8", "nf4"),
    Technique("prompts trimmed by attention", PUBLISHED_TRIM, "smollm2-hub", "nf4-trim", "nf4"),
    Technique("widths by depth: 8, 4 and 6 bits", NO_GAIN, "smollm2", "layerwise", "nf4"),
    Technique("sensitive layers kept", NO_GAIN, "smollm2", "selective", "nf4"),
    Technique("widths by depth and activations", "worse than its parts", "smollm2", "layerwise-a8", "layerwise"),
    Technique("all three", "worse than its parts", "smollm2-hub", "combined", "nf4"),
    Technique("widths by depth, as GGUF", NO_GAIN, "smollm2", "gguf-layerwise", "q4_0-imatrix"),
    Technique("sensitive tensors kept, as GGUF", NO_GAIN, "smollm2", "gguf-selective", "q4_0-imatrix"),
    Technique("both, as GGUF", "worse than its parts", "smollm2", "gguf-combined", "gguf-selective"),
    Technique("types by measurement, no larger than Q4_0", OURS, "smollm2", "mixed-4", "q4_0-imatrix"),
    Technique("types by measurement, fast kernels", OURS, "smollm2", "mixed-fast", "q8_0"),
)


def section(shelf: Shelf) -> Iterator[str]:
    """A remark and the table; nothing where no technique is recorded."""
    if not any(shelf.find(one.family, one.artifact) for one in TECHNIQUES):
        return
    yield "### The techniques of study C\n"
    yield wrapped(NOTE) + "\n"
    yield markdown_table([HEAD, *(_row(shelf, one) for one in TECHNIQUES)]) + "\n"


def _row(shelf: Shelf, one: Technique) -> list[str]:
    ours, against = shelf.find(one.family, one.artifact), shelf.find(one.family, one.against)
    told = [one.name, one.published]
    if ours is None or against is None:
        missing = one.artifact if ours is None else one.against
        return [*told, f"**not recorded: {shelf.missing(one.family, missing)}**", "", "", "not recorded", ""]
    labels = [_label(one.family, name) for name in (one.artifact, one.against)]
    return [*told, *labels, *_judged(ours, against), _times(ours, against)]


def _label(family: str, artifact: str) -> str:
    name = full_name(family, artifact)
    return f"[{name}](../model_cards/{name}.md)"


def _judged(ours: Ours, against: Ours) -> tuple[str, str]:
    """The change with its interval, and the verdict on it."""
    changes = {each.metric: each for each in compare([ours.figures], against.all_figures()).changes}
    found = next((changes[metric] for metric in METRICS if metric in changes), None)
    if found is None or found.change is None or found.verdict is None:
        return "the records tell nothing comparable", "not decidable"
    return change(found.change, found.first.unit), found.verdict.text


def _times(ours: Ours, against: Ours) -> str:
    speed = ours.speed(against)
    return speed.text("{:.2f}") if speed else ""
