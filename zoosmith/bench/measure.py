"""The measuring step: one suite for one artifact on this host, against the family's reference."""

from __future__ import annotations

import datetime
import json
import os
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from zoosmith import plugins
from zoosmith.bench import speed
from zoosmith.bench.host import this_host
from zoosmith.bench.process import opened
from zoosmith.contract import TaskSpec, ZooError
from zoosmith.core.answers import packed_answers
from zoosmith.core.canonical import pretty
from zoosmith.core.records import Latency, Measurement
from zoosmith.engine.worker import Step
from zoosmith.predictor import read_manifest
from zoosmith.tasks import BoundTask, Example

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

PLANS = {"quick": speed.Plan(starts=3, pairs=4, block_s=0.25), "full": speed.Plan(starts=5, pairs=6, block_s=0.5)}
QUICK_TOKENS = 48_000  # about 15 s of a 22 M parameter encoder in FP32 on two cores
TIMED_INPUTS = 64


def run(step: Step) -> None:
    """Measure and write result.json and the logits of each eval. Raises ZooError for impossible figures."""
    folder = step.parent(step.inputs["artifact"], "artifact")
    is_reference = step.inputs["artifact"] == step.inputs["reference"]
    reference = None if is_reference else step.parent(step.inputs["reference"], "reference")
    evals = {id: _Eval(step, id, folder) for id in step.run["evals"]}
    answers = _answers(step, folder, evals)
    quality = {id: evals[id].score(answers[id]) for id in evals}
    timed = next(iter(evals.values())).timed_inputs()
    threads = step.inputs["threads"]
    arguments = {
        "project": str(step.project),
        "needs": {str(path): step.needs(path) for path in (folder, reference) if path},
        "threads": threads,
        "cpus": speed.measuring_cpus(threads),
        "inputs": timed,
    }
    timings = speed.compare(folder, reference, arguments, PLANS[step.inputs["suite"]], step.progress)
    measurement = Measurement.model_validate(
        {
            "name": step.run["name"],
            "suite": step.inputs["suite"],
            "suite_version": step.inputs["version"],
            "tree_digest": step.inputs["artifact"],
            "reference": step.run["reference"],
            "reference_digest": step.inputs["reference"],
            "measured": datetime.datetime.now(datetime.UTC).date().isoformat(),
            "host": this_host().model_dump(),
            "threads": threads,
            "load_average": round(os.getloadavg()[0], 2),
            "packages": step.inputs["packages"],
            "quality": quality,
            "vs_reference": _versus(step, evals, answers, reference) if reference else None,
            "latency_ms": latency(timings.artifact),
            "reference_latency_ms": latency(timings.reference) if timings.reference else None,
            "speedup": _bounded(timings.speedup) if timings.log_ratios else None,
            "memory_mb": timings.memory,
            "size_own": step.run["size_own"],
            "size_total": step.run["size_total"],
            "reference_size_total": step.run["reference_size_total"],
        }
    )
    text = pretty(measurement.model_dump(mode="json", by_alias=True))
    (step.out / "result.json").write_text(text, encoding="utf-8")


def latency(milliseconds: list[float]) -> Latency:
    """Percentiles of calls, rounded to the microsecond."""
    p50, p95, p99 = (round(speed.percentile(milliseconds, share), 3) for share in (0.5, 0.95, 0.99))
    return Latency(p50=p50, p95=p95, p99=p99, n=len(milliseconds))


def _bounded(estimate: Any) -> dict[str, Any]:
    values = {name: round(getattr(estimate, name), 6) for name in ("value", "low", "high")}
    return values | {"n": estimate.n}


class _Eval:
    """One eval of the recipe: its rows as examples in the artifact's label order."""

    def __init__(self, step: Step, id: str, folder: Path) -> None:
        self.id = id
        self.about = step.run["evals"][id]
        manifest = read_manifest(folder)
        assert manifest.task is not None
        self.module: ModuleType = plugins.load("tasks", self.about["kind"], step.project)
        spec: TaskSpec = manifest.task
        self.task = BoundTask(self.module, spec, folder)
        split = self.about["split"]
        data = step.parent(self.about["tree"], f"data-{id}", only=(f"{split}.jsonl",))
        lines = (data / f"{split}.jsonl").read_bytes().splitlines()
        examples = [self.task.example(json.loads(line)) for line in lines]
        if not examples:
            raise ZooError(f"the split {split!r} of {self.about['data']} is empty: there is nothing to measure")
        self.total = len(examples)
        stride = self._stride(examples) if step.inputs["suite"] == "quick" else 1
        self.examples: list[Example] = examples[::stride]

    def _stride(self, examples: list[Example]) -> int:
        """Evenly spaced rows, so many that the quick suite stays quick; every row where it is short enough."""
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
        """Quality as in `zoosmith.core.records`."""
        labels, targets = self.task.spec.labels, self.task.targets(self.examples)
        scores: dict[str, Any] = self.module.score(logits, targets, labels)
        scores["metrics"] = {name: _bounded(value) for name, value in scores["metrics"].items()}
        about: dict[str, Any] = {"kind": self.about["kind"], "data": self.about["data"], "split": self.about["split"]}
        if "confusion" in scores:  # the task answers with one class an example
            texts = [example.texts for example in self.examples]
            about["answers"] = packed_answers(texts, targets.tolist(), logits.argmax(axis=1).tolist(), labels)
        return about | {"examples_total": self.total} | scores


def _answers(step: Step, folder: Path, evals: dict[str, _Eval]) -> dict[str, NDArray[np.float32]]:
    """Logits (examples, classes) of each eval from one process with all cores; kept beside the result."""
    import numpy as np

    cpus = sorted(os.sched_getaffinity(0))
    found = {}
    with opened(step.run["name"]) as [child]:
        needs = {str(folder): step.needs(folder)}
        arguments = {"project": str(step.project), "threads": len(cpus), "cpus": cpus, "inputs": [], "needs": needs}
        child.ask("open", folder=str(folder), **arguments)
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


def _check_answers(logits: NDArray[np.float32], eval_: _Eval, name: str) -> None:
    """Raise ZooError for answers that no sound artifact gives."""
    import numpy as np

    bad = int((~np.isfinite(logits).all(axis=1)).sum())
    if bad:
        raise ZooError(f"{name} gives NaN or infinite logits for {bad} of {len(logits)} examples of {eval_.id}")
    hint = eval_.module.suspicion(logits, eval_.task.targets(eval_.examples), eval_.task.spec.labels)
    if hint:
        raise ZooError(f"{name} on {eval_.id}: {hint}")


def _versus(
    step: Step, evals: dict[str, _Eval], answers: dict[str, NDArray[np.float32]], reference: Path
) -> dict[str, Any]:
    """The paired comparison with the reference's answers, pooled over evals."""
    import io

    import numpy as np

    about = read_manifest(reference).task
    assert about is not None
    delta: dict[str, Any] = {}
    agreed = total = lost = won = 0
    gap = 0.0
    for id, eval_ in evals.items():
        raw = step.store.read(step.run["reference_measured"], f"logits-{id}.npy")
        theirs = np.load(io.BytesIO(raw), allow_pickle=False)
        theirs = theirs[:, _columns(about.labels, eval_.task.spec.labels)]
        pair = eval_.module.compare(answers[id], theirs, eval_.task.targets(eval_.examples))
        agreed += round(pair["agreement"] * len(theirs))
        total += len(theirs)
        lost, won = lost + pair["discordant"]["lost"], won + pair["discordant"]["won"]
        gap = max(gap, pair["max_abs_logit_diff"])
        for metric, (estimate, p) in pair["delta"].items():
            bounds = {name: round(getattr(estimate, name), 6) for name in ("value", "low", "high")}
            delta[f"{id}.{metric}"] = bounds | {"p": p if p is None else round(p, 6)}
    return {
        "agreement": round(agreed / total, 6),
        "max_abs_logit_diff": round(gap, 6),
        "lost": lost,
        "won": won,
        "delta": delta,
    }


def _columns(theirs: tuple[str, ...], mine: tuple[str, ...]) -> list[int]:
    lower = [name.casefold() for name in theirs]
    return [lower.index(name.casefold()) for name in mine]
