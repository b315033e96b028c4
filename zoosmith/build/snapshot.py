"""The record as it is while cards are rendered: each file below `results/` is read once, however many cards show it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

from zoosmith.build import beside
from zoosmith.build.recorded import build_in, measurements_in
from zoosmith.recipes.graph import Ref, Zoo
from zoosmith.records.family import Subject
from zoosmith.records.rows import steady
from zoosmith.records.schema import BuildRecord, Measurement

Current = tuple[BuildRecord, list[Measurement]]


class Snapshot:
    """Builds and measurements of any artifact, read when they are first asked for, and families of them."""

    def __init__(self, zoo: Zoo, folder: Callable[[Ref], Path]) -> None:
        """Of the artifacts of `zoo`, whose records are in `folder(ref)`."""
        self.zoo = zoo
        self.build: Callable[[Ref], BuildRecord | None] = cache(lambda ref: build_in(folder(ref)))
        self.measurements: Callable[[Ref], list[Measurement]] = cache(lambda ref: measurements_in(folder(ref)))

    def current(self, ref: Ref) -> Current | None:
        """The recorded build with the measurements of its tree, if there are any."""
        build = self.build(ref)
        own = [m for m in self.measurements(ref) if build and m.tree_digest == build.tree_digest]
        return (build, own) if build and own else None

    def family(self, recipe: str, like: Measurement) -> list[Subject]:
        """The family's artifacts as measured by the same suite on the same host against the same tree.

        In the recipe's order.
        """
        found = []
        for name in self.zoo.families[recipe].recipe.artifacts:
            current = self.current(Ref(recipe, name))
            same = [m for m in current[1] if _side_by_side(m) == _side_by_side(like)] if current else []
            if current and same:
                found.append(Subject(current[0], max(same, key=lambda m: (steady(m), m.measured))))
        return found

    def peers(self, recipe: str, like: Measurement) -> dict[str, Subject | None]:
        """By full name, the recorded artifacts that are baselines of a recipe's evals.

        Each with a measurement on the same host and device with as many threads, of the same suite before another;
        None where there is none.
        """
        found: dict[str, Subject | None] = {}
        for name, ref in beside.refs(self.zoo, recipe).items():
            if current := self.current(ref):
                same = [m for m in current[1] if _place(m) == _place(like)]
                chosen = max(same, key=lambda m: (m.suite == like.suite, steady(m), m.measured), default=None)
                found[name] = Subject(current[0], chosen) if chosen else None
        return found


def _place(measured: Measurement) -> tuple[str, str, int]:
    """Where something was measured."""
    return measured.host.id, measured.device, measured.threads


def _side_by_side(measured: Measurement) -> tuple[str, str, int, str]:
    """What artifacts in one table or plot must share."""
    return measured.host.id, measured.suite, measured.suite_version, measured.reference_digest
