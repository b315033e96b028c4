"""An artifact of another family that answers the same rows: what both cost, and which of the two to take.

Which one answers better is said of the paired interval alone; sizes, times and memory are the recorded figures.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from zoosmith.cards.advice import LEANER, SMALLER
from zoosmith.cards.figures import milliseconds
from zoosmith.common.units import sized
from zoosmith.records import words
from zoosmith.records.beaten import DECIDES, Beside, beside
from zoosmith.records.family import Subject
from zoosmith.records.schema import Measurement

Peers = Mapping[str, Subject | None]


class _Cost(NamedTuple):
    """One figure of both: words with "{}" for the figure, its text for the other and this one, and who has less."""

    what: str
    theirs: str
    mine: str
    less: int  # 1: the other has less; -1: this one; 0: neither for sure


def advice(subject: Subject, peers: Peers, intended: str) -> dict[str, list[str]]:
    """By eval, a paragraph on each artifact of another family among its baselines.

    peers: by full name, those that are recorded here, with their measurement on the subject's host if there is one.
    intended: what the recipe says that this artifact is for.
    """
    told = {
        id: [one for one in beside(quality) if one.size is not None] for id, quality in subject.measured.quality.items()
    }
    return {id: [_paragraph(subject, peers, one, intended) for one in ones] for id, ones in told.items() if ones}


def _paragraph(subject: Subject, peers: Peers, one: Beside, intended: str) -> str:
    linked = f"[{one.name}]({one.name}.md)" if one.name in peers else one.name
    costs = _costs(subject.measured, one, peers.get(one.name))
    figures = "; ".join(f"{cost.what} {cost.theirs} against {cost.mine}" for cost in costs)
    where = " on the same host" if len(costs) > 1 else ""
    first = f"{linked} answers the same {one.metrics[DECIDES].n} examples (it against this artifact{where}: {figures})."
    return " ".join([first, *_choice(one, costs, " ".join(intended.split()))])


def _costs(mine: Measurement, one: Beside, peer: Subject | None) -> list[_Cost]:
    """Sizes; milliseconds and memory where a measurement of what answered says them of the same kind of call."""
    assert one.size is not None
    found = [_Cost("size", sized(one.size), sized(mine.size_total), _less(one.size, mine.size_total, SMALLER))]
    theirs = peer.measured if peer else None
    if theirs is None or theirs.size_total != one.size:
        return found
    if theirs.latency_of == mine.latency_of:
        p50, own = theirs.latency_ms.p50, mine.latency_ms.p50
        found.append(_Cost("p50 in ms", milliseconds(p50), milliseconds(own), _less(p50, own, LEANER)))
    peak, own_peak = theirs.memory_mb.peak, mine.memory_mb.peak
    return [*found, _Cost("MiB at the peak", str(peak), str(own_peak), _less(peak, own_peak, LEANER))]


def _less(theirs: float, mine: float, share: float) -> int:
    return int(theirs < share * mine) - int(mine < share * theirs)


def _choice(one: Beside, costs: list[_Cost], intended: str) -> list[str]:
    """Which to take; nothing where they did not answer the same examples."""
    if (change := one.change.get(DECIDES)) is None:
        return []
    apart = f"{DECIDES} of this artifact minus its: {words.change(change)}, paired"
    theirs, mine = (_named([cost.what for cost in costs if cost.less == side]) for side in (1, -1))
    if change.high < 0:
        cheap = f" This one has less of: {mine}." if mine else ""
        return [f"**Take {one.name} for this question: its answers are better** ({apart}).{cheap}", *_own(intended)]
    if one.beaten:
        cheap = f" {one.name} has less of: {theirs}; take it where that counts for more." if theirs else ""
        return [f"**Take this artifact for this question: its answers are better** ({apart}).{cheap}"]
    open_ = f"which of the two answers better is not decided ({apart})"
    if theirs and not mine:
        return [f"**Take {one.name} for this question**: {open_}, and it has less of: {theirs}.", *_own(intended)]
    if mine and not theirs:
        return [f"**Take this artifact for this question**: {open_}, and it has less of: {mine}."]
    weighed = f"; {one.name} has less of: {theirs}; this artifact of: {mine}" if mine else ""
    return [f"For this question {open_}{weighed}: nothing measured prefers one for certain.", *_own(intended)]


def _named(parts: list[str]) -> str:
    """What is less, in words without its unit."""
    return ", ".join({"p50 in ms": "time (p50)", "MiB at the peak": "memory"}.get(part, part) for part in parts)


def _own(intended: str) -> list[str]:
    """What this artifact is for, where the recipe says it."""
    return [f"This artifact is for: {intended}"] if intended else []
