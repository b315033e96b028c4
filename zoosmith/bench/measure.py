"""The measuring step: one suite for one artifact on this host, against the family's reference."""

from __future__ import annotations

import datetime
import json
import os
from pathlib import Path
from types import ModuleType
from typing import Any

from zoosmith import plugins
from zoosmith.bench import apart, generation, profile, quality, residency, speed
from zoosmith.bench.fitting import fit
from zoosmith.bench.host import saturation, this_host
from zoosmith.bench.process import opened
from zoosmith.bench.steadiness import AGAIN, steadily
from zoosmith.common.canonical import pretty
from zoosmith.execution.resources import memory_mb
from zoosmith.execution.worker import Step
from zoosmith.predictor import read_manifest
from zoosmith.records.schema import Measurement
from zoosmith.records.timing import Steadiness

QUICK = speed.Plan(starts=4, turns=2, block_s=0.25)
FULL = speed.Plan(starts=8, turns=6, block_s=0.3)
PROFILE_S = 2.0  # for each length, batch and number of callers


def run(step: Step) -> None:
    """Measure and write result.json and the outcomes of each eval. Raises ZooError for impossible figures."""
    folder = step.parent(step.inputs["artifact"], "artifact")
    is_reference = step.inputs["artifact"] == step.inputs["reference"]
    reference = None if is_reference else step.parent(step.inputs["reference"], "reference")
    warnings = [text for text in (saturation(read_manifest(folder).target, this_host().isa), _one_by_one(step)) if text]
    for text in warnings:
        step.say(text)
    evals = {id: quality.Eval(step, id, folder) for id in step.run["evals"]}
    outcomes = quality.outcomes_of(step, folder, evals, reference)
    versus = quality.versus(step, evals, outcomes, reference) if reference else None
    arguments = opening(step, [path for path in (folder, reference) if path], next(iter(evals.values())))
    if arguments["device"] != "cpu":
        _check_device(step, folder, arguments)
    timings, steadiness = _timed(step, folder, reference, arguments)
    found = {
        "quality": {id: evals[id].score(outcomes[id]) for id in evals},
        "versus": versus,
        "latency_ms": speed.latency(timings.ms[speed.ARTIFACT]),
        "reference_latency_ms": speed.latency(timings.ms[speed.REFERENCE]) if reference else None,
        "speedup": speed.bounded(timings.ratio(speed.REFERENCE)) if reference else None,
        "steadiness": steadiness,
        "memory_mb": timings.memory,
        "vram_mb": timings.vram,
        "warnings": warnings,
    } | _looked_into(step, folder, arguments)
    measurement = Measurement.model_validate(_about(step) | found)
    text = pretty(measurement.model_dump(mode="json", by_alias=True))
    (step.out / "result.json").write_text(text, encoding="utf-8")


def opening(step: Step, folders: list[Path], eval_: quality.Eval) -> dict[str, Any]:
    """How every timed process opens one of `folders`: see `Child.open`."""
    threads = step.inputs["threads"]
    return {
        "project": str(step.project),
        "needs": {str(path): step.needs(path) for path in folders},
        "threads": threads,
        "cpus": speed.measuring_cpus(threads),
        "device": step.inputs["device"],
        "inputs": eval_.timed_inputs(),
    }


def _timed(
    step: Step, folder: Path, reference: Path | None, arguments: dict[str, Any]
) -> tuple[speed.Timings, Steadiness | None]:
    """Artifact and reference in turns; suite full adds the artifact against itself, and waits for a steady host."""
    sides = {speed.ARTIFACT: folder} | ({speed.REFERENCE: reference} if reference else {})
    compare = apart.compare if _one_by_one(step) else speed.compare
    if step.inputs["suite"] == "quick":
        return compare(sides, arguments, QUICK, step.progress), None
    sides[AGAIN] = folder
    return steadily(lambda: compare(sides, arguments, FULL, step.progress), step.say, step.progress)


def _one_by_one(step: Step) -> str:
    """Why the sides are not open at once, for the reader of the figures; empty where they are."""
    full = step.inputs["suite"] == "full"
    sizes = [step.run["size_total"]] * (2 if full else 1) + [step.run["reference_size_total"]]
    memory = memory_mb()
    if step.inputs["artifact"] == step.inputs["reference"] or fit(sizes, memory):
        return ""
    return (
        f"Artifact and reference do not fit into {memory:,} MiB of memory together: for each block of the speed runs "
        "one of them was opened alone, so the ratio holds more luck of single processes."
    )


def _scoring(step: Step, folder: Path) -> ModuleType:
    """What judges the artifact's own task, and says what one timed call answers."""
    task = read_manifest(folder).task
    assert task is not None
    return plugins.load_part("tasks", task.kind, "scoring", step.project)


def _looked_into(step: Step, folder: Path, arguments: dict[str, Any]) -> dict[str, Any]:
    """What one timed call answers, and what is measured of the artifact alone: of one that writes, its writing."""
    scoring, full = _scoring(step, folder), step.inputs["suite"] == "full"
    latency_of = str(scoring.LATENCY_OF)
    found: dict[str, Any] = {"latency_of": latency_of, "generation": None, "profile": None}
    if latency_of == "token":
        found["generation"] = generation.measure(folder, arguments, step.progress, full, step.say)
        found["profile"] = profile.measure_generator(folder, arguments, step.progress) if full else None
    elif full:
        whole = profile.measure if scoring.CAPABILITY == "classify" else profile.measure_asked
        found["profile"] = whole(folder, arguments, step.progress, PROFILE_S)
    return found


def _check_device(step: Step, folder: Path, arguments: dict[str, Any]) -> None:
    """Raise ZooError where the device that is asked for does not do the work."""
    file = step.scratch / "trace.json"
    with opened(speed.ARTIFACT) as [child]:
        child.ask("open", folder=str(folder), **arguments)
        child.ask("trace", file=str(file))
        memory = child.ask("memory")
    found = residency.residency(json.loads(file.read_bytes()))
    residency.check(arguments["device"], found, memory["vram_before"], memory["vram"])


def _about(step: Step) -> dict[str, Any]:
    """What was measured where, with what."""
    same = ("name", "reference", "size_own", "size_total", "reference_size_total")
    return {name: step.run[name] for name in same} | {
        "suite": step.inputs["suite"],
        "suite_version": step.inputs["version"],
        "tree_digest": step.inputs["artifact"],
        "reference_digest": step.inputs["reference"],
        "measured": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "host": this_host().model_dump(),
        "threads": step.inputs["threads"],
        "device": step.inputs["device"],
        "load_average": round(os.getloadavg()[0], 2),
        "packages": step.inputs["packages"],
    }
