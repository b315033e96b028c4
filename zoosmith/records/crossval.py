"""What is recorded of a cross-validation: `results/<recipe>/<artifact>/crossval/*.json`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydantic import Field

from zoosmith.contract.metric import Better
from zoosmith.recipes.schema import Model
from zoosmith.records.schema import BuildRecord
from zoosmith.records.scores import Metric, rounded
from zoosmith.stats.folds import mean_over_folds


class FoldRecord(Model):
    """One fold: `n` rows held out, and how many of `train` and `dev` the builder was given.

    trained_on: how many examples it says that it learnt from; None where it says nothing.
    """

    fold: int
    n: int
    train: int
    dev: int = 0
    trained_on: int | None = Field(default=None, exclude_if=lambda value: value is None)
    metrics: dict[str, Metric]


class FoldMean(Model):
    """A metric over folds: mean, sample standard deviation, and the 95 % interval of the mean by Student's t.

    That of a share ends at 0 and 1.
    """

    value: float
    sd: float
    low: float
    high: float
    folds: int
    unit: str = Field(default="share", exclude_if=lambda value: value == "share")
    better: Better = Field(default="higher", exclude_if=lambda value: value == "higher")


class CrossValidation(Model):
    """k trainings of one artifact's recipe, each scored on the rows that it did not see.

    rows: how many were folded, of `rows_total` in train and dev. learnt_before: artifacts that it is made from and that
    have learnt from these rows, the held-out ones too. splits: SHA-256 of the splits that were folded.
    """

    schema_: int = Field(default=1, alias="schema")
    name: str
    recipe: str
    artifact: str
    builder: str
    params: dict[str, Any]
    seed: int
    parents: dict[str, str]
    packages: dict[str, str]
    eval: str
    kind: str
    splits: dict[str, str]
    k: int
    fold_seed: int
    group: tuple[str, ...] = ()
    column: str | None = None
    rows: int
    rows_total: int
    learnt_before: tuple[str, ...] = ()
    measured: str
    host: str
    folds: tuple[FoldRecord, ...]
    mean: dict[str, FoldMean]

    def is_of(self, build: BuildRecord) -> bool:
        """Whether it is of the recipe that made a recorded artifact: builder, parameters, seed, parents and rows."""
        parents = {role: parent["digest"] for role, parent in build.parents.items()}
        splits = {name: about.get("sha256") for name, about in build.data.get("splits", {}).items()}
        mine = (self.builder, self.params, self.seed, self.parents)
        return mine == (build.builder, build.params, build.seed, parents) and all(
            splits.get(name) == sha for name, sha in self.splits.items()
        )


def means(folds: Iterable[FoldRecord]) -> dict[str, FoldMean]:
    """The mean of each metric that every fold has."""
    told = list(folds)
    shared = [name for name in told[0].metrics if all(name in fold.metrics for fold in told)]
    return {name: _mean([fold.metrics[name] for fold in told]) for name in shared}


def _mean(metrics: list[Metric]) -> FoldMean:
    spread, unit = mean_over_folds([metric.value for metric in metrics]), metrics[0].unit
    found = {name: rounded(getattr(spread, name), unit) for name in ("value", "sd", "low", "high")}
    if unit == "share":  # Student's t knows nothing of ends
        found |= {"low": max(found["low"], 0.0), "high": min(found["high"], 1.0)}
    return FoldMean(folds=spread.n, unit=unit, better=metrics[0].better, **found)


def best_founded(found: Iterable[CrossValidation]) -> CrossValidation | None:
    """The one of most rows, then of most folds; None for none."""
    return max(found, key=lambda one: (one.rows, one.k, one.measured), default=None)
