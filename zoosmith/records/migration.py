"""Records and registries of schema 1 as schema 2 has them. Pure: JSON in, JSON out; what is of schema 2 already stays.

Schema 1 compared over all evals at once. With one eval nothing is lost. With several, what each had is counted again
from the packed answers of both sides, where they are given; else it is left out: a pooled count cannot be parted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from zoosmith.records.answers import Answers, paired
from zoosmith.stats.paired import agreement, discordant

OF_CLASSES = ("labels", "confusion", "per_class", "answers")
Json = Mapping[str, Any]


def migrated(told: Json, reference: Json | None = None) -> dict[str, Any]:
    """A measurement, the measurements of one host, or a registry, of schema 2.

    reference: the reference's own measurement by the same suite, of either schema; it is needed for the counts of a
    measurement of several evals, and for nothing else.
    """
    if told.get("schema") != 1:
        return dict(told)
    if "suites" in told:
        return {"schema": 2, "suites": {name: migrated(one, reference) for name, one in told["suites"].items()}}
    if "artifacts" in told:
        return {**told, "schema": 2, "artifacts": {name: _entry(entry) for name, entry in told["artifacts"].items()}}
    return _measurement(told, migrated(reference) if reference else None)


def _measurement(told: Json, reference: Json | None) -> dict[str, Any]:
    quality = {id: _quality(one) for id, one in told["quality"].items()}
    joints = {id: _joint(one, reference and reference["quality"].get(id)) for id, one in quality.items()}
    pooled = told.get("vs_reference")
    versus = pooled and {id: _versus(pooled, quality, id, joints[id]) for id in quality}
    kept = {name: value for name, value in told.items() if name != "vs_reference"}
    return {**kept, "schema": 2, "quality": quality, "versus": versus}


def _quality(told: Json) -> dict[str, Any]:
    """Confusion matrix, labels and answers are the details of a task that answers with one class."""
    kept = {name: value for name, value in told.items() if name not in OF_CLASSES}
    details = {name: told[name] for name in OF_CLASSES if told.get(name)}
    return kept | {"details": {"kind": "classes", **details} if details else None}


def _joint(mine: Json, theirs: Json | None) -> Counter[tuple[int, int, int]] | None:
    """Examples by (true, the reference's answer, the artifact's); None where either side has no packed answers."""
    packed = [(side.get("details") or {}).get("answers") for side in (theirs, mine) if side]
    if len(packed) < 2 or not all(packed):
        return None
    return paired(*map(Answers.model_validate, packed))


def _versus(pooled: Json, quality: Json, id: str, joint: Counter[tuple[int, int, int]] | None) -> dict[str, Any]:
    """The comparison on one eval: its deltas, and of what was pooled what is true of it."""
    delta = {metric: change for name, change in pooled["delta"].items() for metric in _of(name, id)}
    n = next(iter(quality[id]["metrics"].values()))["n"]
    if len(quality) == 1:
        known = {name: pooled[name] for name in ("lost", "won") if name in pooled}
        apart = {"value": pooled["max_abs_logit_diff"], "n": n, "unit": "", "better": "lower"}
        divergence = {"agreement": {"value": pooled["agreement"], "n": n}, "max_abs_logit_diff": apart}
        return {"delta": delta, "divergence": divergence, **known}
    if joint is None:
        return {"delta": delta}
    counts = discordant(joint)
    same = {"agreement": {"value": round(agreement(joint), 6), "n": n}}
    return {"delta": delta, "divergence": same, **counts._asdict()}


def _of(name: str, id: str) -> list[str]:
    """The bare name of a metric of this eval."""
    eval_, _, metric = name.partition(".")
    return [metric] if eval_ == id else []


def _entry(told: Json) -> dict[str, Any]:
    versions = {
        number: {**row, "results": [_result(one) for one in row["results"]]} for number, row in told["versions"].items()
    }
    return {**told, "versions": versions}


def _result(told: Json) -> dict[str, Any]:
    """A row's result on one host; it holds no answers, so only a single eval keeps what was pooled."""
    evals: dict[str, Any] = {}
    for name, value in told["quality"].items():
        evals.setdefault(name.partition(".")[0], {"metrics": {}})["metrics"][name] = value
    pooled = told.get("vs_reference")
    versus = pooled and {id: _versus(pooled, evals, id, None) for id in evals}
    return {name: value for name, value in told.items() if name != "vs_reference"} | {"versus": versus}
