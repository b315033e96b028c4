"""Quality of an artifact on each eval of its recipe, alone and against the reference's answers."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from zoosmith import plugins
from zoosmith.bench.process import Opened, opened
from zoosmith.contract.errors import ZooError
from zoosmith.execution.arrays import joined, read_arrays, write_arrays
from zoosmith.execution.worker import Step
from zoosmith.predictor import bind, read_manifest
from zoosmith.records.answers import packed_details

if TYPE_CHECKING:
    from zoosmith.contract.session import Outcome
    from zoosmith.contract.task import Task

TIMED_INPUTS = 64
BATCH = 32  # rows that a process is asked about at once


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
        stride = self._stride(examples) if thinned else 1
        self.rows: list[dict[str, Any]] = rows[::stride]
        self.examples: list[Any] = examples[::stride]

    def _read(self, step: Step) -> list[dict[str, Any]]:
        split = self.about["split"]
        data = step.parent(self.about["tree"], f"data-{self.id}", only=(f"{split}.jsonl",))
        lines = (data / f"{split}.jsonl").read_bytes().splitlines()[: self.about.get("rows")]
        return [json.loads(line) for line in lines]

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

    def score(self, outcomes: Outcome) -> dict[str, Any]:
        """Quality as in `zoosmith.records.schema`."""
        found: dict[str, Any] = self.scoring.score(outcomes, self.examples, self.task)
        metrics = {name: self.metric(name, _told(value)) for name, value in found["metrics"].items()}
        about = {name: self.about[name] for name in ("kind", "data", "split", "rows") if name in self.about}
        return about | {"examples_total": self.total, "metrics": metrics, "details": self._details(found)}

    def _details(self, found: dict[str, Any]) -> dict[str, Any] | None:
        values = [self.task.value(example) for example in self.examples]
        texts = [[value] if isinstance(value, str) else [str(part) for part in value] for value in values]
        return packed_details(found.get("details"), texts)

    def compare(self, mine: Outcome, theirs: Outcome, reference: Task) -> dict[str, Any]:
        """The paired comparison with the reference, as in `zoosmith.records.schema`."""
        found: dict[str, Any] = self.scoring.compare(mine, theirs, self.examples, self.task, reference)
        about = self.scoring.METRICS
        delta = {name: difference(one, p, about[name].unit) for name, (one, p) in found["delta"].items()}
        divergence = {name: self.metric(name, _told(value)) for name, value in found["divergence"].items()}
        return {"delta": delta, "divergence": divergence, "lost": found.get("lost"), "won": found.get("won")}

    def metric(self, name: str, value: Any) -> dict[str, Any]:
        """A figure, an estimate with its interval or a value alone, as `zoosmith.records.schema.Metric`."""
        about = self.scoring.METRICS[name]
        told = value if isinstance(value, dict) else {"value": value, "n": len(self.examples)}
        told = {part: rounded(told[part], about.unit) for part in told if part != "n"} | {"n": told["n"]}
        return told | {name: said for name, said in about._asdict().items() if said is not None}


def task_of(kind: str, folder: Path, project: Path) -> Task:
    """The task `kind` as the artifact in `folder` answers it."""
    spec = read_manifest(folder).task
    assert spec is not None  # what is measured was built, so it answers a task
    return bind(kind, spec, folder, project)


def _told(value: Any) -> Any:
    return bounded(value) if hasattr(value, "low") else value


def bounded(estimate: Any) -> dict[str, Any]:
    """An estimate with its interval."""
    return {name: getattr(estimate, name) for name in ("value", "low", "high", "n")}


def rounded(value: float, unit: str) -> float:
    """Six decimals of a share; six significant digits of anything else, which may be as small as a divergence."""
    return round(value, 6) if unit == "share" else float(f"{value:.6g}")


def difference(estimate: Any, p: float | None, unit: str) -> dict[str, Any]:
    """A paired difference as `zoosmith.records.schema.Difference`."""
    ends = {name: rounded(getattr(estimate, name), unit) for name in ("value", "low", "high")}
    return ends | {"n": estimate.n, "p": p if p is None else round(p, 6)}


def outcomes_of(step: Step, folder: Path, evals: dict[str, Eval], reference: Path | None) -> dict[str, Outcome]:
    """Outcomes of each eval from one process with all cores, kept beside the result.

    reference: an artifact that answers the same examples beside it, for tasks that compare whole responses.
    """
    found: dict[str, Outcome] = {}
    for id, eval_ in evals.items():
        beside = reference if eval_.scoring.STREAMED else None
        with ExitStack() as stack:
            child, other = (stack.enter_context(_asked(step, path)) if path else None for path in (folder, beside))
            assert child is not None
            outcomes = joined(_outcomes(step, eval_, child, other))
        if hint := eval_.scoring.suspicion(outcomes, eval_.examples, eval_.task):
            raise ZooError(f"{step.run['name']} on {id}: {hint}")
        write_arrays(step.out / f"outcomes-{id}.npz", outcomes)
        found[id] = outcomes
    return found


@contextmanager
def _asked(step: Step, folder: Path) -> Iterator[Opened]:
    """An artifact opened with all cores, in a process of its own, until the end of the block."""
    cpus, needs = sorted(os.sched_getaffinity(0)), {str(folder): step.needs(folder)}
    arguments = {"project": str(step.project), "threads": len(cpus), "cpus": cpus, "inputs": [], "needs": needs}
    with opened(step.run["name"]) as [child]:
        child.ask("open", folder=str(folder), device=step.inputs["device"], **arguments)
        yield child


def _outcomes(step: Step, eval_: Eval, child: Opened, reference: Opened | None) -> Iterator[Outcome]:
    """Outcomes of some rows at a time; with a reference row by row, as its responses may be as wide as a vocabulary."""
    out, like = step.scratch / "outcomes.npz", step.scratch / "response.npz"
    batch = BATCH if reference is None else 1
    for start in range(0, len(eval_.rows), batch):
        rows = eval_.rows[start : start + batch]
        if reference is not None:
            reference.ask("respond", kind=eval_.kind, row=rows[0], out=str(like))
        child.ask("outcomes", kind=eval_.kind, rows=rows, out=str(out), like=str(like) if reference else None)
        yield read_arrays(out)
        step.progress(min(start + batch, len(eval_.rows)), len(eval_.rows), f"quality on {eval_.id}")
    out.unlink(missing_ok=True)
    like.unlink(missing_ok=True)


def versus(step: Step, evals: dict[str, Eval], mine: dict[str, Outcome], reference: Path) -> dict[str, Any]:
    """The paired comparison with what the reference answered when it was measured, by eval."""
    found = {}
    for id, eval_ in evals.items():
        theirs = read_arrays(step.store.read(step.run["reference_measured"], f"outcomes-{id}.npz"))
        found[id] = eval_.compare(mine[id], theirs, task_of(eval_.kind, reference, step.project))
    return found
