"""The YAML at the head of a model card, as the Hugging Face hub reads it."""

from __future__ import annotations

from typing import Any

import yaml

from zoosmith.contract.errors import ZooError
from zoosmith.records.family import Subject
from zoosmith.records.schema import Measurement
from zoosmith.records.scores import Metric

LIBRARY_METRICS = {
    "accuracy": ("accuracy", "Accuracy"),
    "macro_f1": ("f1", "Macro F1"),
    "weighted_f1": ("f1", "Weighted F1"),
}
RELATIONS = ("adapter", "finetune", "merge", "quantized")


def front_matter(subject: Subject, library: str, pipeline_tag: str, relation: str | None) -> str:
    """Model card metadata as YAML. Source: Hugging Face hub, "Model Cards", metadata specification.

    Raises ZooError for a relation to the base that the hub does not know.
    """
    build = subject.build
    repos = [base.repo for base in build.bases if base.repo]
    data: dict[str, Any] = {
        "license": build.license,
        "library_name": library,
        "pipeline_tag": pipeline_tag,
        "base_model": repos,
        "base_model_relation": relation,
        "datasets": list(build.datasets),
        "metrics": sorted({LIBRARY_METRICS.get(m, (m, m))[0] for m in _metric_names(subject.measured)}),
        "tags": ["zoosmith", build.format.replace("_", "-"), build.precision],
        "model-index": [{"name": build.name, "results": _index(subject.measured, pipeline_tag)}],
    }
    kept = {key: value for key, value in data.items() if value}
    if relation is not None and relation not in RELATIONS:
        known = ", ".join(RELATIONS)
        raise ZooError(f"{build.name}: the relation to the base is {relation!r}; the hub knows {known}")
    if not repos:
        kept.pop("base_model_relation", None)
    return str(yaml.safe_dump(kept, sort_keys=False, allow_unicode=True, width=1000)).rstrip()


def _metric_names(measured: Measurement) -> list[str]:
    return [name for quality in measured.quality.values() for name in quality.metrics]


def rounded(metric: Metric) -> float:
    """Four decimals of a share, four significant digits of anything else."""
    return round(metric.value, 4) if metric.unit == "share" else float(f"{metric.value:.4g}")


def _index(measured: Measurement, pipeline_tag: str) -> list[dict[str, Any]]:
    results = []
    for id, quality in sorted(measured.quality.items()):
        metrics = []
        for name, value in quality.metrics.items():
            type_, shown = LIBRARY_METRICS.get(name, (name, name))
            metrics.append({"type": type_, "name": shown, "value": rounded(value)})
        dataset = {"name": id, "type": quality.data, "split": quality.split}
        results.append({"task": {"type": pipeline_tag}, "dataset": dataset, "metrics": metrics})
    return results
