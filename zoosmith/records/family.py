"""A family: artifacts of one recipe, each with what was measured of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from zoosmith.records.schema import BuildRecord, Measurement

PREFERRED = ("macro_f1", "mean_kl", "perplexity")  # where a task's reporting has no HEADLINE


@dataclass(frozen=True)
class Subject:
    """An artifact with what was measured of it on one host."""

    build: BuildRecord
    measured: Measurement


def headline(measured: Measurement, preferred: Sequence[str] = PREFERRED) -> str:
    """The `EVAL.METRIC` shown first: of the first eval, what is preferred and was measured; else its first metric."""
    id, quality = next(iter(measured.quality.items()))
    names = (f"{id}.{name}" for name in preferred)
    return next((name for name in names if measured.metric(name)), f"{id}.{next(iter(quality.metrics))}")


def own_headline(measured: Measurement, preferred: Sequence[str] = PREFERRED) -> str:
    """The same among what says something about the artifact alone, as the reference needs it."""
    id = next(iter(measured.quality))
    return headline(measured, [name for name in preferred if not measured.is_divergence(f"{id}.{name}")])


def comparable(siblings: Sequence[Subject], metric: str) -> list[Subject]:
    """Those that can stand beside each other: what was recorded before `metric`'s eval was added cannot."""
    return [subject for subject in siblings if _has(subject.measured, metric)]


def _has(measured: Measurement, metric: str) -> bool:
    return measured.metric(metric) is not None and (measured.is_reference or measured.change(metric) is not None)
