"""When to choose an artifact and when a sibling is better: only what the records show, and among whom.

Speeds are told apart where the intervals of their ratios to the reference do not meet, quality where those of the
paired differences do not; sizes are exact. Two artifacts are never called equal because they could not be told apart.
Sizes are compared over the whole family, speed, memory and quality over the rows of one host, which is named.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from zoosmith.common.units import megabytes
from zoosmith.records import words
from zoosmith.records.family import Subject
from zoosmith.records.rows import steady
from zoosmith.records.scores import Difference, Metric
from zoosmith.records.short import of_figure
from zoosmith.records.verdicts import Verdict, of_measurement

SMALLER = 0.98  # of a size: less than that is no reason to choose
LEANER = 0.9  # of a memory peak, which varies from run to run
LOST = 10  # times the margin: an artifact that is surely worse by that is recommended for nothing that it is first in


class _Advised(NamedTuple):
    """The figures that advice is made from: `gain` is the change against the reference, good where it is positive."""

    name: str
    ratio: tuple[float, float, float]
    gain: tuple[float, float, float]
    figure: Metric
    size: int
    memory: int
    same: bool
    agreement: float | None
    steady: bool
    reference: bool
    verdict: Verdict | None
    change: str

    @property
    def merit(self) -> float:
        """The figure, turned so that more is better."""
        return self.figure.sign * self.figure.value

    @property
    def value(self) -> str:
        """The figure as text."""
        return words.value(self.figure)

    @property
    def lost(self) -> str:
        """By more than what it is surely worse than the reference, where speed or size is then no reason to choose it.

        "" where it is not.
        """
        margin = self.figure.matters
        return words.exactly(LOST * margin, self.figure.unit) if margin and self.gain[2] < -LOST * margin else ""


def advice(
    subject: Subject, siblings: Sequence[Subject], metric: str, sizes: Mapping[str, int] | None = None
) -> list[str]:
    """Sentences in Markdown, the most important first.

    siblings: the family on the same host by the same suite, `subject` among them, all with `metric`. sizes: bytes of
    every recorded artifact of the family by full name, wherever it was measured; those of the siblings if None.
    """
    me = _advised(subject, metric)
    others = [_advised(s, metric) for s in siblings if s.build.name != subject.build.name]
    if not others:
        where = f"on {subject.measured.host.id} by the same suite and against the same reference"
        alone = f"No other of its family is recorded {where}: nothing to choose between yet."
        return [alone + _of_reference(me, subject)]
    family = {each.name: each.size for each in (me, *others)} | dict(sizes or {})
    rival = _rival(me, others)
    found = [] if rival is None else [_dominated(me, rival)]
    found += _strengths(me, others, _Among(family, len(others) + 1, subject.measured.host.id), beaten=rival is not None)
    own = {other.name: f"; its quality: {other.change}" if other.change else "" for other in others}
    reasons = _instead(me, others, metric)
    kept = {name: why for name, why in reasons.items() if not rival or name != rival.name}
    found += [f"Prefer {name} for {_and(why)}{own[name]}." for name, why in kept.items()]
    found += _exact(me, others)
    if not all(each.steady for each in (me, *others)):
        found.append("Speeds are left out where the host was not steady while they were measured.")
    return found


def _of_reference(me: _Advised, subject: Subject) -> str:
    """How the reference, which was measured beside it, gets a row and a card of its own."""
    return "" if me.reference else f" `doit build:{subject.measured.reference}` records the reference too."


class _Among(NamedTuple):
    """With whom an artifact is compared: sizes of the whole family, and how many rows of which host."""

    sizes: Mapping[str, int]
    rows: int
    host: str

    @property
    def measured(self) -> str:
        """The rows that speed, memory and quality are compared over."""
        return f"of the {self.rows} measured on {self.host}"


def _advised(subject: Subject, metric: str) -> _Advised:
    measured, name = subject.measured, subject.build.name
    figure, speed, reference = measured.metric(metric), measured.speedup, measured.is_reference
    assert figure is not None
    gain = (measured.change(metric) or Difference(value=0.0, low=0.0, high=0.0)).gain(figure.sign)
    agreement = _agreement(subject)
    return _Advised(
        name=name,
        ratio=(speed.low, speed.value, speed.high) if speed else (1.0, 1.0, 1.0),
        gain=(gain.low, gain.value, gain.high),
        figure=figure,
        size=measured.size_total,
        memory=measured.memory_mb.peak,
        same=reference or agreement == 1.0,
        agreement=agreement,
        steady=(speed is not None or reference) and steady(measured),
        reference=reference,
        verdict=of_measurement(measured, metric),
        change=of_figure(measured, metric) or "",
    )


def _agreement(subject: Subject) -> float | None:
    """The least of its evals; None where the task does not say whether two answers are the same."""
    found = [value.value for name, value in subject.measured.divergences() if name.endswith(".agreement")]
    return min(found, default=None)


def _faster(one: _Advised, other: _Advised) -> bool:
    return one.steady and other.steady and one.ratio[0] > other.ratio[2]


def _better(one: _Advised, other: _Advised) -> bool:
    return one.gain[0] > other.gain[2]


def _smaller(one: _Advised, other: _Advised) -> bool:
    return one.size < SMALLER * other.size


def _leaner(one: _Advised, other: _Advised) -> bool:
    return one.memory < LEANER * other.memory


def _rival(me: _Advised, others: Sequence[_Advised]) -> _Advised | None:
    """A sibling that is faster and no larger, and has no lower value or shows no loss over the margin.

    None that this one is shown better than, in quality or in memory.
    """
    faster = [o for o in others if _faster(o, me) and not _better(me, o) and not _leaner(me, o)]
    beats = [o for o in faster if o.size <= me.size and o.merit >= me.merit]
    shown = [o for o in faster if _smaller(o, me) and o.verdict and o.verdict.kind == "no_loss"]
    return max(beats or shown, key=lambda o: (o.ratio[1], o.merit, o.name), default=None)


def _dominated(me: _Advised, rival: _Advised) -> str:
    """Said plainly: a sibling is better in every respect that counts."""
    if rival.merit >= me.merit:
        quality = f"with no {'lower' if me.figure.better == 'higher' else 'higher'} value"
    else:
        assert rival.verdict is not None
        quality = f"with {rival.verdict.text}{'' if me.reference else ' against the reference'}"
    figures = [
        f"{rival.value} against {me.value}",
        _speeds(rival, me),
        f"{megabytes(rival.size)} against {megabytes(me.size)} MB",
        f"{rival.memory} against {me.memory} MiB",
    ]
    return (
        f"**{rival.name} is faster, {'smaller' if _smaller(rival, me) else 'no larger'} and {quality}** "
        f"({', '.join(figures)}): choose this one only for its format or these very answers."
    )


def _strengths(me: _Advised, others: Sequence[_Advised], among: _Among, *, beaten: bool) -> list[str]:
    """What it is first in, with what that costs."""
    firsts = _firsts(me, others, among)
    if firsts and me.lost:
        return [f"It is the {firsts}, and loses more than {me.lost} ({me.change}): do not choose it for that."]
    if firsts:
        return [f"Choose it as the {firsts}{_cost(me)}."]
    if me.reference:
        return ["Choose it to compare with: it is the family's reference."]
    if me.same and all(_faster(me, other) for other in others if other.same):
        same = "Choose it where each answer must be the reference's"
        return [f"{same}: it gave the same on every example, at {_times(me)} the speed."]
    if beaten:
        return []
    return [f"It is first {among.measured} in nothing."]


def _firsts(me: _Advised, others: Sequence[_Advised], among: _Among) -> str:
    """What it is first in, among whom; never slower or worse than a reference that is not in the table."""
    here = []
    if all(_faster(me, other) for other in others) and (me.reference or me.ratio[0] > 1):
        here.append(f"fastest ({_times(me)} the reference's speed)")
    if all(_leaner(me, other) for other in others):
        here.append(f"leanest ({me.memory} MiB at the peak)")
    if all(_better(me, other) for other in others) and (me.reference or me.gain[0] > 0):
        here.append(f"best ({me.value})")
    found = [f"{_and(here)} {among.measured}"] if here else []
    if all(me.size < SMALLER * size for name, size in among.sizes.items() if name != me.name):
        found.append(f"smallest of the family's {len(among.sizes)} ({megabytes(me.size)} MB)")
    return " and the ".join(found)


def _cost(me: _Advised) -> str:
    """What the verdict on its quality adds to a sentence."""
    return f"; quality: {me.change}" if me.change else ""


def _instead(me: _Advised, others: Sequence[_Advised], metric: str) -> dict[str, list[str]]:
    """The sibling that is best in each respect in which one is better: its name, and in what."""
    reasons: dict[str, list[str]] = {}
    sound = [other for other in others if me.lost or not other.lost]
    if faster := [o for o in sound if _faster(o, me)]:
        best = max(faster, key=lambda o: (o.ratio[1], o.name))
        reasons.setdefault(best.name, []).append(f"speed ({_speeds(best, me)})")
    if smaller := [o for o in sound if _smaller(o, me)]:
        best = min(smaller, key=lambda o: (o.size, o.name))
        reasons.setdefault(best.name, []).append(f"size ({megabytes(best.size)} against {megabytes(me.size)} MB)")
    if leaner := [o for o in sound if _leaner(o, me)]:
        best = min(leaner, key=lambda o: (o.memory, o.name))
        reasons.setdefault(best.name, []).append(f"memory ({best.memory} against {me.memory} MiB at the peak)")
    if better := [o for o in others if _better(o, me)]:
        best = max(better, key=lambda o: (o.merit, o.reference, o.name))
        reasons.setdefault(best.name, []).append(f"quality ({metric} {best.value} against {me.value})")
    return reasons


def _exact(me: _Advised, others: Sequence[_Advised]) -> list[str]:
    """Who gives the reference's answers, where this one does not."""
    same = [other for other in others if other.same]
    if me.agreement is None or me.same or not same:
        return []
    best = max(same, key=lambda other: (other.ratio[1] if other.steady else 1.0, other.name))
    how = "is the reference" if best.reference else "gave that on every example"
    lead = f"Prefer {best.name} where each answer must be the reference's"
    return [f"{lead}: it {how}, this one on {words.percent(me.agreement, 1)}% of them."]


def _speeds(one: _Advised, me: _Advised) -> str:
    if me.reference:
        return f"{_times(one)} this one's speed"
    return f"{_times(one)} against {_times(me)} the reference's speed"


def _times(one: _Advised) -> str:
    return "once" if one.reference else f"{one.ratio[1]:.2f} times"


def _and(parts: Sequence[str]) -> str:
    return " and ".join([", ".join(parts[:-1]), parts[-1]]) if len(parts) > 1 else parts[0]
