"""A family: artifacts of one recipe, each with what was measured of it."""

from __future__ import annotations

from dataclasses import dataclass

from zoosmith.core.records import BuildRecord, Measurement


@dataclass(frozen=True)
class Subject:
    """An artifact with what was measured of it on one host."""

    build: BuildRecord
    measured: Measurement


def headline(measured: Measurement) -> str:
    """The metric shown first: macro-F1 of the first eval where it has one, else its first metric."""
    eval_, quality = next(iter(measured.quality.items()))
    name = "macro_f1" if "macro_f1" in quality.metrics else next(iter(quality.metrics))
    return f"{eval_}.{name}"
