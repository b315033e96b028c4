"""A recorded cross-validation with the figures that a test is about."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tests.support import records
from zoosmith.records.crossval import CrossValidation, FoldRecord, means
from zoosmith.records.scores import Metric


def fold(number: int, accuracy: float, **changed: Any) -> FoldRecord:
    metrics = {"accuracy": Metric(value=accuracy, low=accuracy - 0.1, high=accuracy + 0.1, n=32)}
    return FoldRecord.model_validate({"fold": number, "n": 32, "train": 96, "dev": 32, "metrics": metrics} | changed)


def crossval(accuracies: Sequence[float] = (0.85, 0.86, 0.87, 0.84, 0.88), **changed: Any) -> CrossValidation:
    """Of the artifact that `records.build()` records."""
    build, folds = records.build(), tuple(fold(i, value) for i, value in enumerate(accuracies, 1))
    body: dict[str, Any] = {
        "name": build.name,
        "recipe": build.recipe,
        "artifact": build.artifact,
        "builder": build.builder,
        "params": build.params,
        "seed": build.seed,
        "parents": {role: parent["digest"] for role, parent in build.parents.items()},
        "packages": {"numpy": "2.4"},
        "eval": "toy",
        "kind": "text-classification",
        "splits": {},
        "k": len(folds),
        "fold_seed": 42,
        "rows": 160,
        "rows_total": 160,
        "measured": "2026-01-01",
        "host": "epyc-2c",
        "folds": folds,
        "mean": means(folds),
    }
    return CrossValidation.model_validate(body | changed)
