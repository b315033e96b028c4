"""The measuring step: one suite for one artifact on this host, against the family's reference."""

from __future__ import annotations

import datetime
import os

from zoosmith.bench import quality, speed
from zoosmith.bench.host import this_host
from zoosmith.core.canonical import pretty
from zoosmith.core.records import Latency, Measurement
from zoosmith.engine.worker import Step

PLANS = {"quick": speed.Plan(starts=3, pairs=4, block_s=0.25), "full": speed.Plan(starts=5, pairs=6, block_s=0.5)}


def run(step: Step) -> None:
    """Measure and write result.json and the logits of each eval. Raises ZooError for impossible figures."""
    folder = step.parent(step.inputs["artifact"], "artifact")
    is_reference = step.inputs["artifact"] == step.inputs["reference"]
    reference = None if is_reference else step.parent(step.inputs["reference"], "reference")
    evals = {id: quality.Eval(step, id, folder) for id in step.run["evals"]}
    answers = quality.answers_of(step, folder, evals)
    versus = quality.versus(evals, answers, quality.reference_answers(step, evals, reference)) if reference else None
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
            "quality": {id: evals[id].score(answers[id]) for id in evals},
            "vs_reference": versus,
            "latency_ms": latency(timings.artifact),
            "reference_latency_ms": latency(timings.reference) if timings.reference else None,
            "speedup": quality.bounded(timings.speedup) if timings.log_ratios else None,
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
