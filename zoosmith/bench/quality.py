"""Quality of an artifact on each eval of its recipe, alone and against the reference's answers."""

from __future__ import annotations

import json
import os
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from zoosmith import plugins
from zoosmith.bench.process import opened
from zoosmith.contract.errors import ZooError
from zoosmith.contract.manifest import TaskSpec
from zoosmith.execution.worker import Step
from zoosmith.predictor import read_manifest
from zoosmith.records.answers import packed_answers
from zoosmith.tasks import BoundTask, Example

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

QUICK_TOKENS = 48_000  # about 15 s of a 22 M parameter encoder in FP32 on two cores
TIMED_INPUTS = 64


def bounded(estimate: Any) -> dict[str, Any]:
    """An estimate as `zoosmith.records.schema.Bounded`, to six digits."""
    values = {name: round(getattr(estimate, name), 6) for name in ("value", "low", "high")}
    return values | {"n": estimate.n}


class Eval:
    """One eval of the recipe: its rows as examples in the artifact's label order."""

    def __init__(self, step: Step, id: str, folder: Path) -> None:
        """Read the rows that the step's suite measures, for the artifact in `folder`."""
        self.id = id
        self.about = step.run["evals"][id]
        manifest = read_manifest(folder)
        assert manifest.task is not None
        self.module: ModuleType = plugins.load("tasks", self.about["kind"], step.project)
        spec: TaskSpec = manifest.task
        self.task = BoundTask(self.module, spec, folder)
        split = self.about["split"]
        data = step.parent(self.about["tree"], f"data-{id}", only=(f"{split}.jsonl",))
        lines = (data / f"{split}.jsonl").read_bytes().splitlines()[: self.about.get("rows")]
        examples = [self.task.example(json.loads(line)) for line in lines]
        if not examples:
            raise ZooError(f"the split {split!r} of {self.about['data']} is empty: there is nothing to measure")
        self.total = len(examples)
        thinned = step.inputs["suite"] == "quick" and "rows" not in self.about
        stride = self._stride(examples) if thinned else 1
        self.examples: list[Example] = examples[::stride]

    def _stride(self, examples: list[Example]) -> int:
        """Evenly spaced rows, so many that the quick suite stays quick; every row where it is short enough.

        A recipe that says itself how many `rows` are enough gets these.
        """
        sample = examples[:: max(1, self.total // 200)]
        lengths = [int(self.task.encode([example])["input_ids"].shape[1]) for example in sample]
        tokens = self.total * sum(lengths) / len(lengths)
        return max(1, round(tokens / QUICK_TOKENS))

    def texts(self) -> list[list[str]]:
        """Inputs for the measured process."""
        return [list(example.texts) for example in self.examples]

    def timed_inputs(self) -> list[Any]:
        """A few inputs, evenly spaced, as `predict` takes them."""
        chosen = self.examples[:: max(1, len(self.examples) // TIMED_INPUTS)][:TIMED_INPUTS]
        return [list(e.texts) if len(e.texts) > 1 else e.texts[0] for e in chosen]

    def score(self, logits: NDArray[np.float32]) -> dict[str, Any]:
        """Quality as in `zoosmith.records.schema`."""
        labels, targets = self.task.spec.labels, self.task.targets(self.examples)
        scores: dict[str, Any] = self.module.score(logits, targets, labels)
        scores["metrics"] = {name: bounded(value) for name, value in scores["metrics"].items()}
        about = {name: self.about[name] for name in ("kind", "data", "split", "rows") if name in self.about}
        if "confusion" in scores:  # the task answers with one class an example
            texts = [example.texts for example in self.examples]
            about["answers"] = packed_answers(texts, targets.tolist(), logits.argmax(axis=1).tolist(), labels)
        return about | {"examples_total": self.total} | scores


def answers_of(step: Step, folder: Path, evals: dict[str, Eval]) -> dict[str, NDArray[np.float32]]:
    """Logits (examples, classes) of each eval from one process with all cores; kept beside the result."""
    import numpy as np

    cpus = sorted(os.sched_getaffinity(0))
    found = {}
    with opened(step.run["name"]) as [child]:
        needs = {str(folder): step.needs(folder)}
        arguments = {"project": str(step.project), "threads": len(cpus), "cpus": cpus, "inputs": [], "needs": needs}
        child.ask("open", folder=str(folder), device=step.inputs["device"], **arguments)
        for id, eval_ in evals.items():
            texts, rows = eval_.texts(), []
            for start in range(0, len(texts), 32):
                rows += child.ask("logits", inputs=texts[start : start + 32])["logits"]
                step.progress(len(rows), len(texts), f"quality on {id}")
            logits = np.array(rows, dtype=np.float32)
            _check_answers(logits, eval_, step.run["name"])
            np.save(step.out / f"logits-{id}.npy", logits, allow_pickle=False)
            found[id] = logits
    return found


def _check_answers(logits: NDArray[np.float32], eval_: Eval, name: str) -> None:
    """Raise ZooError for answers that no sound artifact gives."""
    import numpy as np

    bad = int((~np.isfinite(logits).all(axis=1)).sum())
    if bad:
        raise ZooError(f"{name} gives NaN or infinite logits for {bad} of {len(logits)} examples of {eval_.id}")
    hint = eval_.module.suspicion(logits, eval_.task.targets(eval_.examples), eval_.task.spec.labels)
    if hint:
        raise ZooError(f"{name} on {eval_.id}: {hint}")


def reference_answers(step: Step, evals: dict[str, Eval], reference: Path) -> dict[str, NDArray[np.float32]]:
    """What the reference answered when it was measured, columns in the artifact's label order."""
    import io

    import numpy as np

    about = read_manifest(reference).task
    assert about is not None
    found = {}
    for id, eval_ in evals.items():
        raw = step.store.read(step.run["reference_measured"], f"logits-{id}.npy")
        logits = np.load(io.BytesIO(raw), allow_pickle=False)
        found[id] = logits[:, _columns(about.labels, eval_.task.spec.labels)]
    return found


def versus(
    evals: dict[str, Eval], mine: dict[str, NDArray[np.float32]], theirs: dict[str, NDArray[np.float32]]
) -> dict[str, Any]:
    """The paired comparison of logits (examples, classes) with the reference's, pooled over evals."""
    delta: dict[str, Any] = {}
    agreed = total = lost = won = 0
    gap = 0.0
    for id, eval_ in evals.items():
        pair = eval_.module.compare(mine[id], theirs[id], eval_.task.targets(eval_.examples))
        agreed += round(pair["agreement"] * len(mine[id]))
        total += len(mine[id])
        lost, won = lost + pair["discordant"]["lost"], won + pair["discordant"]["won"]
        gap = max(gap, pair["max_abs_logit_diff"])
        for metric, (estimate, p) in pair["delta"].items():
            bounds = {name: round(getattr(estimate, name), 6) for name in ("value", "low", "high")}
            delta[f"{id}.{metric}"] = bounds | {"p": p if p is None else round(p, 6)}
    share = round(agreed / total, 6)
    return {"agreement": share, "max_abs_logit_diff": round(gap, 6), "lost": lost, "won": won, "delta": delta}


def _columns(theirs: tuple[str, ...], mine: tuple[str, ...]) -> list[int]:
    lower = [name.casefold() for name in theirs]
    return [lower.index(name.casefold()) for name in mine]
