"""The step that scores a fold's model on the rows that it has not seen, with the metrics of the recipe's eval."""

from __future__ import annotations

from zoosmith.bench import quality
from zoosmith.common.canonical import pretty
from zoosmith.execution.worker import Step
from zoosmith.predictor import read_manifest

SUITE = "full"  # every held-out row
SCORES = "scores.json"


def run(step: Step) -> None:
    """Write `scores.json`: held-out rows, examples learnt from, and the metrics as records of an eval have them."""
    folder = step.parent(step.run["model"], "model")
    (id,) = step.run["evals"]
    asked = quality.Eval(step, id, folder)
    scored = asked.score(quality.outcomes_of(step, folder, {id: asked}, None)[id])
    metrics = {name: metric.model_dump(mode="json") for name, metric in scored.metrics.items()}
    facts = read_manifest(folder).facts
    learnt = facts.get("train_examples", facts.get("recovery_examples"))
    told = {"n": len(asked.rows), "metrics": metrics, "trained_on": learnt}
    (step.out / SCORES).write_text(pretty(told), encoding="utf-8")
