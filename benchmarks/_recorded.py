"""Our side of a comparison with a study: one artifact's record, against another artifact's."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from zoosmith.build.record_store import best, usual_host
from zoosmith.build.recorded import build_in, measurements_in
from zoosmith.build.zoo import load_zoo
from zoosmith.common.names import full_name
from zoosmith.records.compare import Change, closest, compare
from zoosmith.records.figures import Figures, of_measurement
from zoosmith.records.ratios import ratio
from zoosmith.records.schema import BuildRecord, Measurement
from zoosmith.records.scores import Metric

UNSTEADY = "host not steady"


class Range(NamedTuple):
    """A figure with its bounds, which are None where nothing tells them; an exact figure is its own bounds.

    note: what the reader must know of it; sure: whether it may decide anything.
    """

    value: float
    low: float | None
    high: float | None
    note: str = ""
    sure: bool = True

    def text(self, form: str, unit: str = "") -> str:
        """The value with its interval, each written in `form`, and its note."""
        value, note = form.format(self.value) + unit, f", {self.note}" if self.note else ""
        if self.low is None or self.high is None:
            return f"{value}, no interval{note}"
        exact = self.low == self.high
        return value + note if exact else f"{value} ({form.format(self.low)} to {form.format(self.high)}){note}"


@dataclass(frozen=True)
class Ours:
    """An artifact as its best measurement found it; `others` are all measurements of its tree."""

    build: BuildRecord
    measured: Measurement
    others: tuple[Measurement, ...]

    @property
    def figures(self) -> Figures:
        """What the page shows of it."""
        return of_measurement(self.measured, self.build.task, self.build.name)

    @property
    def accuracy(self) -> Metric:
        """Of the first eval."""
        found = self.metric("accuracy")
        assert found is not None
        return found

    def metric(self, name: str) -> Metric | None:
        """A metric of the first eval."""
        return self.measured.metric(f"{self.measured.evals[0]}.{name}")

    @property
    def trained_share(self) -> float | None:
        """Trained parameters among all, those of adapters included; None where the build trained nothing."""
        facts = self.build.facts
        return facts["trainable_parameters"] / facts["parameters"] if "trainable_parameters" in facts else None

    @property
    def swept(self) -> Measurement | None:
        """The measurement that tells throughput: its own, or that of suite full on another host; None without one."""
        return next((found for found in (self.measured, *self.others) if found.profile), None)

    def per_second(self, batch: int) -> float | None:
        """Examples answered a second in calls of `batch`; None where suite full has not measured it."""
        profile = self.swept.profile if self.swept else None
        return next((at.per_second for at in profile.by_batch if at.batch == batch), None) if profile else None

    def seconds(self, n: int) -> float | None:
        """Computed, not measured: seconds for n examples at the throughput of batch 1."""
        rate = self.per_second(1)
        return n / rate if rate else None

    def change(self, other: Ours) -> Range | None:
        """Accuracy minus the other's in points, paired; without bounds where the examples cannot be paired.

        None for the same tree, and where both were measured on no common eval.
        """
        if self.build.tree_digest == other.build.tree_digest:
            return None
        changes = compare([self.figures], other.all_figures()).changes
        found = next((change for change in changes if change.metric == f"{self.measured.evals[0]}.accuracy"), None)
        return _points(found) if found else None

    def speed(self, other: Ours) -> Range | None:
        """How many times as fast as the other; None where they were not measured on one host."""
        one, against = closest([self.figures], other.all_figures())
        found, remark = ratio(one, against)
        if found is None or one.tree == against.tree:
            return None
        steady = all(side.steady for side in (one, against) if side.speedup)  # the reference was timed with the other
        notes = ["derived"] * bool(remark) + [UNSTEADY] * (not steady)
        return Range(found.value, found.low, found.high, ", ".join(notes), steady)

    def latency_share(self, other: Ours) -> Range | None:
        """Its latency over the other's: the inverse of how many times as fast it is."""
        return other.speed(self)

    @property
    def speed_to_reference(self) -> Range | None:
        """How many times as fast as the family's reference, timed side by side; None for the reference itself."""
        told, steady = self.measured.speedup, self.figures.steady
        return Range(told.value, told.low, told.high, "" if steady else UNSTEADY, steady) if told else None

    def all_figures(self) -> list[Figures]:
        """One for each measurement, so that the most alike can be taken."""
        return [of_measurement(m, self.build.task, self.build.name) for m in self.others]


def _points(change: Change) -> Range:
    told = change.change
    if told is None:
        return Range(100 * (change.first.value - change.second.value), None, None)
    return Range(100 * told.value, 100 * told.low, 100 * told.high)


class Shelf:
    """Committed records below a folder that has `results/` and `recipes/`."""

    def __init__(self, root: Path) -> None:
        """Read which artifacts the recipes have."""
        self.root = root
        self.known = {id: set(family.recipe.artifacts) for id, family in load_zoo(root).families.items()}
        self.usual = {id: usual_host(self._current(id, name)[1] for name in names) for id, names in self.known.items()}

    def find(self, family: str, artifact: str) -> Ours | None:
        """The artifact's record, of its family's usual host if it can be; None without a build or a measurement."""
        build, own = self._current(family, artifact)
        return Ours(build, best(own, self.usual.get(family, "")), tuple(own)) if build and own else None

    def _current(self, family: str, artifact: str) -> tuple[BuildRecord | None, list[Measurement]]:
        folder = self.root / "results" / family / artifact
        build = build_in(folder)
        return build, [m for m in measurements_in(folder) if build and m.tree_digest == build.tree_digest]

    def missing(self, family: str, artifact: str) -> str:
        """The name of an artifact that `find` does not find, with what more is missing than its record."""
        name = full_name(family, artifact)
        if family not in self.known:
            return f"{name} (there is no recipe {family})"
        return name if artifact in self.known[family] else f"{name} (its recipe has no such artifact)"
