"""A family: artifacts of one recipe, each with what was measured of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from zoosmith.core import records
from zoosmith.core.recipe import Recipe
from zoosmith.core.records import BuildRecord, Measurement
from zoosmith.core.verdicts import MARGIN


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


def margin(recipe: Recipe, build: BuildRecord, metric: str) -> float:
    """The loss of `metric` that the recipe's gate is ready to bear, as a share; else the usual one."""
    artifact = recipe.artifacts.get(build.artifact)
    gate = artifact.gates.get(metric) if artifact else None
    return MARGIN if gate is None or gate.max_drop is None else gate.max_drop
