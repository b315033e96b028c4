"""Quality of an artifact on each eval of its recipe, alone and against the reference's answers."""

from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from zoosmith import plugins
from zoosmith.bench import asking
from zoosmith.contract.errors import ZooError
from zoosmith.execution.arrays import read_arrays, write_arrays
from zoosmith.execution.partial import Batches
from zoosmith.execution.worker import Step
from zoosmith.predictor import bind, read_manifest
from zoosmith.records.answers import Answers, packed_details
from zoosmith.records.baselines import Baseline, baselines_of
from zoosmith.records.membership import Membership, packed
from zoosmith.records.scores import Difference, Metric, Quality, Versus, rounded

if TYPE_CHECKING:
    from zoosmith.contract.metric import MetricInfo
    from zoosmith.contract.session import Outcome
    from zoosmith.contract.task import Task

TIMED_INPUTS = 64


class Eval:
    """One eval of the recipe: its rows as examples of the task as the artifact answers it."""

    def __init__(self, step: Step, id: str, folder: Path) -> None:
        """Read the rows that the step's suite measures, for the artifact in `folder`."""
        self.id = id
        self.about = step.run["evals"][id]
        self.kind: str = self.about["kind"]
        self.scoring: ModuleType = plugins.load_part("tasks", self.kind, "scoring", step.project)
        self.task = task_of(self.kind, folder, step.project)
        rows = self._read(step)
        examples = [self.task.example(row) for row in rows]
        if not examples:
            raise ZooError(f"the split {self.about['split']!r} of {self.about['data']} is empty: nothing to measure")
        self.total = len(examples)
        thinned = step.inputs["suite"] == "quick" and "rows" not in self.about
        self.stride = self._stride(examples) if thinned else 1
        self.rows: list[dict[str, Any]] = rows[:: self.stride]
        self.examples: list[Any] = examples[:: self.stride]
        tree = self.about.get("baselines")
        self.baselines: dict[str, Any] = json.loads(step.store.read(tree, "baselines.json")) if tree else {}

    def _read(self, step: Step) -> list[dict[str, Any]]:
        split = self.about["split"]
        data = step.parent(self.about["tree"], f"data-{self.id}", only=(f"{split}.jsonl",))
        lines = (data / f"{split}.jsonl").read_bytes().splitlines()[: self.about.get("rows")]
        further = {"asked": self.about["asked"]} if "asked" in self.about else {}
        return [json.loads(line) | further for line in lines]

    def _stride(self, examples: list[Any]) -> int:
        """Evenly spaced rows, so many that the quick suite stays quick; every row if it is short enough.

        A recipe that says itself how many `rows` are enough gets these.
        """
        sample = examples[:: max(1, self.total // 200)]
        lengths = [self.task.length(example) for example in sample]
        tokens = self.total * sum(lengths) / len(lengths)
        return max(1, round(tokens / float(self.scoring.QUICK_TOKENS)))

    def timed_inputs(self) -> list[Any]:
        """A few inputs, evenly spaced, as `predict` takes them."""
        chosen = self.examples[:: max(1, len(self.examples) // TIMED_INPUTS)][:TIMED_INPUTS]
        return [self.task.value(example) for example in chosen]

    def score(self, outcomes: Outcome) -> Quality:
        """Quality as it is recorded."""
        found: dict[str, Any] = self.scoring.score(outcomes, self.examples, self.task)
        metrics = {name: self._metric(name, value) for name, value in found["metrics"].items()}
        details = packed_details(found["details"], [_texts(self.task.value(example)) for example in self.examples])
        about = {name: self.about[name] for name in ("kind", "data", "split", "rows") if name in self.about}
        about |= {"examples_total": self.total, "metrics": metrics, "details": details}
        return Quality.model_validate(about | {"slices": self._slices(), "baselines": self._baselines()})

    def _baselines(self) -> dict[str, Baseline]:
        """What each baseline answers to the rows that are measured."""
        if "baselines" not in self.about:
            return {}
        texts = [_texts(self.task.value(example)) for example in self.examples]
        names = [self.task.spec.labels[i] for i in self.task.targets(self.examples)]
        return baselines_of(self.baselines, texts, names, slice(None, None, self.stride))

    def _slices(self) -> dict[str, Membership]:
        return {column: packed([row[column] for row in self.rows]) for column in self.about.get("slices", ())}

    def compare(self, mine: Outcome, theirs: Outcome, reference: Task) -> Versus:
        """The paired comparison with the reference as it is recorded."""
        found: dict[str, Any] = self.scoring.compare(mine, theirs, self.examples, self.task, reference)
        unit = {name: about.unit for name, about in self.scoring.METRICS.items()}
        delta = {name: Difference.of(value, unit[name], p) for name, (value, p) in found["delta"].items()}
        divergence = {name: self._metric(name, value) for name, value in found["divergence"].items()}
        return Versus(delta=delta, divergence=divergence, lost=found.get("lost"), won=found.get("won"))

    def _metric(self, name: str, value: Any) -> Metric:
        """An estimate with its interval; or a value alone, of the examples or of `n` of what the metric counts."""
        info: MetricInfo = self.scoring.METRICS[name]
        if hasattr(value, "low"):
            return Metric.of(value, info)
        told, n = (value["value"], value["n"]) if isinstance(value, dict) else (value, len(self.examples))
        return Metric(value=rounded(told, info.unit), n=n, **info._asdict())


def _texts(value: Any) -> list[str]:
    return [str(part) for part in value] if isinstance(value, list | tuple) else [str(value)]


def task_of(kind: str, folder: Path, project: Path) -> Task:
    """The task `kind` as the artifact in `folder` answers it."""
    spec = read_manifest(folder).task
    assert spec is not None  # what is measured was built, so it answers a task
    return bind(kind, spec, folder, project)


def outcomes_of(step: Step, folder: Path, evals: dict[str, Eval], reference: Path | None) -> dict[str, Outcome]:
    """Outcomes of each eval from one process with all cores, kept beside the result.

    What an interrupted run of the same action answered is not asked again.

    reference: an artifact that answers the same examples beside it, for tasks that compare whole responses.
    """
    found: dict[str, Outcome] = {}
    for id, eval_ in evals.items():
        batches = Batches(step.scratch / f"outcomes-{id}")
        outcomes = asking.answered(step, eval_, batches, folder, reference if eval_.scoring.STREAMED else None)
        if hint := eval_.scoring.suspicion(outcomes, eval_.examples, eval_.task):
            batches.drop()  # whoever runs it again wants to see whether it has gone
            raise ZooError(f"{step.run['name']} on {id}: {hint}")
        write_arrays(step.out / f"outcomes-{id}.npz", outcomes)
        found[id] = outcomes
    return found


def versus(step: Step, evals: dict[str, Eval], mine: dict[str, Outcome], reference: Path) -> dict[str, Versus]:
    """The paired comparison with what the reference answered when it was measured, by eval."""
    found = {}
    for id, eval_ in evals.items():
        theirs = read_arrays(step.store.read(step.run["reference_measured"], f"outcomes-{id}.npz"))
        compared = eval_.compare(mine[id], theirs, task_of(eval_.kind, reference, step.project))
        found[id] = compared.model_copy(update={"answers": _answers(step, id) if eval_.about.get("slices") else None})
    return found


def _answers(step: Step, id: str) -> Answers | None:
    """What the reference answered to each example, where it was recorded."""
    told = json.loads(step.store.read(step.run["reference_measured"], "result.json"))
    quality = Quality.model_validate(told["quality"][id])
    return quality.classes.answers if quality.classes else None
