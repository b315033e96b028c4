"""How a card begins: a row of figures beside the reference and the recommended artifact, and which that is."""

from __future__ import annotations

from collections.abc import Sequence

from zoosmith.cards.figures import milliseconds
from zoosmith.common.units import megabytes
from zoosmith.records import words
from zoosmith.records.family import Subject
from zoosmith.records.figures import of_measurement
from zoosmith.records.recommended import Recommended, recommended
from zoosmith.records.rows import steady
from zoosmith.records.schema import Measurement
from zoosmith.records.short import of_figure
from zoosmith.stats.pareto import front

ALL = 8  # rows; of a larger family the table keeps those that nothing beats


def picks(subject: Subject, family: Sequence[Subject], metric: str) -> Recommended:
    """What is recommended by `EVAL.METRIC` of the rows that ran on the same device with as many threads."""
    place = _place(subject)
    return recommended(
        [of_measurement(s.measured, s.build.task, s.build.name) for s in family if _place(s) == place], metric
    )


def _place(subject: Subject) -> tuple[str, str, int]:
    return subject.measured.host.id, subject.measured.device, subject.measured.threads


def first_table(subject: Subject, family: Sequence[Subject], metric: str, found: Recommended) -> list[list[str]]:
    """The artifact, the reference and the recommended one; a head first."""
    beside = [s for s in family if s.build.name != subject.build.name]
    shown = [s for s in beside if s.measured.is_reference or s.build.name == found.fastest]
    return table(subject, [subject, *shown], metric, found)


def table(subject: Subject, shown: Sequence[Subject], metric: str, found: Recommended) -> list[list[str]]:
    """A row of Markdown cells for each artifact, a head first; GPU memory where it was measured."""
    figure, gpu = subject.measured.metric(metric), subject.measured.vram_mb is not None
    assert figure is not None
    unit = "" if figure.unit in ("share", "") else f", {figure.unit}"
    head = ["artifact", f"{metric}{unit}", f"against {subject.measured.reference}"]
    head += ["MB", "p50 ms", "speed", "peak MiB", *(["GPU MiB"] if gpu else [])]
    return [head, *(_row(subject, one, metric, found, gpu) for one in shown)]


def _row(subject: Subject, one: Subject, metric: str, found: Recommended, gpu: bool) -> list[str]:
    measured, name = one.measured, one.build.name
    figure, mine = measured.metric(metric), name == subject.build.name
    assert figure is not None
    mark = " (recommended)" if name == found.fastest and found.of > 1 else ""  # of one there is nothing to choose
    value = words.with_interval(figure) if mine else words.value(figure)
    cells = [f"**{name}**{mark}" if mine else f"{link(name)}{mark}", value]
    cells += [of_figure(measured, metric, counted=mine) or "reference"]
    cells += [megabytes(measured.size_total), milliseconds(measured.latency_ms.p50), speed(measured)]
    vram = measured.vram_mb
    return [*cells, str(measured.memory_mb.peak), *([str(vram.peak) if vram else "-"] if gpu else [])]


def speed(measured: Measurement) -> str:
    """The ratio to the reference with its interval, and what weakens it."""
    told = measured.speedup
    if told is None:
        return "1"
    found = f"{told.value:.2f}x ({told.low:.2f} to {told.high:.2f})"
    apart = ", not told apart" if told.low <= 1 <= told.high else ""
    return f"{found}{apart}{'' if steady(measured) else ', host not steady'}"


def shown_of(subject: Subject, family: Sequence[Subject], metric: str, found: Recommended) -> list[Subject]:
    """Of a large family the rows that no other beats in both speed and quality, with those that are named above."""
    if len(family) <= ALL:
        return list(family)
    figures = [(s.measured.latency_ms.p50, figure) for s in family if (figure := s.measured.metric(metric))]
    lower = figures[0][1].better == "lower"
    best = {family[i].build.name for i in front([(ms, figure.value) for ms, figure in figures], lower=lower)}
    best |= {name for name in (found.fastest, found.smallest, found.safest) if name} | {subject.build.name}
    return [s for s in family if s.build.name in best or s.measured.is_reference]


def choice(subject: Subject, family: Sequence[Subject], metric: str, found: Recommended) -> str:
    """Which artifact of the family is recommended, among whom and by what; "" where there is nothing to choose from."""
    figure = subject.measured.metric(metric)
    if len(family) < 2 or found.fastest is None or figure is None:
        return ""
    within = near(subject.measured, metric)
    among = f"of the {found.of} measured on `{found.host}`"
    if found.fastest == subject.build.name:
        lead = f"**This is the recommended one {among}**: the fastest {within}"
    else:
        lead = f"Recommended {among}: {link(found.fastest)}, the fastest {within}"
    if found.safest in (None, found.fastest):
        return f"{lead}; a larger loss is excluded." if found.safest else f"{lead}, as measured."
    safest = "this one" if found.safest == subject.build.name else link(found.safest)
    return f"{lead}, as measured; the fastest for which more is excluded is {safest}."


def near(measured: Measurement, metric: str) -> str:
    """What recommended artifacts have in common, in words."""
    figure = measured.metric(metric)
    if figure is None or not figure.matters:
        return "that loses nothing"
    own, _, name = metric.partition(".")
    others = any(id != own and measured.metric(f"{id}.{name}") for id in measured.quality)
    also = " and of which no other eval shows more" if others else ""
    return f"that loses at most {words.exactly(figure.matters, figure.unit)}{also}"


def link(name: str) -> str:
    """A link to a sibling's card."""
    return f"[{name}]({name}.md)"
