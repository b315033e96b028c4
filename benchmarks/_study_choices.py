"""The part of studies.md about study C's questions of several answers, in 8 and in 4 bits, asked of SmolLM2-135M.

Nothing is written before the family's reference and one of the two are recorded.
"""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks._published_language import ARC, HELLASWAG, KINDS, MODELS, Model
from benchmarks._recorded import Ours, Shelf
from benchmarks._study_text import wrapped
from zoosmith.cards.card import markdown_table
from zoosmith.common.names import full_name
from zoosmith.records.compare import compare
from zoosmith.records.words import change

NOTE = """\
How many questions of several answers 8 and 4 bits lose. Published changes are in points against FP16, without
intervals, of 50 questions a set by the study's words, though a share such as 37 % is of more. Ours are of SmolLM2-135M
in GGUF against its FP32, by the same questions of both: `acc` is of the likeliest answer, the letter is the study's own
protocol, by which a model of this size does no better than guessing among four."""
HEAD = ["asked", "bits", "published", "ours", "right", "right of FP32", "n", "change", "verdict"]
FAMILY, REFERENCE = "smollm2-hub", "fp32"
ARTIFACTS = {"INT8": "q8_0", "INT4": "q4_0"}
ASKED = (("hellaswag", HELLASWAG, HELLASWAG), ("arc-easy", ARC, ARC), ("arc-letter", ARC, f"{ARC}, the letter"))
"""Eval, what the study calls its questions, and what the page does."""


def section(shelf: Shelf) -> Iterator[str]:
    """Remark and table."""
    against = shelf.find(FAMILY, REFERENCE)
    if against is None:
        return
    rows = [
        row
        for id, published, title in ASKED
        for kind, artifact in ARTIFACTS.items()
        if (ours := shelf.find(FAMILY, artifact)) and (row := _row(ours, against, id, published, title, kind))
    ]
    if rows:
        yield "### Questions of several answers in 8 and 4 bits\n"
        yield wrapped(NOTE) + "\n"
        yield markdown_table([HEAD, *rows]) + "\n"


def _row(ours: Ours, against: Ours, id: str, published: str, title: str, kind: str) -> list[str] | None:
    """None where one of both was not asked."""
    metric = f"{id}.acc"
    mine, theirs = ours.measured.metric(metric), against.measured.metric(metric)
    found = compare([ours.figures], against.all_figures()).changes
    told = next((each for each in found if each.metric == metric), None)
    if mine is None or theirs is None or told is None or told.change is None or told.verdict is None:
        return None
    name = full_name(FAMILY, ARTIFACTS[kind])
    link = f"[{name}](../model_cards/{name}.md)"
    right = [f"{one.value:.3f}" for one in (mine, theirs)]
    judged = [change(told.change, told.first.unit), told.verdict.text]
    return [title, kind, _changes(published, kind), link, *right, str(mine.n), *judged]


def _changes(asked: str, kind: str) -> str:
    """Points that each model gained against FP16 in a published row."""
    return ", ".join(f"{_points(model, asked, kind):+d} {model.name}" for model in MODELS if asked in model.accuracy)


def _points(model: Model, asked: str, kind: str) -> int:
    told = model.accuracy[asked]
    return int(told[KINDS.index(kind)]) - int(told[0])
