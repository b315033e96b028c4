"""Beside study D: what oversampling before the split leaks, and what prompts of several lengths bring and cost."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks._study_text import recorded, wrapped
from zoosmith.cards.card import markdown_table
from zoosmith.cards.figures import milliseconds

PROMPTS = "benchmarks/results/prompts.json"
LEAK = "benchmarks/results/oversampling.json"
PROMPT_NOTE = """\
The family learns with the study's long instruction. Below, its artifacts are asked otherwise: shortly, and with two
examples of each label, on 240 rows (`benchmarks/prompts.py`). A free label is a first token that is a label where the
model may write any. Milliseconds are of the processor, one thread: of a prompt alone, and of one whose beginning was
read before."""
PROMPT_HEAD = ["prompt", "artifact", "tokens", "macro-F1", "free labels", "ms alone", "ms, beginning read once"]


def leak(root: Path) -> Iterator[str]:
    """What oversampling before the split is worth; nothing where it was not tried."""
    told = recorded(root / LEAK)
    if told is None:
        return
    before, inside = told["ways"]["before"], told["ways"]["inside"]

    def both(way: dict[str, Any]) -> str:
        seen, fresh = way["validation"]["mean"], way["fresh"]["mean"]
        return f"{seen:.3f} on the validation split and {fresh:.3f} on pairs that nobody has seen"

    apart = before["leak"]
    yield (
        wrapped(
            "What that is worth, `benchmarks/oversampling.py` shows on an encoder and few rows: oversampled before "
            f"the split, macro-F1 is {both(before)}, {100 * apart['mean']:.0f} points ({100 * apart['low']:.0f} to "
            f"{100 * apart['high']:.0f}) apart; oversampled inside the training split it is {both(inside)} "
            f"({told['settings']['repeats']} repeats)."
        )
        + "\n"
    )


def prompts(root: Path) -> Iterator[str]:
    """What prompts of several lengths bring before and after training, and cost; nothing where none was tried."""
    told = recorded(root / PROMPTS)
    if told is None:
        return
    yield wrapped(PROMPT_NOTE) + "\n"
    rows = [
        [prompt, artifact, f"{about['tokens']:.0f}", *_prompt(about)]
        for artifact, each in told["artifacts"].items()
        for prompt, about in each.items()
    ]
    yield markdown_table([PROMPT_HEAD, *rows]) + "\n"


def _prompt(about: dict[str, Any]) -> list[str]:
    shown = [about[name] for name in ("macro_f1", "free_label_share")]
    cost = [milliseconds(about["cpu_ms"][name]) for name in ("each_alone", "beginning_read_once")]
    return [*(f"{one['value']:.4f} ({one['low']:.4f} to {one['high']:.4f})" for one in shown), *cost]
