"""A family: artifacts of one recipe, each with what was measured of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from zoosmith.records.schema import BuildRecord, Measurement
from zoosmith.records.scores import Metric

PREFERRED = ("macro_f1", "mean_kl", "perplexity")  # where a task's reporting has no HEADLINE


@dataclass(frozen=True)
class Subject:
    """An artifact with what was measured of it on one host."""

    build: BuildRecord
    measured: Measurement


class Scored(Protocol):
    """What has metrics by `EVAL.METRIC`: a measurement, or a registry's result."""

    def metrics(self) -> Iterator[tuple[str, Metric]]:
        """All of them."""

    def metric(self, name: str) -> Metric | None:
        """That metric or divergence."""


def headline(scored: Scored, preferred: Sequence[str] = PREFERRED) -> str:
    """The `EVAL.METRIC` shown first: what is preferred, of the first eval that measured it; else the first of all.

    Evals of the split `eval` come before those of splits that a recipe made beside it. An eval that measures nothing of
    the kind, such as a check of invariance, is not what an artifact is chosen by.
    """
    measured = [name for name, _ in scored.metrics()]
    evals = dict.fromkeys(name.partition(".")[0] for name in measured)
    names = (f"{id}.{name}" for id in evals for name in preferred)
    return next((name for name in names if scored.metric(name)), measured[0])


def own_headline(measured: Measurement, preferred: Sequence[str] = PREFERRED) -> str:
    """The same among what says something about the artifact alone, as the reference needs it."""
    divergences = {name for name in preferred for id in measured.quality if measured.is_divergence(f"{id}.{name}")}
    return headline(measured, [name for name in preferred if name not in divergences])


def comparable(siblings: Sequence[Subject], metric: str) -> list[Subject]:
    """Those that can stand beside each other: what was recorded before `metric`'s eval was added cannot."""
    return [subject for subject in siblings if _has(subject.measured, metric)]


def _has(measured: Measurement, metric: str) -> bool:
    return measured.metric(metric) is not None and (measured.is_reference or measured.change(metric) is not None)
