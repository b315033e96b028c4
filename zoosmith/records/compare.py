"""Two artifacts of one task against each other, from what is recorded of both.

Everything is first minus second: the second stands where a family's reference stands. Nothing is estimated where the
records do not allow it; `notes` say what is missing and how to get it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import NamedTuple

from zoosmith.contract.errors import ZooError
from zoosmith.records.beaten import DECIDES, Beside, beside
from zoosmith.records.figures import Figures, eval_of, is_reference_of, told_elsewhere
from zoosmith.records.membership import parsed
from zoosmith.records.pairing import Pairing, has_outcomes, pairing
from zoosmith.records.ratios import Ratio, ratio, same_host
from zoosmith.records.scores import ChangeDetails, Difference, Metric
from zoosmith.records.slices import differences
from zoosmith.records.verdicts import Verdict, verdict
from zoosmith.records.words import change, with_interval


class Change(NamedTuple):
    """One metric of both sides; `change` and `verdict` are None where the examples cannot be paired."""

    metric: str
    first: Metric
    second: Metric
    change: Difference | None = None
    verdict: Verdict | None = None


class Apart(NamedTuple):
    """A divergence of the one from the other, as it was recorded when they were compared."""

    name: str
    value: Metric


class _Pair(NamedTuple):
    """One eval under the names that both give it, paired by the answers; `missing` says why some are not."""

    id: str
    their_id: str
    found: Pairing | None
    missing: str


@dataclass
class Comparison:
    """The first artifact against the second."""

    first: Figures
    second: Figures
    changes: list[Change] = field(default_factory=list)
    agreement: float | None = None
    apart: list[Apart] = field(default_factory=list)
    slices: list[Change] = field(default_factory=list)
    speed: Ratio | None = None
    notes: list[str] = field(default_factory=list)

    @property
    def same_host(self) -> bool:
        """Whether milliseconds and MiB of both may stand side by side."""
        return same_host(self.first, self.second)


def compare(first: Sequence[Figures], second: Sequence[Figures]) -> Comparison:
    """Compare two artifacts by those of their measurements that are most alike.

    Raises ZooError where they answer different tasks.
    """
    one, other = closest(first, second)
    if one.task != other.task:
        raise ZooError(
            f"{one.name} answers {one.task}, {other.name} {other.task}; only artifacts of one task can be compared"
        )
    made = Comparison(one, other)
    made.notes += _differences(one, other)
    _quality(made)
    made.speed, remark = ratio(one, other)
    made.notes += [remark] if remark else []
    return made


def closest(first: Sequence[Figures], second: Sequence[Figures]) -> tuple[Figures, Figures]:
    """The two measurements that are most alike: of one host, one suite, the fuller suite, steady, the latest."""

    def alike(pair: tuple[Figures, Figures]) -> tuple[bool, bool, int, int, str, str]:
        one, other = pair
        suite = (one.suite, one.version) == (other.suite, other.version)
        full = (one.suite == "full") + (other.suite == "full")
        dates = sorted((one.measured or "", other.measured or ""))
        return same_host(one, other), suite, full, one.steady + other.steady, dates[0], dates[1]

    return max(product(first, second), key=alike)


def _differences(one: Figures, other: Figures) -> Iterator[str]:
    """What the reader must know before the figures."""
    if not same_host(one, other):
        yield (
            f"measured on different hosts: {one.name} on {_host(one)}, {other.name} on {_host(other)}; "
            "latency and memory are not compared"
        )
    if (one.suite, one.version) != (other.suite, other.version):
        yield f"measured by different suites: {one.name} by {one.suite_text}, {other.name} by {other.suite_text}"
    for side, against in ((one, other), (other, one)):
        yield from _other_tree(side, against)
        if not side.steady:
            yield f"the host was not steady while {side.name} was measured: its speed is uncertain"


def _other_tree(side: Figures, against: Figures) -> Iterator[str]:
    """Where the record of one side compares it with another tree of the other, or does not tell with which."""
    if side.is_reference or side.reference != against.name or (side.reference_tree == against.tree):
        return
    if side.reference_tree is None:
        yield f"the row of {side.name} does not tell with which tree of {against.name} it was compared"
        return
    yield (
        f"the card of {side.name} compares it with another tree of {against.name}, {side.reference_tree[:12]}, "
        f"than is recorded now, {against.tree[:12]}: its figures are not these"
    )


def _host(side: Figures) -> str:
    return f"{side.host} with {side.threads} thread{'' if side.threads == 1 else 's'}"


def _quality(made: Comparison) -> None:
    """The metrics of every eval that both were measured on."""
    common = list(_common_evals(made.first, made.second))
    if not common:
        told = (f"{side.name} was measured on {_evals(side)}" for side in (made.first, made.second))
        made.notes.append(f"no eval in common: {', '.join(told)}")
    pairs = [_pair(made, *ids) for ids in common]
    for pair in pairs:
        changes = list(_changes(made, pair))
        made.changes += changes
        made.slices += _slices(made, pair)
        made.notes += _baselines(made, pair)
        if any(change.change is None for change in changes):
            made.notes.append(f"{pair.id}: no interval of the difference, {pair.missing}")
    made.agreement = _agreement(made, pairs)
    made.apart = list(_apart(made))


def _common_evals(one: Figures, other: Figures) -> Iterator[tuple[str, str]]:
    """Evals of the same data: by kind, data and split where both records tell them, else by name."""
    theirs = {_about(other, id): id for id in other.eval_ids}
    for id in one.eval_ids:
        about = _about(one, id) if one.evals and other.evals else None
        if about is None and id in other.eval_ids:
            yield id, id
        elif about is not None and about in theirs:
            yield id, theirs[about]


def _about(side: Figures, id: str) -> tuple[str, str, str] | None:
    quality = side.evals.get(id)
    return (quality.kind, quality.data, quality.split) if quality else None


def _evals(side: Figures) -> str:
    named = ((id, _about(side, id)) for id in side.eval_ids)
    return ", ".join(f"{id} ({about[1]}, {about[2]})" if about else id for id, about in named)


def _pair(made: Comparison, id: str, their_id: str) -> _Pair:
    """The answers of both to one eval, or why they are not known."""
    for side, eval_ in ((made.first, id), (made.second, their_id)):
        quality = side.evals.get(eval_)
        if quality is None:
            return _Pair(id, their_id, None, "a registry's row holds no answers; compare in the zoo that measured them")
        if not has_outcomes(quality):
            why = f"{side.name} has no recorded answers; `doit build:{side.name}` measures it again"
            return _Pair(id, their_id, None, why)
    found = pairing(made.first.evals[id], made.second.evals[their_id])
    if isinstance(found, str):
        return _Pair(id, their_id, None, found)
    return _Pair(id, their_id, found, "the task has no paired test of this metric")


def _changes(made: Comparison, pair: _Pair) -> Iterator[Change]:
    """By the answers of both; else the recorded difference where one is the other's reference; else values alone."""
    found = pair.found.deltas if pair.found else {}
    for metric, mine in made.first.scores.items():
        name = metric.partition(".")[2]
        theirs = made.second.scores.get(f"{pair.their_id}.{name}")
        if eval_of(metric) != pair.id or theirs is None:
            continue
        if pair.found and name in found:
            said = verdict(found[name], mine, found[name].n, pair.found.discordant)
            yield Change(metric, mine, theirs, found[name], said)
        else:
            yield _recorded(made, pair, name, Change(metric, mine, theirs))


def _baselines(made: Comparison, pair: _Pair) -> Iterator[str]:
    """A sentence on each baseline of an eval, with how far each side is above it."""
    sides = ((made.first, pair.id), (made.second, pair.their_id))
    found = [(side, {one.name: one for one in beside(side.evals[id])}) for side, id in sides if id in side.evals]
    for name, baseline in {name: one for _, told in found for name, one in told.items()}.items():
        apart = ", ".join(_above(side, told[name]) for side, told in found if name in told)
        yield f"baseline {name} on {pair.id}: {DECIDES} {with_interval(baseline.metrics[DECIDES])}; {apart}"


def _above(side: Figures, one: Beside) -> str:
    if DECIDES not in one.change:
        return f"{side.name} answered other examples"
    return f"{side.name} {change(one.change[DECIDES])}{'' if one.beaten else ', which does not beat it'}"


def _slices(made: Comparison, pair: _Pair) -> list[Change]:
    """The slices that both have, by the metric that slices are ranked by: those of the first's worst values first."""
    mine, theirs, changes = made.first.evals.get(pair.id), made.second.evals.get(pair.their_id), []
    for name, value in made.first.slices.items():
        id, _, metric = name.partition(".")
        other, told = made.second.slices.get(f"{pair.their_id}.{metric}"), parsed(metric)
        if id != pair.id or other is None or told is None:
            continue
        found = differences(mine, theirs, told) if pair.found and mine and theirs else {}
        apart = found.get(told.metric)
        changes.append(Change(name, value, other, apart, verdict(apart, value, apart.n) if apart else None))
    return changes


def _recorded(made: Comparison, pair: _Pair, name: str, change: Change) -> Change:
    """With the difference that one side's record holds against the other, if it does."""
    for side, other, sign, id in ((made.first, made.second, 1, pair.id), (made.second, made.first, -1, pair.their_id)):
        told = side.delta.get(f"{id}.{name}")
        if told and is_reference_of(other, side):
            said = verdict(told if sign > 0 else told.turned, change.first, told.n, side.versus[id].discordant)
            return change._replace(change=told if sign > 0 else told.turned, verdict=said)
    return change


def _apart(made: Comparison) -> Iterator[Apart]:
    """Divergences that one side's record holds against the other."""
    for side, other in ((made.first, made.second), (made.second, made.first)):
        if is_reference_of(other, side):
            yield from (Apart(name, value) for name, value in side.divergence.items() if not told_elsewhere(name))
            return


def _agreement(made: Comparison, pairs: Sequence[_Pair]) -> float | None:
    """Share of equal answers over all common evals, or that of the record where one is the other's reference."""
    pairs = [pair for pair in pairs if not _is_invariance(made.first, pair.id)]
    known = [(p.found.agreement, p.found.examples) for p in pairs if p.found and p.found.agreement is not None]
    if known and len(known) == len(pairs):
        return sum(share * n for share, n in known) / sum(n for _, n in known)
    sides = ((made.first, made.second), (made.second, made.first))
    return next((side.agreement for side, other in sides if is_reference_of(other, side)), None)


def _is_invariance(side: Figures, id: str) -> bool:
    """Whether an eval is about what moves a side's own answers."""
    return id in side.evals and isinstance(side.evals[id].details, ChangeDetails)
