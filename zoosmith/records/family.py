"""A family: artifacts of one recipe, each with what was measured of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from zoosmith.records import schema as records
from zoosmith.records.schema import BuildRecord, Measurement


@dataclass(frozen=True)
class Subject:
    """An artifact with what was measured of it on one host."""

    build: BuildRecord
    measured: Measurement


def headline(measured: Measurement) -> str:
    """The metric shown first."""
    return records.headline(f"{id}.{name}" for id, quality in measured.quality.items() for name in quality.metrics)


def comparable(siblings: Sequence[Subject], metric: str) -> list[Subject]:
    """Those that can stand beside each other: what was recorded before `metric`'s eval was added cannot."""
    return [subject for subject in siblings if _has(subject.measured, metric)]


def _has(measured: Measurement, metric: str) -> bool:
    versus = measured.vs_reference
    return measured.metric(metric) is not None and (versus is None or metric in versus.delta)


def is_reference(measured: Measurement) -> bool:
    """Whether it was measured as the one that the others are compared with."""
    return measured.vs_reference is None
