"""What a rebuild must give to count as the same, in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from zoosmith.cards.kinds import CLASSES, Words
from zoosmith.records.family import Subject
from zoosmith.records.words import interval


class Step(NamedTuple):
    """One step from a base to the artifact. `reproduces` is what its builder claims: "bytes" or "logits"."""

    name: str
    made_by: str
    digest: str
    reproduces: str = "bytes"


MOVED = (
    "It cannot be made again from this project: what made it has moved on, as the top of this card says. "
    "Where its files are at hand, its figures can still be held against."
)


def tolerance(
    subject: Subject, lineage: Sequence[Step], metric: str, words: Words = CLASSES, *, moved: bool = False
) -> str:
    """The tolerance of a rebuild from the bases, as Markdown; none is promised of what has moved on."""
    if moved:
        return MOVED
    free = [step for step in lineage if step.reproduces != "bytes"]
    if not free:
        return (
            "Tolerance: none. Every step claims equal bytes for equal packages and instruction set: a rebuild's tree "
            f"is `{subject.build.tree_digest}`."
        )
    named = " and ".join(f"{step.name} ({step.made_by})" for step in free)
    figure = subject.measured.metric(metric)
    assert figure is not None
    within = f"; and its {metric} is within the interval, {ends}" if (ends := interval(figure)) else ""
    return (
        f"Tolerance: a rebuild's {words.rebuilt}, since {named} "
        f"claims equal logits, not equal bytes{within}. With the same parents every other step gives the same bytes."
    )
