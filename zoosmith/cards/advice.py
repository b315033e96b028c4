"""When to choose an artifact and when a sibling is better: only what the records show.

Speeds are told apart where the intervals of their ratios to the reference do not meet, quality where those of the
paired differences do not; sizes are exact. Two artifacts are never called equal because they could not be told apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from zoosmith.common.units import megabytes
from zoosmith.records import words
from zoosmith.records.family import Subject
from zoosmith.records.registry import steady
from zoosmith.records.scores import Bounded, Difference, Metric
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


def advice(subject: Subject, siblings: Sequence[Subject], metric: str) -> list[str]:
    """Sentences in Markdown, the most important first.

    siblings: the family on the same host by the same suite, `subject` among them, all with `metric`.
    """
    me = _advised(subject, metric)
    others = [_advised(s, metric) for s in siblings if s.build.name != subject.build.name]
    if not others:
        return ["No sibling was measured on this host by the same suite: there is nothing to choose between."]
    rival = _rival(me, others)
    found = [] if rival is None else [_dominated(me, rival)]
    found += _strengths(me, others, beaten=rival is not None)
    own = {other.name: _own(other.verdict, metric) for other in others}
    reasons = _instead(me, others, metric)
    kept = {name: why for name, why in reasons.items() if not rival or name != rival.name}
    found += [f"Prefer {name} for {_and(why)}{own[name]}." for name, why in kept.items()]
    found += _exact(me, others)
    if not all(each.steady for each in (me, *others)):
        found.append("Speeds are left out where the host was not steady while they were measured.")
    return found


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
        f"{rival.memory} against {me.memory} MiB at the peak",
    ]
    return (
        f"**{rival.name} is faster, {'smaller' if _smaller(rival, me) else 'no larger'} and {quality}** "
        f"({', '.join(figures)}): choose this one only for its format, or for these very answers."
    )


def _strengths(me: _Advised, others: Sequence[_Advised], *, beaten: bool) -> list[str]:
    """What it is first in, with what that costs."""
    firsts = []
    if all(_faster(me, other) for other in others):
        firsts.append(f"the highest speed of the family ({_times(me)} the reference's speed)")
    if all(_smaller(me, other) for other in others):
        firsts.append(f"the smallest size ({megabytes(me.size)} MB)")
    if all(_leaner(me, other) for other in others):
        firsts.append(f"the least memory ({me.memory} MiB at the peak)")
    if all(_better(me, other) for other in others):
        firsts.append(f"the best quality of the family ({me.value})")
    if firsts and me.lost:
        assert me.verdict is not None
        return [
            f"It has {_and(firsts)}, and is worse than the reference by more than {me.lost} "
            f"({me.verdict.text}): do not choose it for that."
        ]
    if firsts:
        return [f"Choose it for {_and(firsts)}{_cost(me.verdict)}."]
    if me.reference:
        return ["Choose it to compare with: it is the family's reference."]
    if me.same and all(_faster(me, other) for other in others if other.same):
        same = "Choose it where each answer must be the reference's"
        return [f"{same}: it gave the same on every example, at {_times(me)} the speed."]
    if beaten:
        return []
    runs = f"; its speed: {_runs(me)}{_cost(me.verdict)}" if me.steady else ""
    return [f"It is shown to be first of the family in nothing that was measured{runs}."]


def _runs(me: _Advised) -> str:
    low, value, high = me.ratio
    return words.times_as_fast(Bounded(value=value, low=low, high=high, n=1), "the reference's")


def _cost(verdict: Verdict | None) -> str:
    """What the verdict on its quality adds to a sentence."""
    if verdict is None:
        return ""
    if verdict.kind == "undecided":
        return f"; {verdict.text}"
    return (", at no " if verdict.kind == "no_loss" else ", at a ") + verdict.text.removeprefix("no ")


def _own(verdict: Verdict | None, metric: str) -> str:
    """A sibling's own verdict, beside what it is preferred for: speed or size may cost quality."""
    return f"; its {metric} against the reference: {verdict.text}" if verdict else ""


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
